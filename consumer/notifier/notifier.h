#ifndef SB_CONSUMER_NOTIFIER_NOTIFIER_H
#define SB_CONSUMER_NOTIFIER_NOTIFIER_H

/*
 * All parts of the notifier. They are opened, wired to each other and closed here, and
 * here they learn that partitions have changed hands. The loop is in loop.c. No part
 * includes this header: each is given what it uses.
 */

#include "consumer/notifier/dispatch.h"
#include "consumer/notifier/report.h"
#include "consumer/notifier/source.h"
#include "ops/support/supervisor.h"
#include "schemas/signing.h"

#include <signal.h>

enum { NOTIFIER_TOPICS = 2, NOTIFIER_SOURCE_SIZE = CLUSTER_ID_SIZE + 48 };

struct notifier {
	const struct config *config;
	const volatile sig_atomic_t *stop; /* set by SIGTERM and SIGINT, whose handler also wakes */
	const struct waker *waker;
	struct supervisor *supervisor;
	struct deployment deployment;
	char source_name[NOTIFIER_SOURCE_SIZE]; /* ce_source of what is told */
	struct endpoints endpoints;
	struct codec *codec;
	struct signing *signing; /* NULL: signatures are not required */
	struct follower *follower;
	struct source *source;
	struct ledger *ledger;
	struct carrier *carrier;
	struct dispatch *dispatch;
	struct report *report;
	struct stages stages;                                  /* how the loop spends its time */
	struct tally tallies[NOTIFIER_TOPICS][PARTITIONS_MAX]; /* of notifications, of handoffs */
	int64_t committed[NOTIFIER_TOPICS][PARTITIONS_MAX];    /* what was committed last; -1 */
	int owned[PARTITIONS_MAX]; /* the numbers of the partitions that are ours */
	size_t owned_count;
	bool given;        /* the group has said what is ours, and has not taken it back */
	bool following;    /* the ledger has been told what is ours */
	bool has_more;     /* the last fetch stopped at its bound */
	int64_t commit_ms; /* when offsets were committed last; monotonic */
	int64_t started_ms;
	int64_t trouble_ms;   /* since when it cannot go on; unix time, 0: it can */
	struct error trouble; /* why */
};

/*
 * Reads the endpoints, connects, and joins the group. Blocks: while brokers are
 * unavailable it tries again, until *stop is set, and then returns ERROR_UNAVAILABLE. Any
 * other error means that the set-up is wrong: ERROR_REFUSED, ERROR_USAGE or ERROR_INPUT.
 * The arguments must outlive the notifier.
 */
MUST_USE int notifier_open(struct notifier **out, const struct config *config,
			   const volatile sig_atomic_t *stop, const struct waker *waker,
			   struct supervisor *supervisor, struct error *err);

/* Leaves the group, after what is on its way has arrived or NOTIFIER_DRAIN_MS are over. */
void notifier_close(struct notifier **n);
enum { NOTIFIER_DRAIN_MS = 5000, NOTIFIER_FLUSH_MS = 3000 };

/* Waits, while attempts go on, before the next try: 50 ms when `attempt` is 0, twice as long for each after, 5 s at most. */
void notifier_wait(struct notifier *n, unsigned attempt, const struct error *why);

/* Has it written, if that is due, what this notifier does and what keeps it from going on. */
void notifier_report(struct notifier *n, const struct now *now);

/* Remembers what keeps it from going on, for people: since when, and why. */
void notifier_note_trouble(struct notifier *n, const struct error *why);

/* Which tallies are the topic's. */
size_t notifier_topic_index(enum topic topic);
enum topic notifier_topic(size_t index);

/* Commits what is settled and was not committed yet. */
void notifier_commit(struct notifier *n);

#endif
