#include "schemas/key.h"

#include "ops/support/base64.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	BASE64_LEN = 44, /* of 32 bytes: ten groups of four characters, and one that ends with = */
	HEX_LEN = 2 * KEY_SECRET_SIZE,
	WORDS = 3,
};

/* The bits that have a name of their own. */
static const struct {
	char name[sizeof("act-as:*")];
	enum right right;
} RIGHTS[] = {
	{ "share", RIGHT_SHARE },
	{ "facts", RIGHT_FACTS },
	{ "system", RIGHT_SYSTEM },
	{ "act-as:*", RIGHT_ACT_AS_ANY },
};
enum { RIGHT_COUNT = sizeof(RIGHTS) / sizeof(RIGHTS[0]) };

static const char ACT_AS[] = "act-as:";

/* ---- words ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Takes the next word off *rest; empty at the end. */
static struct bytes take_word(struct bytes *rest)
{
	size_t begin = 0;
	size_t end;

	while (begin < rest->len && is_blank(rest->data[begin]))
		begin++;
	end = begin;
	while (end < rest->len && !is_blank(rest->data[end]))
		end++;
	*rest = (struct bytes){ rest->data + end, rest->len - end };
	return (struct bytes){ rest->data - (end - begin), end - begin };
}

/* Takes what stands before the next comma, and the comma; is there more after one? */
static struct bytes take_item(struct bytes *rest, bool *more)
{
	const uint8_t *comma = rest->len ? memchr(rest->data, ',', rest->len) : NULL;
	struct bytes item = { rest->data, comma ? (size_t)(comma - rest->data) : rest->len };
	size_t used = item.len + (comma ? 1 : 0);

	*more = comma != NULL;
	*rest = (struct bytes){ rest->data + used, rest->len - used };
	return item;
}

bool key_id_is_valid(struct bytes id)
{
	for (size_t i = 0; i < id.len; i++) {
		uint8_t c = id.data[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		      c == '.' || c == '-' || c == '_'))
			return false;
	}
	return id.len > 0 && id.len <= KEY_ID_MAX;
}

/* ---- secrets ---- */

static int hex_value(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_hex(uint8_t out[KEY_SECRET_SIZE], struct bytes text)
{
	bool good = true;

	for (size_t i = 0; i < KEY_SECRET_SIZE; i++) {
		int high = hex_value(text.data[2 * i]);
		int low = hex_value(text.data[2 * i + 1]);

		good = good && high >= 0 && low >= 0;
		out[i] = (uint8_t)((unsigned)high << 4 | ((unsigned)low & 0xfU));
	}
	return good;
}

static bool read_base64(uint8_t out[KEY_SECRET_SIZE], struct bytes text)
{
	uint8_t secret[KEY_SECRET_SIZE + 1]; /* so much a text of that length may have */
	size_t len = 0;
	bool good = base64_read(secret, &len, text) && len == KEY_SECRET_SIZE;

	if (good)
		memcpy(out, secret, KEY_SECRET_SIZE);
	OPENSSL_cleanse(secret, sizeof(secret));
	return good;
}

static bool read_secret(uint8_t out[KEY_SECRET_SIZE], struct bytes text)
{
	if (text.len == HEX_LEN)
		return read_hex(out, text);
	return text.len == BASE64_LEN && read_base64(out, text);
}

static void append_secret(const struct key *k, struct buffer *out)
{
	base64_write((char *)buffer_reserve(out, BASE64_LEN),
		     (struct bytes){ k->secret, KEY_SECRET_SIZE });
	out->len += BASE64_LEN;
}

/* ---- rights ---- */

static int add_actor(struct key *k, const struct uuid *id, struct error *err)
{
	struct uuid *list = realloc(k->actors, (k->actor_count + 1) * sizeof(*list));

	if (!list)
		return error_set(err, ERROR_NOMEM, "out of memory");
	k->actors = list;
	list[k->actor_count++] = *id;
	return 0;
}

/* Whoever wrote the list is shown what is wrong in it only if it looks like a right. */
static int refuse_right(struct bytes item, struct error *err)
{
	bool shown = item.len && item.len < RIGHT_TEXT_SIZE;

	for (size_t i = 0; i < item.len; i++)
		shown = shown && item.data[i] > ' ' && item.data[i] <= '~';
	if (!shown)
		item = bytes_of("");
	return error_set(err, ERROR_INPUT,
			 "\"%.*s\" is no right; there are share, facts, system, act-as:* and "
			 "act-as:<user id>",
			 BYTES_ARG(item));
}

static int take_right(struct key *k, struct bytes item, struct error *err)
{
	size_t prefix = strlen(ACT_AS);
	struct uuid id;

	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		if (!bytes_equal_text(item, RIGHTS[i].name))
			continue;
		k->rights |= (unsigned)RIGHTS[i].right;
		return 0;
	}
	if (item.len <= prefix || memcmp(item.data, ACT_AS, prefix) != 0 ||
	    uuid_parse(&id, (struct bytes){ item.data + prefix, item.len - prefix }) ||
	    uuid_is_nil(&id))
		return refuse_right(item, err);
	return add_actor(k, &id, err);
}

