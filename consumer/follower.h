#ifndef SB_CONSUMER_FOLLOWER_H
#define SB_CONSUMER_FOLLOWER_H

/*
 * Follows sharing.directory: reads all of it into the view before the first
 * decision, then keeps it up to date; and, while this process owns the
 * topic's partition, projects the view into Redis for readers.
 */

#include "cache/index.h"
#include "consumer/directory.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/codec.h"

struct follower;

/* Opens the topic. Settings from config: "brokers". The waker is woken when records arrive. */
MUST_USE int follower_open(struct follower **out, const struct config *config, struct codec *codec,
			   struct index *index, const struct waker *waker, struct error *err);
void follower_close(struct follower **f);

/*
 * Takes what has arrived, waiting up to wait_ms for the first record.
 * ERROR_UNAVAILABLE when the brokers do not serve the topic.
 */
MUST_USE int follower_poll(struct follower *f, int wait_ms, struct error *err);

/* Did the last follower_poll() end although more may have arrived? */
bool follower_has_more(const struct follower *f);

/* Has the view ever reached the end of the topic? Before that, decide nothing. */
bool follower_is_complete(const struct follower *f);

/* The view has everything before this offset. */
int64_t follower_position(const struct follower *f);

/*
 * Follows until the view has everything before `offset`, or everything there
 * is. 0 either way; ERROR_UNAVAILABLE when the brokers do not say within
 * wait_ms.
 */
MUST_USE int follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err);

/* Where the topic ends now. ERROR_UNAVAILABLE. */
MUST_USE int follower_end(struct follower *f, int64_t *end, struct error *err);

/*
 * Takes the id of one that was deleted, or went, since the view has been
 * complete: a user, a group, an organization with its group of everyone. False
 * when there is none left. It may have been created again since: look.
 */
bool follower_next_gone(struct follower *f, struct uuid *id);

/* Did more go than could be remembered? False again afterwards. */
bool follower_missed_gone(struct follower *f);

const struct directory *follower_directory(const struct follower *f);

/*
 * Begins or ends projecting: this process now owns the directory's partition, or
 * no longer. epoch is the least that its mark may have.
 */
void follower_own(struct follower *f, bool own, int64_t epoch);

/*
 * Brings Redis up to date with the view, if this process owns the partition:
 * at first from scratch unless Redis is as far already, then change by change.
 * ERROR_UNAVAILABLE: try again later; ERROR_REFUSED: a foreign Redis.
 */
MUST_USE int follower_project(struct follower *f, struct error *err);

/*
 * Looks whether what was projected is still there: from time to time, for a
 * Redis that has lost it does not tell. If not, it is projected anew.
 * ERROR_UNAVAILABLE.
 */
MUST_USE int follower_watch(struct follower *f, struct error *err);

#endif
