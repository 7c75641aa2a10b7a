#include "consumer/prose.h"

#include "ops/support/harmless.h"

#include <string.h>
#include <strings.h>

void prose_init(struct prose *p, bool plain_only)
{
	buffer_init(&p->plain);
	buffer_init(&p->markdown);
	p->plain_only = plain_only;
	p->in_list = false;
}

void prose_done(struct prose *p)
{
	buffer_done(&p->plain);
	buffer_done(&p->markdown);
}

void prose_clear(struct prose *p)
{
	buffer_clear(&p->plain);
	buffer_clear(&p->markdown);
	p->in_list = false;
}

static void say_in_markdown(struct prose *p, const char *words)
{
	if (!p->plain_only)
		buffer_append_text(&p->markdown, words);
}

void prose_say(struct prose *p, const char *words)
{
	buffer_append_text(&p->plain, words);
	say_in_markdown(p, words);
}

void prose_say_strong(struct prose *p, const char *words)
{
	say_in_markdown(p, "**");
	prose_say(p, words);
	say_in_markdown(p, "**");
}

void prose_say_code(struct prose *p, const char *words)
{
	say_in_markdown(p, "`");
	prose_say(p, words);
	say_in_markdown(p, "`");
}

/* ---- texts of others ---- */

/*
 * Appends a harmless copy, which is never longer, and returns it. Tabs become blanks.
 * harmless_copy() may write four bytes.
 */
static struct bytes append_harmless(struct buffer *b, struct bytes text)
{
	uint8_t *out = buffer_reserve(b, text.len + 4);
	size_t n = 0;

	for (size_t i = 0, taken; i < text.len; i += taken) {
		if (text.data[i] > ' ' && text.data[i] <= '~') { /* as nearly all are */
			out[n++] = text.data[i];
			taken = 1;
		} else if (text.data[i] == '\t') {
			out[n++] = ' ';
			taken = 1;
		} else {
			n += harmless_copy(out + n, text.data + i, text.len - i, &taken);
		}
	}
	b->len += n;
	return (struct bytes){ out, n };
}

