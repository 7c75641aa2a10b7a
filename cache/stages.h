#ifndef SB_CACHE_STAGES_H
#define SB_CACHE_STAGES_H

/*
 * How the consumers spend their time, for people: each consumer writes, every
 * second, how often the stages of its loop have run and for how long. It does so
 * under the lowest partition that it owns; what is not renewed expires, so only
 * consumers that work are seen.
 *
 *   sb:{p}:stages   text: a line "<uptime in ms> <instance>", then for each
 *                   stage a line "<turns> <us> <longest us> <name>"
 */

#include "cache/index.h"
#include "cache/marks.h"
#include "ops/support/buffer.h"

enum { STAGES_MAX = 16 };

/* How often a stage has run, and for how long. */
struct stage_figures {
	struct bytes name;
	int64_t turns;
	int64_t us;     /* in all turns */
	int64_t max_us; /* in its longest turn */
};

struct stages {
	struct bytes instance;                 /* of the consumer */
	int64_t uptime_ms;                     /* since it began to count */
	struct stage_figures list[STAGES_MAX]; /* in the order of a turn */
	size_t count;
};

/* Appends the text, in place of what the buffer holds. */
void stages_format(struct buffer *out, const struct stages *s);

/*
 * Sets *out, which borrows from the text. False, with *out untouched, when the
 * text is not such a one.
 */
bool stages_parse(struct stages *out, struct bytes text);

/* Writes them under the partition, for ten seconds. Blocks. ERROR_UNAVAILABLE. */
MUST_USE int stages_write(struct index *ix, int partition, const struct stages *s,
			  struct error *err);

/*
 * Reads those of all consumers that work; the list lives in the arena. Connects
 * and blocks. The errors are those of marks_read().
 */
MUST_USE int stages_read(struct stages **out, size_t *count, const struct marks_source *from,
			 int partitions, struct arena *arena, struct error *err);

#endif
