#ifndef SB_CACHE_STAGES_H
#define SB_CACHE_STAGES_H

/*
 * How the loops of the consumers spend their time, for people. Every second each
 * consumer writes how often the stages of its loop have run, and for how long,
 * under the lowest partition that it owns. The text expires soon if it is not
 * written again, so only running consumers are shown.
 *
 *   sb:{p}:stages   text: a line "<uptime in ms> <instance>", then for each
 *                   stage a line "<turns> <us> <longest us> <name>"
 */

#include "cache/index.h"
#include "cache/marks.h"
#include "ops/support/buffer.h"

enum { STAGES_MAX = 24 };

struct stage_figures {
	struct bytes name;
	int64_t turns;  /* in which the stage ran */
	int64_t us;     /* that all these took together */
	int64_t max_us; /* that the longest of them took */
};

/* The figures of one consumer. */
struct stages {
	struct bytes instance;                 /* the consumer's name */
	int64_t uptime_ms;                     /* since the figures were zero */
	struct stage_figures list[STAGES_MAX]; /* in the order of the loop */
	size_t count;
};

/* Counts a turn in which the stage ran for so long. */
static inline void stages_count(struct stage_figures *f, int64_t us)
{
	f->turns++;
	f->us += us;
	f->max_us = us > f->max_us ? us : f->max_us;
}

/* Adds figures of the same stage. */
static inline void stages_add(struct stage_figures *to, const struct stage_figures *f)
{
	to->turns += f->turns;
	to->us += f->us;
	to->max_us = f->max_us > to->max_us ? f->max_us : to->max_us;
}

/* Writes the figures as text into the buffer, in place of what it holds. */
void stages_format(struct buffer *out, const struct stages *s);

/* Sets *out, which borrows from the text. False if the text is broken; *out is then untouched. */
bool stages_parse(struct stages *out, struct bytes text);

/* Appends the line of one stage; takes one, without its end, and adds it. False if the line is broken. */
void stages_append_figures(struct buffer *out, const struct stage_figures *f);
bool stages_take_figures(struct stages *s, struct bytes line);

/*
 * Writes the figures under the partition, where they expire after ten seconds.
 * Blocks and fails as index.h says.
 */
MUST_USE int stages_write(struct index *ix, int partition, const struct stages *s,
			  struct error *err);

/*
 * Reads the figures of all running consumers of so many partitions; the list
 * lives in the arena. Connects and blocks. The errors are those of marks_read().
 */
MUST_USE int stages_read(struct stages **out, size_t *count, const struct marks_source *from,
			 int partitions, struct arena *arena, struct error *err);

#endif
