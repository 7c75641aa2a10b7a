#ifndef SB_CACHE_SELF_REPORT_H
#define SB_CACHE_SELF_REPORT_H

/*
 * What a running program says of itself in Redis, for people: one text under the
 * lowest partition that it owns, which expires soon if it is not written again, so
 * that only those that run are shown. stages.h and notifier_report.h have the texts,
 * whose lines begin with numbers, each with a blank after it.
 *
 * Where programs of several groups may own one partition, the key is a hash with a
 * field for each group: when it was written, ms since 1970 by the clock of Redis, a
 * blank, and the text. Whoever writes drops the fields that nobody has written lately,
 * and the hash expires when nobody writes.
 */

#include "cache/keys.h"
#include "cache/marks.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/buffer.h"

/* Appends the numbers. */
void self_report_append(struct buffer *out, const int64_t *list, size_t count);

/* Takes the text before the next `end` off its front, and `end` with it. False without an `end`. */
bool self_report_take(struct bytes *text, char end, struct bytes *out);

/* Takes so many numbers, none of them negative, off the front of a line. False if it has others. */
bool self_report_take_numbers(struct bytes *line, int64_t *const *out, size_t count);

/* Adds the command that writes the text under the partition of the keys, where it expires after ten seconds. */
void self_report_set(struct pipeline *p, const struct keys *k, const char *name, struct bytes text);

/* The same for a program of that group, in a hash. */
void self_report_set_of(struct pipeline *p, const struct keys *k, const char *name,
			struct bytes group, struct bytes text);

/* Where texts are: the name in the keys, and whether they stand in hashes. */
struct self_reports_place {
	const char *name;
	bool of_groups;
};

/* Texts that were found, in the order of their partitions; all in an arena. */
struct self_reports {
	struct bytes *list;
	size_t count;
};

/*
 * Reads the texts in so many partitions. Connects and blocks. The errors are those of
 * marks_read(); *out is then untouched.
 */
MUST_USE int self_reports_read(struct self_reports *out, const struct self_reports_place *place,
			       const struct marks_source *from, int partitions, struct arena *arena,
			       struct error *err);

#endif
