#ifndef SB_CACHE_READER_H
#define SB_CACHE_READER_H

/*
 * The index as its readers use it. A question reads, in one pipeline, the
 * marks of the directory and of all partitions that it touches, then its
 * data, then the marks again. A pipeline may reach Redis in parts. With marks
 * read only before the data or only after it, a half-cleared index could look
 * like a "no". Whose a partition is, how far it is and when it was looked at, its
 * mark before the data tells, for the data is not older than that; all else the mark
 * after it. What no answer rests on is looked at once a second. Where they are on
 * several nodes of a cluster, the three are sent one after another, each when all
 * nodes have answered what was before: so all that was read stood in Redis at some
 * time between the marks before it and those after it, as it does on one server.
 * Commands of one of the three go to their nodes at the same time, and nothing rests
 * on their order.
 *
 * The answer is never "no" when the index is not sure: it is
 * ERROR_UNAVAILABLE when a mark is missing, damaged or rebuilding, when its owner
 * changed meanwhile, or has not looked at it for longer than an answer may be
 * old (mark.h says what the owner's stamp means), and ERROR_STALE when a partition
 * lags behind what reader_require() asked for. When the directory has less than
 * the authors of the partitions' commands had seen, or a mark was only just made
 * and has no stamp yet, the question is asked again until the timeout has passed;
 * then that is ERROR_UNAVAILABLE, too.
 *
 * How old a mark is, and what has expired, is judged by Redis' own clock alone: a
 * question asks for its time after all else, and on a cluster each node for its own,
 * which has stamped the marks that it holds. So the asker's clock may be wrong, and
 * those of nodes may differ.
 * When the clock of Redis jumps, or another server takes over whose clock differs,
 * ages are wrong by the difference until the owners have looked again, within a
 * second.
 *
 * lookup.h, check.h, facts.h and scan.h ask questions, wait.h waits for what is
 * not in the index yet. One thread at a time for each reader.
 */

#include "cache/mark.h"
#include "cache/sweep.h"
#include "cache/target.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

struct reader;
struct patience;
struct redisReply;

/*
 * Connects, and reads from the first mark which deployment the index belongs
 * to. timeout_ms is for each round trip. *out is the caller's, for
 * reader_close(). Blocks. ERROR_UNAVAILABLE when Redis does not answer or has
 * no complete index, ERROR_USAGE for a bad address, ERROR_REFUSED for an index
 * of a newer layout, ERROR_NOMEM.
 */
MUST_USE int reader_open(struct reader **out, const struct redis_target *redis, const char *prefix,
			 int timeout_ms, struct error *err);

enum { READER_MAX_AGE_MS = 60000 };

/* From now on answers may be so old; READER_MAX_AGE_MS at first. */
void reader_set_max_age(struct reader *r, int64_t max_age_ms);

/*
 * From now on, a question that fails with ERROR_UNAVAILABLE or ERROR_STALE is
 * asked again for as long as the patience lasts. It is borrowed; NULL: none, as at
 * first.
 */
void reader_set_patience(struct reader *r, struct patience *patience);

/* Closes and frees the reader, and sets *r NULL. *r may be NULL. */
void reader_close(struct reader **r);

/* The deployment that the index belongs to; borrowed from the reader. */
const struct deployment *reader_deployment(const struct reader *r);

/* The address of Redis, for messages. */
const char *reader_address(const struct reader *r);

/* The partition of a workspace. */
int reader_partition(const struct reader *r, const struct uuid *workspace_id);

/*
 * The time of the answers about that workspace, ms since 1970: when the owner of
 * its partition last looked, as the last question that touched it has found. A
 * grant has expired if it expires at that time or before. 0 before any question.
 */
int64_t reader_time(const struct reader *r, const struct uuid *workspace_id);

/* The same for all workspaces of a partition. */
int64_t reader_partition_time(const struct reader *r, int partition);

/*
 * From now on, questions that touch the partition, or KEYS_DIRECTORY, need
 * everything before `offset` to be applied. A requirement can only rise, until
 * the partition goes on with another log (mark.h), which ends it.
 */
void reader_require(struct reader *r, int partition, int64_t offset);

/*
 * The directory's mark, as it was after the data of the last question. Its
 * `applied` serves as the directory_offset of commands. While the mark stays
 * equal, nothing in the directory changes. Borrowed from the reader.
 */
const struct mark *reader_directory(const struct reader *r);

/*
 * Was the directory's mark the same before the data of the last question? If
 * not, the directory changed while the data was read.
 */
bool reader_directory_unchanged(const struct reader *r);

/* ---- questions, for the sources of cache/ ---- */

/* A walk over all keys, for the next question. */
struct sweep reader_sweep(const struct reader *r);

/* The keys of a partition or KEYS_DIRECTORY; borrowed from the reader. */
const struct keys *reader_keys(const struct reader *r, int partition);

/* Begins a question, which touches the directory, and returns the empty pipeline for it. */
struct pipeline *reader_begin(struct reader *r);

/* Says that the question also touches that partition. */
void reader_touch(struct reader *r, int partition);

/*
 * Asks the question. Blocks. Returns 0 when there is a reply to each command
 * and the marks vouch for them. Fails as said above, with ERROR_UNAVAILABLE
 * also when Redis does not answer or owners keep changing, and ERROR_REFUSED
 * when a mark is of another deployment or Redis refuses.
 */
MUST_USE int reader_ask(struct reader *r, struct error *err);

/* Asks a single command that blocks in Redis up to block_ms. No marks are read. */
MUST_USE int reader_ask_blocking(struct reader *r, int block_ms, struct error *err);

/* The reply to the i-th command of the last question; borrowed until the next one. */
const struct redisReply *reader_reply(const struct reader *r, size_t i);

/*
 * Fails because a value of that kind ("user:", "of:", …) in the partition or
 * KEYS_DIRECTORY cannot be what an owner wrote there: ERROR_UNAVAILABLE.
 */
MUST_USE int reader_fail_damaged(const struct reader *r, int partition, const char *kind,
				 struct error *err);

/* Reads the mark of a partition or KEYS_DIRECTORY, by a question without data. */
MUST_USE int reader_mark(struct reader *r, int partition, struct mark *out, struct error *err);

/* Returns ERROR_REFUSED: what the index has for that workspace is broken. */
MUST_USE int reader_fail_broken(const struct reader *r, const struct uuid *workspace_id,
				struct error *err);

#endif
