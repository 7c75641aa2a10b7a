#ifndef SB_CACHE_INDEX_H
#define SB_CACHE_INDEX_H

/*
 * The grant index as the owner of its partitions uses it: claim a partition,
 * read what a run needs, apply what the run decided. unsent.h, clearing.h,
 * stale.h and stages.h build on it; reader.h is the index as its readers use it.
 *
 * Fencing: the owner of a partition holds the epoch in the partition's mark.
 * Each write happens under a WATCH on the mark, after the mark was read. It
 * must be as the owner left it: in its epoch, and at the offset where the run
 * begins. So a process that was asleep, or a Redis that went back in time, is
 * noticed before anything is written.
 *
 * One thread at a time. Each call that takes a struct error may block, for as
 * long as the timeout given to index_open() for each round trip. It fails
 * with ERROR_UNAVAILABLE when Redis does not answer, or answers with an error of
 * its own, whatever that is: a password that it asks for today may be gone
 * tomorrow. Of a cluster that is ERROR_NODE instead, for it says nothing of what
 * is on other nodes, or of other slots of the same one; below, ERROR_UNAVAILABLE
 * stands for both. It fails with ERROR_DAMAGED when what Redis holds of the partition
 * cannot be what was written there: a key of another type, a value that cannot
 * be read, a key that is missing. Then nothing of the partition is to be
 * believed, and it must be rebuilt. A partition is 0 or more and less than the
 * deployment has, or KEYS_DIRECTORY where that is said.
 */

#include "cache/apply.h"
#include "cache/mark.h"
#include "cache/server.h"
#include "cache/target.h"
#include "cache/workspace.h"
#include "ops/support/attributes.h"

struct index;
struct redisReply;
struct replies;

struct index_options {
	struct redis_target redis; /* copied */
	const char *prefix;        /* of all keys; copied */
	const char *topic;         /* the one that the marks speak of; must outlive the index */
	struct deployment deployment;
	int timeout_ms; /* of each round trip */
};

/*
 * Makes an index that connects when it is first used. *out is the caller's, for
 * index_close(). ERROR_USAGE for a bad address or prefix. Does not block.
 */
MUST_USE int index_open(struct index **out, const struct index_options *o, struct error *err);

/* Closes and frees the index, and sets *ix NULL. *ix may be NULL. */
void index_close(struct index **ix);

/*
 * For a start: ERROR_REFUSED when the server denies us its commands, when it may
 * evict keys, or when the mark of a partition belongs to another deployment: of partition
 * 0, or of the first one whose node in a cluster answers.
 */
MUST_USE int index_check_server(struct index *ix, struct error *err);

/*
 * Asks the servers what they say of themselves. *out, which is empty or was set before, is
 * set to those of a cluster that have answered, and is for servers_done().
 */
MUST_USE int index_read_servers(struct index *ix, struct servers *out, struct error *err);

/* The address of Redis, for messages; borrowed from the index. */
const char *index_address(const struct index *ix);

/*
 * A number that rises whenever the connection to Redis is lost. The Redis on
 * the next connection may have gone back in time; work in several steps that
 * the mark does not tell apart starts anew when this number changes.
 */
unsigned index_connection(const struct index *ix);

/* Is there a connection to Redis? The next call makes one if there is none. */
bool index_is_connected(const struct index *ix);

/* The keys of a partition or KEYS_DIRECTORY; borrowed from the index. */
const struct keys *index_keys(const struct index *ix, int partition);

/* ---- taking a partition ---- */

/*
 * Reads the marks of partitions or KEYS_DIRECTORY in one round trip, out[i] for
 * partitions[i]. A key of another type counts as no mark. Whose the marks are is
 * for index_check_mark() to say.
 */
MUST_USE int index_read_marks(struct index *ix, const int *partitions, size_t count,
			      struct mark *out, struct error *err);

/*
 * The same for the owner, who wants to know of each mark. whys[i] has the code 0, or
 * ERROR_NODE when nothing is known of the mark i, which other nodes of a cluster are no
 * reason for; out[i] is then untouched. So it is while the keys of a partition are on two
 * nodes, because its slot is being moved. Never returns ERROR_NODE.
 */
MUST_USE int index_look_at_marks(struct index *ix, const int *partitions, size_t count,
				 struct mark *out, struct error *whys, struct error *err);

/* The same for one mark. */
MUST_USE int index_read_mark(struct index *ix, int partition, struct mark *out, struct error *err);

/* Returns 0, or ERROR_REFUSED when the mark belongs to another deployment. Does not block. */
MUST_USE int index_check_mark(const struct index *ix, const struct mark *m, struct error *err);

