#include "consumer/notifier/mail_body.h"

#include "ops/support/utf8.h"

static const char NEW_LINE[] = "\r\n";

/* Reads a text one character at a time; the end of a line is one. */
struct scanner {
	struct bytes rest;
};

/*
 * The next character; "\n" for whatever ends a line. One that is not UTF-8, or a
 * control character, is "?". False at the end.
 */
static bool take_character(struct scanner *r, struct bytes *out)
{
	const uint8_t *at = r->rest.data;
	size_t n = r->rest.len ? utf8_len(at, r->rest.len) : 0;

	if (!r->rest.len)
		return false;
	*out = n ? (struct bytes){ at, n } : bytes_of("?");
	n = n ? n : 1;
	if (*at == '\r' && r->rest.len > 1 && at[1] == '\n')
		n = 2;
	if (*at == '\r' || *at == '\n')
		*out = bytes_of("\n");
	else if ((*at < ' ' && *at != '\t') || *at == 0x7f)
		*out = bytes_of("?");
	r->rest = (struct bytes){ at + n, r->rest.len - n };
	return true;
}

/* ---- plain ---- */

/* Appends the text and an empty line. */
static void append_paragraph(struct buffer *out, struct bytes text)
{
	struct scanner r = { text };
	struct bytes c;

	if (!text.len)
		return;
	while (take_character(&r, &c))
		if (bytes_equal_text(c, "\n"))
			buffer_append_text(out, NEW_LINE);
		else
			buffer_append(out, c.data, c.len);
	buffer_append_text(out, NEW_LINE);
	buffer_append_text(out, NEW_LINE);
}

/* A text of one line. */
static void append_line(struct buffer *out, struct bytes text)
{
	struct scanner r = { text };
	struct bytes c;

	while (take_character(&r, &c))
		buffer_append(out, bytes_equal_text(c, "\n") ? (const uint8_t *)" " : c.data,
			      c.len);
}

void mail_append_plain(struct buffer *out, const struct telling *t, struct arena *arena)
{
	const struct notification *n = t->notification;

	append_paragraph(out, n->body);
	for (size_t i = 0; i < n->action_count; i++) {
		append_line(out, n->actions[i].label);
		buffer_append_text(out, ": ");
		append_line(out, telling_address(t, n->actions[i].url, arena));
		buffer_append_text(out, NEW_LINE);
	}
}

/* ---- HTML ---- */

/* What stands for a character in HTML; NULL: itself. */
static const char *entity_of(struct bytes c)
{
	switch (c.data[0]) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	case '\n':
		return "<br>\r\n";
	default:
		return NULL;
	}
}

static void append_escaped(struct buffer *out, struct bytes text)
{
	struct scanner r = { text };
	struct bytes c;

	while (take_character(&r, &c)) {
		const char *entity = entity_of(c);

		if (entity)
			buffer_append_text(out, entity);
		else
			buffer_append(out, c.data, c.len);
	}
}

static void append_element(struct buffer *out, const char *open, struct bytes text,
			   const char *close)
{
	if (!text.len)
		return;
	buffer_append_text(out, open);
	append_escaped(out, text);
	buffer_append_text(out, close);
}

static bool begins_with(struct bytes text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len > len && memcmp(text.data, prefix, len) == 0;
}

/* No line break may stand in the address. */
static bool is_link(struct bytes url)
{
	return (begins_with(url, "https://") || begins_with(url, "http://")) &&
	       !memchr(url.data, '\n', url.len) && !memchr(url.data, '\r', url.len);
}

static void append_action(struct buffer *out, struct bytes label, struct bytes url)
{
	if (is_link(url)) {
		append_element(out, "<p><a href=\"", url, "\">");
		append_escaped(out, label);
		buffer_append_text(out, "</a></p>\r\n");
	} else {
		buffer_append_text(out, "<p>");
		append_escaped(out, label);
		buffer_append_text(out, ": ");
		append_escaped(out, url);
		buffer_append_text(out, "</p>\r\n");
	}
}

/* Takes what stands before the next empty line, which is dropped. */
static struct bytes take_block(struct bytes *rest)
{
	struct bytes block = *rest;

	for (size_t i = 0; i + 1 < rest->len; i++) {
		if (rest->data[i] != '\n' || rest->data[i + 1] != '\n')
			continue;
		block.len = i;
		*rest = (struct bytes){ rest->data + i + 2, rest->len - i - 2 };
		return block;
	}
	rest->len = 0;
	return block;
}

/* A quotation without the mark before each of its lines. */
static struct bytes unquote_block(struct bytes block, struct arena *arena)
{
	uint8_t *to = arena_alloc(arena, block.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < block.len; i++) {
		if (!i || block.data[i - 1] == '\n') {
			i += block.data[i] == '>';
			i += i < block.len && block.data[i] == ' ';
		}
		if (i < block.len)
			to[len++] = block.data[i];
	}
	return (struct bytes){ to, len };
}

static void append_body(struct buffer *out, struct bytes body, struct arena *arena)
{
	while (body.len) {
		struct bytes block = take_block(&body);

		if (begins_with(block, "> "))
			append_element(out, "<blockquote>", unquote_block(block, arena),
				       "</blockquote>\r\n");
		else
			append_element(out, "<p>", block, "</p>\r\n");
	}
}

void mail_append_html(struct buffer *out, const struct telling *t, struct arena *arena)
{
	const struct notification *n = t->notification;

	buffer_append_text(out,
			   "<!DOCTYPE html>\r\n<html lang=\"en\"><head><meta charset=\"utf-8\">");
	append_element(out, "<title>", n->title, "</title>");
	buffer_append_text(out, "</head><body>\r\n");
	append_element(out, "<p><strong>", n->title, "</strong></p>\r\n");
	append_body(out, n->body, arena);
	for (size_t i = 0; i < n->action_count; i++)
		append_action(out, n->actions[i].label,
			      telling_address(t, n->actions[i].url, arena));
	buffer_append_text(out, "</body></html>\r\n");
}