int key_parse_rights(struct key *k, struct bytes list, struct error *err)
{
	bool more = true;
	int rc = 0;

	while (!rc && more) {
		struct bytes item = take_item(&list, &more);

		rc = take_right(k, item, err);
	}
	k->actor_count = uuid_sort(k->actors, k->actor_count);
	return rc;
}

void key_append_rights(const struct key *k, struct buffer *out)
{
	const char *comma = "";

	for (size_t i = 0; i < RIGHT_COUNT; i++) {
		if (!(k->rights & (unsigned)RIGHTS[i].right))
			continue;
		buffer_append_text(out, comma);
		buffer_append_text(out, RIGHTS[i].name);
		comma = ",";
	}
	for (size_t i = 0; i < k->actor_count; i++) {
		char id[UUID_TEXT_SIZE];

		uuid_format(id, &k->actors[i]);
		buffer_append_text(out, comma);
		buffer_append_text(out, ACT_AS);
		buffer_append_text(out, id);
		comma = ",";
	}
}

/* Has the key that right? If not, says which it is. */
static bool has_right(const struct key *k, enum right right, char lacks[static RIGHT_TEXT_SIZE])
{
	if (k->rights & (unsigned)right)
		return true;
	for (size_t i = 0; i < RIGHT_COUNT; i++)
		if (RIGHTS[i].right == right)
			memcpy(lacks, RIGHTS[i].name, sizeof(RIGHTS[i].name));
	return false;
}

static bool may_act_as(const struct key *k, const struct uuid *id,
		       char lacks[static RIGHT_TEXT_SIZE])
{
	char text[UUID_TEXT_SIZE];

	if ((k->rights & RIGHT_ACT_AS_ANY) ||
	    (k->actor_count &&
	     bsearch(id, k->actors, k->actor_count, sizeof(*k->actors), uuid_compare)))
		return true;
	uuid_format(text, id);
	(void)snprintf(lacks, RIGHT_TEXT_SIZE, "%s%s", ACT_AS, text);
	return false;
}

bool key_may(const struct key *k, const struct record *r, char lacks[static RIGHT_TEXT_SIZE])
{
	const struct command *c = r ? record_command(r) : NULL;

	if (!c)
		return has_right(k, RIGHT_FACTS, lacks);
	if (c->actor.kind == ACTOR_SYSTEM)
		return has_right(k, RIGHT_SYSTEM, lacks);
	return has_right(k, RIGHT_SHARE, lacks) && may_act_as(k, &c->actor.id, lacks);
}

/* ---- lines ---- */

void key_done(struct key *k)
{
	free(k->actors);
	OPENSSL_cleanse(k, sizeof(*k));
}

void key_append_line(const struct key *k, struct buffer *out)
{
	buffer_append_text(out, k->id);
	buffer_append_u8(out, ' ');
	append_secret(k, out);
	buffer_append_u8(out, ' ');
	key_append_rights(k, out);
	buffer_append_u8(out, '\n');
}

int key_parse(struct key *k, struct bytes line, struct error *err)
{
	struct bytes words[WORDS];
	int rc;

	for (int i = 0; i < WORDS; i++)
		words[i] = take_word(&line);
	if (!words[WORDS - 1].len || take_word(&line).len)
		return error_set(err, ERROR_INPUT, "it is not `ID SECRET RIGHTS`");
	if (!key_id_is_valid(words[0]))
		return error_set(err, ERROR_INPUT,
				 "its id must have 1 to %d letters, digits, dots, hyphens and "
				 "underscores",
				 KEY_ID_MAX);
	memcpy(k->id, words[0].data, words[0].len);
	if (!read_secret(k->secret, words[1]))
		return error_set(err, ERROR_INPUT,
				 "its secret must be %d bytes, as base64 (%d characters) or "
				 "hexadecimal (%d digits)",
				 KEY_SECRET_SIZE, BASE64_LEN, HEX_LEN);
	rc = key_parse_rights(k, words[2], err);
	if (rc == ERROR_INPUT) /* that sentence has a word of the line */
		rc = error_set(err, ERROR_INPUT,
			       "its rights must be some of share, facts, system, act-as:* and "
			       "act-as:<user id>, separated by commas");
	return rc;
}