/*
 * Stamps the marks (mark.h): list[i] of partitions[i], each provided that it is
 * still as it was read. A mark that has changed stays as it is. whys is as above.
 */
MUST_USE int index_stamp(struct index *ix, const int *partitions, const struct mark *list,
			 size_t count, struct error *whys, struct error *err);

/*
 * Takes a partition or KEYS_DIRECTORY: writes the mark *wanted, provided that
 * the mark in Redis is still as *seen. Raises wanted->epoch if it is not higher
 * than the epoch seen, and sets wanted->deployment. On failure *wanted keeps
 * these: its epoch may be in Redis when the reply was lost, and must not be
 * used again. ERROR_FENCED when the mark has changed.
 */
MUST_USE int index_claim(struct index *ix, int partition, const struct mark *seen,
			 struct mark *wanted, struct error *err);

/*
 * Tells readers and later owners at once that nothing vouches for the partition's
 * data: makes the mark `rebuilding`, provided that it is in the epoch of *ours,
 * wherever it says that the partition is. Does nothing when the mark is missing
 * or has another owner. The partition may be KEYS_DIRECTORY.
 */
MUST_USE int index_distrust(struct index *ix, int partition, const struct mark *ours,
			    struct error *err);

/* ---- runs ---- */

/*
 * Before a run, in one round trip: watches the partition's mark, checks that it
 * is as *ours (epoch and state ours, applied where the run begins), and fills
 * the workspaces, which must be as workspace_init() leaves them and stay so on
 * failure. There is no round trip when count is 0 and index_apply() has read
 * the mark ahead. ERROR_FENCED when the mark is not as *ours: recover.
 * ERROR_DAMAGED when it is our own, and not as it was written.
 */
MUST_USE int index_read(struct index *ix, int partition, const struct mark *ours,
			struct workspace *const *workspaces, size_t count, struct error *err);

/*
 * After index_read() of the same partition, in one round trip: completes the
 * transaction in *a, which moves the mark to a->applied, and carries it out.
 * Sets *ours to the new mark on success. Then reads the mark of
 * partition `next` ahead, for the index_read() to follow, unless next is -1.
 *
 * ERROR_FENCED means that nothing was written; ERROR_UNAVAILABLE that the
 * transaction may have been carried out or not; ERROR_DAMAGED that some of its
 * commands were carried out and others failed (Redis does not undo the former,
 * nor the mark's move), or that it has written into a workspace whose key was
 * gone. Recover in all cases.
 */
MUST_USE int index_apply(struct index *ix, int partition, struct mark *ours, struct apply *a,
			 int next, struct error *err);

/* Forgets the mark that index_apply() read ahead. To be called when partitions change hands. */
void index_forget_ahead(struct index *ix);

/*
 * Carries out the commands of body and writes the mark *wanted, in one
 * transaction, provided that the mark in Redis is still as *seen. For writes
 * that are not runs: the directory's, and clearing. The partition may be
 * KEYS_DIRECTORY. The errors are those of index_apply().
 */
MUST_USE int index_write(struct index *ix, int partition, const struct mark *seen,
			 const struct mark *wanted, const struct pipeline *body, struct error *err);

/* ---- questions, for the sources of cache/ ---- */

/*
 * Begins a question and returns the empty pipeline for its commands. They must
 * not write anything that a mark vouches for.
 */
struct pipeline *index_begin(struct index *ix);

/*
 * Asks the question. *out is a reply to each of its commands, none of which is
 * an error; borrowed until the next call with this index.
 */
MUST_USE int index_ask(struct index *ix, const struct replies **out, struct error *err);

/*
 * The same, and reads the partition's mark after the rest. ERROR_FENCED and
 * ERROR_DAMAGED as with index_read().
 */
MUST_USE int index_ask_owned(struct index *ix, int partition, const struct mark *ours,
			     const struct replies **out, struct error *err);

/* Partitions, perhaps with KEYS_DIRECTORY. Borrowed. */
struct index_part {
	const int *partitions;
	size_t count;
};

/*
 * Makes one step of SCAN, over some thousands of keys. *keys is an array of
 * those that match: our prefix, then the pattern; borrowed until the next call.
 * Those of `of` are found, and of a cluster only their nodes are asked; others may be
 * found as well. `of` is at least one partition, the same in each step of a walk, or fewer
 * than before. *cursor is 0 before the first step and again after the last.
 */
MUST_USE int index_scan(struct index *ix, const char *pattern, const struct index_part *of,
			uint64_t *cursor, const struct redisReply **keys, struct error *err);

#endif
