#ifndef SB_CONSUMER_FOLLOWER_H
#define SB_CONSUMER_FOLLOWER_H

/*
 * Follows sharing.directory: reads all of it into the view before the first
 * decision, then keeps the view up to date. While this process owns the topic's
 * partition, it also projects the view into Redis for readers. The loop's
 * thread.
 */

#include "consumer/projector.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/codec.h"
#include "schemas/signing.h"

struct follower;

/*
 * A batch of the topic that the client cannot unpack may have suspended a user,
 * or emptied a group. So the follower stops there, has a trouble, and marks the
 * directory in Redis as not ready, until the batch is gone from the log or a
 * person has decided to go on without it.
 */

/*
 * Opens the topic; reads nothing yet. Settings from config: "brokers" and
 * "accept-lost-directory", the first offset of the last batch that is passed over
 * if it cannot be unpacked. The waker
 * is woken when records arrive. The arguments must outlive the follower; index may be
 * NULL in a program that never owns the topic's partition.
 * ERROR_USAGE names a setting that is wrong; ERROR_UNAVAILABLE.
 */
MUST_USE int follower_open(struct follower **out, const struct config *config, struct codec *codec,
			   struct index *index, const struct waker *waker, struct error *err);
void follower_close(struct follower **f); /* sets *f to NULL; accepts NULL */

/*
 * Has records that are not signed as they must be passed over, if s requires that. To
 * be called before the first poll; s may be NULL, and must outlive the follower.
 */
void follower_trust(struct follower *f, struct signing *s);

/*
 * Takes a bounded number of the records that have arrived into the view, waiting
 * up to wait_ms for the first one. ERROR_UNAVAILABLE when the brokers do not
 * serve the topic.
 */
MUST_USE int follower_poll(struct follower *f, int wait_ms, struct error *err);

/*
 * Did the last follower_poll() end although more may have arrived, or has the
 * view changed since it was projected?
 */
bool follower_has_more(const struct follower *f);

/* Has the view ever reached the end of the topic? Until then, nothing may be decided. */
bool follower_is_complete(const struct follower *f);

/*
 * Why the topic cannot be followed, so that nothing may be decided; code 0 if it
 * can. Borrowed.
 */
const struct error *follower_trouble(const struct follower *f);

/* The offset before which the view has everything. */
int64_t follower_position(const struct follower *f);

/*
 * Polls until the view has everything before `offset`, or all of the topic if
 * that ends earlier: 0 in both cases. ERROR_UNAVAILABLE when that takes longer
 * than wait_ms.
 */
MUST_USE int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err);

/* Where the topic ends now, for a read_committed reader. Blocks; ERROR_UNAVAILABLE. */
MUST_USE int follower_end(struct follower *f, int64_t *end, struct error *err);

/* What intake_high() is to the commands. */
int64_t follower_high(const struct follower *f);

/*
 * Takes the next id of a user, a group or an organization (with its group of
 * everyone) that was deleted after the view had become complete. False, with *id
 * untouched, when none is left. The entity may have been created again since, so
 * look it up in the view.
 */
bool follower_next_gone(struct follower *f, struct uuid *id);

/* Were more deleted than could be remembered? Asking resets the answer to false. */
bool follower_missed_gone(struct follower *f);

/* The view; borrowed from the follower, and changed by its polls. */
const struct directory *follower_directory(const struct follower *f);

/*
 * Begins projecting, because this process now owns the topic's partition, or
 * ends it. epoch is the lowest that the directory's mark may get.
 */
void follower_own(struct follower *f, bool own, int64_t epoch);

/* Does this process own the topic's partition? */
bool follower_owns(const struct follower *f);

/*
 * Brings Redis up to date with the view if this process owns the partition: at
 * first from scratch, unless Redis is as far already, and then change by change.
 * While there is a trouble, the directory in Redis is marked as not ready instead.
 * ERROR_UNAVAILABLE: try again later.
 */
MUST_USE int follower_project(struct follower *f, struct error *err);

/*
 * Checks that Redis still has the mark of what was projected. If not,
 * follower_project() will project the view anew. Call it from time to time: a
 * Redis that has lost data does not say so. ERROR_UNAVAILABLE.
 */
MUST_USE int follower_watch(struct follower *f, struct error *err);

/*
 * Compares a piece of the view with what Redis holds of it, if it is we who
 * project it: see projector_compare(), which is told the view and the position.
 */
MUST_USE int follower_compare(struct follower *f, bool *more, struct error *err);

/* Takes note that what Redis holds of the directory is damaged: projector_distrust(). */
void follower_distrust(struct follower *f, const struct error *why);

#endif
