#ifndef SB_CACHE_READER_H
#define SB_CACHE_READER_H

/*
 * The index as its readers see it. Every question reads the marks of all
 * partitions it touches, and the directory's, then its data, then the marks
 * again, in one pipeline, whose parts Redis may get one by one: marks in front
 * alone, or behind alone, could take a half-cleared index for a "no".
 * Without a good mark, of one owner before and behind, the answer is
 * ERROR_UNAVAILABLE, never "no"; with one that is behind what was required it
 * is ERROR_STALE. A directory that is not as far as the authors of what the
 * partitions hold had seen it is waited for, up to the timeout; then that is
 * ERROR_UNAVAILABLE, too.
 *
 * lookup.h asks the questions, wait.h waits for what is not there yet. One
 * thread per reader.
 */

#include "cache/mark.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

struct reader;
struct redisReply;

/*
 * Connects and learns which deployment the index is of. ERROR_UNAVAILABLE when
 * Redis does not answer or holds no index, ERROR_USAGE for a bad address,
 * ERROR_REFUSED for an index of another layout.
 */
MUST_USE int reader_open(struct reader **out, const char *address, const char *prefix,
			 int timeout_ms, struct error *err);
void reader_close(struct reader **r);

const struct deployment *reader_deployment(const struct reader *r);

/* The partition that a workspace's keys are in. */
int reader_partition(const struct reader *r, const struct uuid *workspace_id);

/*
 * The directory's mark behind the last question. `applied` is a command's
 * directory_offset. As long as it is the same, so is all of the directory.
 */
const struct mark *reader_directory(const struct reader *r);

/*
 * Was it the same in front of the last question? Else what was read in between
 * may be older than it.
 */
bool reader_directory_stood(const struct reader *r);

/*
 * From now on no answer that touches the partition is older than everything
 * before `offset`. Requirements only rise.
 */
void reader_require(struct reader *r, int partition, int64_t offset);

/* ---- for lookup.c and wait.c ---- */

const struct keys *reader_keys(const struct reader *r, int partition);

/* Begins a question and returns the pipeline to fill. */
struct pipeline *reader_begin(struct reader *r);

/* Says that the question touches that partition. All touch the directory. */
void reader_touch(struct reader *r, int partition);

/* Asks. 0: the replies are good, and true as of the marks. */
MUST_USE int reader_ask(struct reader *r, struct error *err);

/* The i-th reply to the question; borrowed until the next one. */
const struct redisReply *reader_reply(const struct reader *r, size_t i);

/* The same for one command that blocks up to block_ms; no marks are read. */
MUST_USE int reader_ask_blocking(struct reader *r, int block_ms, struct error *err);

/* Reads one mark. ERROR_UNAVAILABLE when there is none or it is rebuilding. */
MUST_USE int reader_mark(struct reader *r, int partition, struct mark *out, struct error *err);

#endif
