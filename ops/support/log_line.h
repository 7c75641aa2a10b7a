#ifndef SB_SUPPORT_LOG_LINE_H
#define SB_SUPPORT_LOG_LINE_H

/* One line of the log. A pure function of what it says. */

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_format {
	LOG_FORMAT_TEXT,    /* 2026-11-24T09:30:00.000Z warn  partition 3: … */
	LOG_FORMAT_JOURNAL, /* <4>partition 3: … (sd-daemon(3): the journal knows the time) */
	/* {"time":"2026-11-24T09:30:00.000Z","level":"warn","message":"partition 3: …","partition":3} */
	LOG_FORMAT_JSON,
};

enum {
	LOG_NO_PARTITION = -1,
	LOG_TEXT_SIZE = 1024,
	/* Of JSON, in which quotes and backslashes take two bytes; the rest is some 100. */
	LOG_LINE_SIZE = 2 * LOG_TEXT_SIZE + 160,
};

struct log_entry {
	enum log_level level;
	int64_t unix_ms;
	int partition;    /* of sharing.commands that the text is about, or LOG_NO_PARTITION */
	const char *text; /* at most LOG_TEXT_SIZE - 1 bytes; others may have written it */
};

/*
 * Writes the line with its newline, without a NUL, and returns its length. What a
 * terminal obeys and what is not UTF-8 becomes "?": it is one line in any case.
 */
size_t log_line_format(char out[static LOG_LINE_SIZE], enum log_format format,
		       const struct log_entry *e);

#endif