static bool is_one_of(uint8_t c, const char *characters)
{
	return c && strchr(characters, c);
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Do nothing but digits stand before i? Then a dot or a bracket there begins a list. */
static bool follows_number(struct bytes line, size_t i)
{
	size_t digits = 0;

	while (digits < i && is_digit(line.data[digits]))
		digits++;
	return i && digits == i;
}

/*
 * Could the character at i be markup? Some are so anywhere, some only where a line
 * may begin. The extensions that are in wide use count: tables, strikethrough,
 * formulas, mentions, and links made of what looks like an address.
 */
static bool is_markup(struct bytes line, size_t i)
{
	uint8_t c = line.data[i];

	if (is_one_of(c, "\\`*_[]<>&~|$@^{}#"))
		return true;
	if (is_one_of(c, "+-="))
		return i == 0;
	if (c == ')')
		return follows_number(line, i);
	if (c == '.')
		return follows_number(line, i) ||
		       (i >= 3 && strncasecmp((const char *)line.data + i - 3, "www", 3) == 0);
	return c == ':' && i + 1 < line.len && line.data[i + 1] != ' ';
}

/* Four blanks at the beginning of a line would be code. */
static struct bytes skip_blanks(struct bytes line)
{
	while (line.len && line.data[0] == ' ') {
		line.data++;
		line.len--;
	}
	return line;
}

/* `text` is harmless and has no line breaks. */
static void append_escaped(struct buffer *b, struct bytes text)
{
	struct bytes line = skip_blanks(text);
	uint8_t *out = buffer_reserve(b, 2 * line.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < line.len; i++) {
		if (is_markup(line, i))
			out[n++] = '\\';
		out[n++] = line.data[i];
	}
	b->len += n;
}

void prose_put(struct prose *p, struct bytes text)
{
	struct bytes harmless = append_harmless(&p->plain, text);

	if (!p->plain_only)
		append_escaped(&p->markdown, harmless);
}

void prose_put_strong(struct prose *p, struct bytes text)
{
	if (!text.len)
		return;
	say_in_markdown(p, "**");
	prose_put(p, text);
	say_in_markdown(p, "**");
}

/* ---- paragraphs ---- */

void prose_paragraph(struct prose *p)
{
	if (p->plain.len)
		prose_say(p, "\n\n");
	p->in_list = false;
}

void prose_item(struct prose *p)
{
	if (p->in_list)
		prose_say(p, "\n");
	else
		prose_paragraph(p);
	prose_say(p, "- ");
	p->in_list = true;
}

/* Takes the next line from the front of *rest, without its end. */
static struct bytes take_line(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	struct bytes line = { rest->data, len };

	rest->data += end ? len + 1 : len;
	rest->len -= end ? len + 1 : len;
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static bool is_blank(struct bytes line)
{
	size_t i = 0;

	while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
		i++;
	return i == line.len;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blank lines at its beginning, and without any blanks at its end. */
static struct bytes trim_text(struct bytes text)
{
	struct bytes rest = text;

	while (text.len && is_blank(take_line(&rest)))
		text = rest;
	while (text.len && is_space(text.data[text.len - 1]))
		text.len--;
	return text;
}

/* A backslash at the end keeps the lines of a paragraph apart in Markdown. */
static void quote_line(struct prose *p, struct bytes line, struct bytes rest)
{
	bool goes_on = rest.len && !is_blank(take_line(&rest));

	if (is_blank(line)) {
		prose_say(p, ">");
		return;
	}
	prose_say(p, "> ");
	prose_put(p, line);
	if (goes_on)
		say_in_markdown(p, "\\");
}

void prose_quote(struct prose *p, struct bytes text)
{
	struct bytes rest = trim_text(text);

	if (!rest.len)
		return;
	prose_paragraph(p);
	while (rest.len) {
		struct bytes line = take_line(&rest);

		quote_line(p, line, rest);
		if (rest.len)
			prose_say(p, "\n");
	}
}

/* ---- addresses ---- */

/* The length of "https://" or "http://" at the front; else 0. */
static size_t scheme_len(struct bytes url)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t len = strlen(schemes[i]);

		if (url.len > len && strncasecmp((const char *)url.data, schemes[i], len) == 0)
			return len;
	}
	return 0;
}

/* "https://coder.example.com@elsewhere" is not what it looks like. */
static bool names_user(struct bytes url, size_t scheme)
{
	for (size_t i = scheme; i < url.len && !is_one_of(url.data[i], "/?#"); i++)
		if (url.data[i] == '@')
			return true;
	return false;
}

static bool is_web_address(struct bytes url)
{
	size_t scheme = scheme_len(url);

	for (size_t i = 0; i < url.len; i++)
		if (url.data[i] <= ' ' || url.data[i] > '~' || is_one_of(url.data[i], "<>\\"))
			return false;
	return scheme && !names_user(url, scheme);
}

void prose_address(struct prose *p, struct bytes url)
{
	if (!is_web_address(url)) {
		prose_put(p, url);
		return;
	}
	say_in_markdown(p, "<");
	buffer_append(&p->plain, url.data, url.len);
	if (!p->plain_only)
		buffer_append(&p->markdown, url.data, url.len);
	say_in_markdown(p, ">");
}

/* ---- bounds ---- */

/* All that is_markup() may escape. */
static bool may_be_escaped(uint8_t c)
{
	return is_one_of(c, "\\`*_[]<>&~|$@^{}#+-=).:");
}

/* What is replaced gets no longer, and "?" is not escaped. */
size_t prose_put_max(struct bytes text)
{
	size_t max = 2 * text.len;

	for (size_t i = 0; i < text.len; i++)
		max += may_be_escaped(text.data[i]);
	return max;
}

/* Each line has "> " before it in both forms; all but the last have a backslash after it in one. */
size_t prose_quote_max(struct bytes text)
{
	enum { MARK_BYTES = 2 + 2, BREAK_BYTES = 2 + 2, LINE_BYTES = MARK_BYTES + 1 };
	size_t max = prose_put_max(text) + BREAK_BYTES + MARK_BYTES;

	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\n')
			max += LINE_BYTES;
	return max;
}
