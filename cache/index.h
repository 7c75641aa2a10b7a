#ifndef SB_CACHE_INDEX_H
#define SB_CACHE_INDEX_H

/*
 * The grant index as its owner sees it: claim a partition, read what a run
 * needs, apply what it decided. For readers there is reader.h.
 *
 * Fencing: an owner holds an epoch of the partition's mark. It writes only
 * behind a WATCH on the mark and after seeing its own epoch and the offset
 * where its run begins; so a process that was asleep, or a Redis that went
 * back in time, is noticed before anything is written.
 *
 * One thread at a time. Calls may block up to the timeout given at opening.
 */

#include "cache/apply.h"
#include "cache/mark.h"
#include "cache/workspace.h"
#include "ops/support/attributes.h"

struct index;
struct redisReply;
struct replies;

struct index_options {
	const char *address; /* of Redis: host:port or the path of a socket */
	const char *prefix;  /* of all keys */
	const char *topic;   /* that the marks speak of */
	struct deployment deployment;
	int timeout_ms;
};

/* Prepares; connects at the first use. Texts in o are copied or must be constants. */
MUST_USE int index_open(struct index **out, const struct index_options *o, struct error *err);
void index_close(struct index **ix);

/*
 * 0 when this Redis may hold an index. ERROR_REFUSED when it evicts keys (an
 * evicted key would look like a missing grant), ERROR_UNAVAILABLE when it
 * does not answer.
 */
MUST_USE int index_check_server(struct index *ix, struct error *err);

/*
 * Reads the mark. ERROR_REFUSED when it belongs to another deployment,
 * ERROR_UNAVAILABLE.
 */
MUST_USE int index_read_mark(struct index *ix, int partition, struct mark *out, struct error *err);

/* The same for several, in one round trip: out[i] is that of partitions[i]. */
MUST_USE int index_read_marks(struct index *ix, const int *partitions, size_t count,
			      struct mark *out, struct error *err);

/*
 * Makes the partition ours: writes wanted, provided that the mark is still as
 * seen. wanted->epoch says the least that our epoch may be; it becomes what it
 * is, higher than any in Redis. ERROR_FENCED when the mark has moved,
 * ERROR_UNAVAILABLE.
 */
MUST_USE int index_claim(struct index *ix, int partition, const struct mark *seen,
			 struct mark *wanted, struct error *err);

/* The outputs of one run that may not be committed in Kafka yet. */
struct unsent {
	int64_t last; /* the run's last offset */
	struct buffer outputs;
};

struct unsent_list {
	struct unsent *list; /* by offset, ascending */
	size_t count;
};

/* Reads all unsent outputs of the partition. The list is the caller's: unsent_done(). */
MUST_USE int index_read_unsent(struct index *ix, int partition, struct unsent_list *out,
			       struct error *err);
void unsent_done(struct unsent_list *l);

/*
 * Before a run, one round trip: watches the mark, checks that it is ours
 * (epoch, state) and where the run begins (applied), and fills the workspaces, which
 * must be initialised and empty. When nothing is to be read and the mark was
 * read ahead by index_apply(), there is no round trip.
 *
 * ERROR_FENCED when the mark is not so: recover. ERROR_UNAVAILABLE: try again.
 */
MUST_USE int index_read(struct index *ix, int partition, const struct mark *ours,
			struct workspace *const *workspaces, size_t count, struct error *err);

/*
 * After index_read() of the same partition, one round trip: closes the
 * transaction, the mark moved to a->applied, and carries it out. On
 * success ours->applied has moved. Reads the mark of partition `next` ahead,
 * if it is not negative, for the run that follows.
 *
 * ERROR_FENCED: nothing was written. ERROR_UNAVAILABLE: it is not known whether
 * it was written. Recover in either case.
 */
MUST_USE int index_apply(struct index *ix, int partition, struct mark *ours, struct apply *a,
			 int next, struct error *err);

/*
 * Carries out body, gathered commands, and writes the mark as *wanted stands, in
 * one transaction, provided that the mark in Redis is still as *seen: ours, and
 * where we left it. For what is not a run: the directory, and clearing.
 * ERROR_FENCED, ERROR_UNAVAILABLE.
 */
MUST_USE int index_write(struct index *ix, int partition, const struct mark *seen,
			 const struct mark *wanted, const struct pipeline *body, struct error *err);

/* A partition to be cleared. `ours` is the mark that we hold; body is scratch. */
struct clearing {
	int partition;
	const struct mark *ours;
	struct pipeline body;
};

/*
 * Deletes the keys of these partitions, all but the marks, in steps: call it
 * until *cursor, 0 at first, is 0 again. Looks at every key of this Redis.
 * ERROR_FENCED: one of them is no longer ours. ERROR_UNAVAILABLE.
 */
MUST_USE int index_clear(struct index *ix, struct clearing *list, size_t count, uint64_t *cursor,
			 struct error *err);

/*
 * Rises whenever the connection to Redis is lost. Behind another one there may
 * be a Redis that has gone back to what it was a moment ago: who writes in
 * several steps that the mark does not tell apart must begin anew.
 */
unsigned index_connection(const struct index *ix);

/* The keys of a partition, or KEYS_DIRECTORY; valid as long as the index. */
const struct keys *index_keys(const struct index *ix, int partition);

/* Forgets what was read ahead: call it when partitions change hands. */
void index_forget_ahead(struct index *ix);

/* ---- for stale.c ---- */

/* Begins a question, commands that only read, and returns the pipeline to fill. */
struct pipeline *index_begin(struct index *ix);

/*
 * Asks it, and for the partition's mark behind it. 0: the replies are good, in
 * the order of the commands, and borrowed until the next call; the mark is
 * ours. ERROR_FENCED: it is not. ERROR_UNAVAILABLE.
 */
MUST_USE int index_ask(struct index *ix, int partition, const struct mark *ours,
		       const struct replies **out, struct error *err);

/*
 * One step of SCAN: the keys, an array, that begin with our prefix and go on as
 * the pattern says. *cursor is 0 at first and, in the end, again.
 */
MUST_USE int index_scan(struct index *ix, const char *pattern, uint64_t *cursor,
			const struct redisReply **keys, struct error *err);

#endif
