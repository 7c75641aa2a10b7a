#include "ops/support/log_line.h"

#include "ops/support/clock.h"
#include "ops/support/harmless.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* A line as far as it is written. There is always room: see LOG_LINE_SIZE. */
struct line {
	char *text;
	size_t len;
};

static void put_text(struct line *l, const char *text)
{
	size_t len = strlen(text);

	assert(l->len + len <= LOG_LINE_SIZE);
	memcpy(l->text + l->len, text, len);
	l->len += len;
}

static void put_harmless(struct line *l, const char *text, bool quoted)
{
	size_t left = strlen(text);
	size_t taken = 0;

	assert(left < LOG_TEXT_SIZE);
	for (; left; text += taken, left -= taken) {
		if (quoted && (*text == '"' || *text == '\\'))
			l->text[l->len++] = '\\';
		l->len += harmless_copy((uint8_t *)l->text + l->len, (const uint8_t *)text, left,
					&taken);
	}
}

static void put_partition(struct line *l, const struct log_entry *e, const char *before,
			  const char *after)
{
	char number[16];

	if (e->partition == LOG_NO_PARTITION)
		return;
	(void)snprintf(number, sizeof(number), "%d", e->partition);
	put_text(l, before);
	put_text(l, number);
	put_text(l, after);
}

static void put_message(struct line *l, const struct log_entry *e, bool quoted)
{
	put_partition(l, e, "partition ", ": ");
	put_harmless(l, e->text, quoted);
}

static void put_plain(struct line *l, const struct log_entry *e, const char *when)
{
	static const char *const names[] = { " error ", " warn  ", " info  ", " debug " };

	put_text(l, when);
	put_text(l, names[e->level]);
	put_message(l, e, false);
}

static void put_journal(struct line *l, const struct log_entry *e)
{
	static const char *const priorities[] = { "<3>", "<4>", "<6>", "<7>" }; /* of syslog(3) */

	put_text(l, priorities[e->level]);
	put_message(l, e, false);
}

static void put_json(struct line *l, const struct log_entry *e, const char *when)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };

	put_text(l, "{\"time\":\"");
	put_text(l, when);
	put_text(l, "\",\"level\":\"");
	put_text(l, names[e->level]);
	put_text(l, "\",\"message\":\"");
	put_message(l, e, true);
	put_text(l, "\"");
	put_partition(l, e, ",\"partition\":", "");
	put_text(l, "}");
}

size_t log_line_format(char out[static LOG_LINE_SIZE], enum log_format format,
		       const struct log_entry *e)
{
	struct line l = { out, 0 };
	char when[RFC3339_SIZE];

	clock_format_rfc3339(when, e->unix_ms);
	switch (format) {
	case LOG_FORMAT_TEXT:
		put_plain(&l, e, when);
		break;
	case LOG_FORMAT_JOURNAL:
		put_journal(&l, e);
		break;
	case LOG_FORMAT_JSON:
		put_json(&l, e, when);
		break;
	}
	put_text(&l, "\n");
	return l.len;
}
