#include "consumer/notifier/mail_header.h"

#include "ops/support/base64.h"
#include "ops/support/utf8.h"

#include <time.h>

enum {
	WORD_OVERHEAD = 12, /* "=?utf-8?B?" and "?=" */
	WORD_BYTES_MAX = 45,
	NAME_PLAIN_MAX = 30, /* in quotes, all of them escaped; a longer one takes encoded words */
};

/* ---- addresses ---- */

static bool is_address_character(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>[]:;\\,\"", c);
}

bool mail_address_is_valid(struct bytes address)
{
	const uint8_t *at = address.len ? memchr(address.data, '@', address.len) : NULL;

	if (!at || at == address.data || at == address.data + address.len - 1 ||
	    address.len > MAIL_ADDRESS_MAX)
		return false;
	for (size_t i = 0; i < address.len; i++)
		if (!is_address_character(address.data[i]) ||
		    (address.data[i] == '@' && address.data + i != at))
			return false;
	return true;
}

static struct bytes trim_blanks(struct bytes text)
{
	while (text.len && text.data[0] == ' ') {
		text.data++;
		text.len--;
	}
	while (text.len && text.data[text.len - 1] == ' ')
		text.len--;
	return text;
}

static struct bytes strip_quotes(struct bytes text)
{
	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"')
		return (struct bytes){ text.data + 1, text.len - 2 };
	return text;
}

bool mailbox_parse(struct bytes text, struct mailbox *out)
{
	struct mailbox m = { .address = trim_blanks(text) };
	const uint8_t *open = m.address.len ? memchr(m.address.data, '<', m.address.len) : NULL;

	if (open && m.address.data[m.address.len - 1] == '>') {
		const uint8_t *end = m.address.data + m.address.len - 1;

		m.name = (struct bytes){ m.address.data, (size_t)(open - m.address.data) };
		m.name = strip_quotes(trim_blanks(m.name));
		m.address = (struct bytes){ open + 1, (size_t)(end - open - 1) };
	}
	if (!mail_address_is_valid(m.address))
		return false;
	*out = m;
	return true;
}

/* ---- text ---- */

/* The text with a blank for each control character, and "?" for each byte that is not UTF-8. */
static struct bytes clean_text(struct bytes text, struct arena *arena)
{
	uint8_t *to = arena_alloc(arena, text.len + 1);
	size_t i = 0;

	while (i < text.len) {
		size_t n = utf8_len(text.data + i, text.len - i);

		memcpy(to + i, text.data + i, n ? n : 1);
		if (!n)
			to[i] = '?';
		else if (to[i] < ' ' || to[i] == 0x7f)
			to[i] = ' ';
		i += n ? n : 1;
	}
	to[text.len] = 0;
	return trim_blanks((struct bytes){ to, text.len });
}

/* Printable ASCII that nobody could take for an encoded word? */
static bool is_plain(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] >= 0x7f ||
		    (text.data[i] == '=' && i + 1 < text.len && text.data[i + 1] == '?'))
			return false;
	return true;
}

/* How many bytes of the text, whole characters, go into one encoded word of at most `room`. */
static size_t measure_word(struct bytes text, size_t room)
{
	size_t max = (room - WORD_OVERHEAD) / 4 * 3;
	size_t len = 0;

	if (max > WORD_BYTES_MAX)
		max = WORD_BYTES_MAX;
	while (len < text.len) {
		size_t n = utf8_len(text.data + len, text.len - len);

		if (len + n > max)
			break;
		len += n;
	}
	return len;
}

/* Appends the text as encoded words, one on each line; `column` is where the first begins. */
static void append_words(struct buffer *out, struct bytes text, size_t column, struct arena *arena)
{
	while (text.len) {
		size_t len = measure_word(text, MAIL_LINE_MAX - column);
		struct bytes code = base64_encode((struct bytes){ text.data, len }, arena);

		buffer_append_text(out, "=?utf-8?B?");
		buffer_append(out, code.data, code.len);
		buffer_append_text(out, "?=");
		text.data += len;
		text.len -= len;
		if (text.len)
			buffer_append_text(out, "\r\n ");
		column = 1;
	}
}

static size_t append_name(struct buffer *out, const char *name)
{
	buffer_append_text(out, name);
	buffer_append_text(out, ": ");
	return strlen(name) + 2;
}

void mail_append_text(struct buffer *out, const char *name, struct bytes text, struct arena *arena)
{
	struct bytes clean = clean_text(text, arena);
	size_t column = append_name(out, name);

	if (is_plain(clean) && column + clean.len <= MAIL_LINE_MAX)
		buffer_append(out, clean.data, clean.len);
	else
		append_words(out, clean, column, arena);
	buffer_append_text(out, "\r\n");
}

static void append_quoted(struct buffer *out, struct bytes text)
{
	buffer_append_u8(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '"' || text.data[i] == '\\')
			buffer_append_u8(out, '\\');
		buffer_append_u8(out, text.data[i]);
	}
	buffer_append_u8(out, '"');
}

void mail_append_mailbox(struct buffer *out, const char *name, const struct mailbox *m,
			 struct arena *arena)
{
	struct bytes clean = clean_text(m->name, arena);
	size_t column = append_name(out, name);

	if (clean.len && is_plain(clean) && clean.len <= NAME_PLAIN_MAX)
		append_quoted(out, clean);
	else
		append_words(out, clean, column, arena);
	if (clean.len)
		buffer_append_text(out, "\r\n ");
	buffer_append_u8(out, '<');
	buffer_append(out, m->address.data, m->address.len);
	buffer_append_text(out, ">\r\n");
}

void mail_append_date(struct buffer *out, const char *name, int64_t seconds, struct arena *arena)
{
	static const char days[][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
	static const char months[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					  "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t when = (time_t)seconds;
	struct tm tm = { 0 };
	struct bytes text;

	(void)gmtime_r(&when, &tm);
	text = arena_printf(arena, "%s, %02d %s %04d %02d:%02d:%02d +0000\r\n", days[tm.tm_wday],
			    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min,
			    tm.tm_sec);
	(void)append_name(out, name);
	buffer_append(out, text.data, text.len);
}
