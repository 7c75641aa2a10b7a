#ifndef SB_CONSUMER_NOTIFIER_SOURCE_H
#define SB_CONSUMER_NOTIFIER_SOURCE_H

/*
 * This process as a member of the notifiers' group: its records of
 * sharing.notifications and sharing.handoffs. Both have as many partitions, and the
 * group assigns by ranges, so a member has the partitions of the same numbers of both.
 * The loop's thread. source_poll() keeps the membership: a member that does not poll for
 * 90 s is put out of the group.
 */

#include "consumer/message.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/deployment.h"
#include "schemas/topics.h"

struct source;

/* Who is told when partitions change hands. Called from source_poll() and source_close(). */
struct source_owner {
	void *context;
	/* These numbers are ours now. Nothing is fetched until source_pause() says so. */
	void (*given)(void *context, const int *partitions, size_t count);
	/* We are about to lose all; lost: somebody else may have them already. */
	void (*taken)(void *context, bool lost);
};

/*
 * Settings from config: "brokers", and "consumer-group", after which the group's name
 * has ".notifier". Does not join the group. ERROR_USAGE names a setting that is wrong.
 */
MUST_USE int source_open(struct source **out, const struct config *config,
			 const struct source_owner *owner, const struct waker *waker,
			 struct error *err);

/* The group's name; borrowed from the source. */
const char *source_group(const struct source *s);

/* Leaves the group, which blocks. Sets *s to NULL; accepts NULL. */
void source_close(struct source **s);

/* The cluster's id and the number of partitions. Blocks; errors: see bus_deployment(). */
MUST_USE int source_deployment(struct source *s, struct deployment *out, struct error *err);

/* Joins the group. ERROR_UNAVAILABLE. */
MUST_USE int source_join(struct source *s, struct error *err);

enum sourced {
	SOURCED_NOTHING = 0,
	SOURCED_TROUBLE, /* something was wrong, and is logged; there may be more */
	SOURCED_RECORD,  /* *topic and *out are set, and *out is the caller's: message_done() */
	SOURCED_END, /* *topic, and of *out the partition and the offset where its log ends now */
};

/* The next record, if one has arrived; does not wait. */
enum sourced source_poll(struct source *s, enum topic *topic, struct message *out);

/* Pauses or resumes fetching all partitions. */
void source_pause(struct source *s, bool pause);

/*
 * Commits that everything before the offset is settled; does not wait, and what fails
 * is made up for by the next one. source_commit_all() waits for all of them.
 */
void source_commit(struct source *s, enum topic topic, int partition, int64_t offset);
void source_commit_all(struct source *s);

#endif
