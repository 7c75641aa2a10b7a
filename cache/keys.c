#include "cache/keys.h"

#include "ops/support/number.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

int keys_check_prefix(const char *prefix, struct error *err)
{
	size_t good = strspn(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789.:_-");

	if (good && good <= PREFIX_MAX && !prefix[good])
		return 0;
	return error_set(err, ERROR_USAGE,
			 "the prefix \"%s\" is not usable; give 1 to %d letters, digits, dots, "
			 "colons, underscores and hyphens",
			 prefix, PREFIX_MAX);
}

void keys_init(struct keys *k, const char *prefix, int partition)
{
	int len = partition == KEYS_DIRECTORY
			  ? snprintf(k->base, sizeof(k->base), "%.*s:{dir}:", PREFIX_MAX, prefix)
			  : snprintf(k->base, sizeof(k->base), "%.*s:{%d}:", PREFIX_MAX, prefix,
				     partition);

	assert(partition >= KEYS_DIRECTORY);
	assert(len > 0 && (size_t)len < sizeof(k->base));
	k->len = (size_t)len;
}

void pipeline_key_text(struct pipeline *p, const struct keys *k, const char *kind,
		       struct bytes text)
{
	const struct bytes parts[] = { { (const uint8_t *)k->base, k->len }, bytes_of(kind), text };

	pipeline_parts(p, parts, 3);
}

void pipeline_key(struct pipeline *p, const struct keys *k, const char *kind, const struct uuid *id)
{
	pipeline_key_text(p, k, kind,
			  id ? (struct bytes){ id->bytes, sizeof(id->bytes) }
			     : (struct bytes){ 0 });
}

void pipeline_id(struct pipeline *p, const struct uuid *id)
{
	pipeline_bytes(p, (struct bytes){ id->bytes, sizeof(id->bytes) });
}

void pipeline_scan(struct pipeline *p, const struct keys *any, const char *pattern,
		   const char *cursor)
{
	const struct bytes parts[] = {
		{ (const uint8_t *)any->base, strcspn(any->base, "{") },
		bytes_of(pattern),
	};

	pipeline_command(p, 6);
	pipeline_text(p, "SCAN");
	pipeline_text(p, cursor);
	pipeline_text(p, "MATCH");
	pipeline_parts(p, parts, 2);
	pipeline_text(p, "COUNT");
	pipeline_number(p, SCAN_COUNT);
}

bool uuid_from_raw(struct uuid *out, struct bytes raw)
{
	if (raw.len != sizeof(out->bytes))
		return false;
	memcpy(out->bytes, raw.data, raw.len);
	return true;
}

const char *keys_subject_kind(enum subject_kind kind)
{
	return kind == SUBJECT_USER ? "u:" : "g:";
}

/* Sets the subject from the end of a key of the reverse index: "}:u:" or "}:g:", then the id. */
static bool parse_subject_tail(struct subject *out, struct bytes tail)
{
	enum { KIND_LEN = 4 };
	struct subject s;

	if (tail.len != KIND_LEN + sizeof(s.id.bytes))
		return false;
	if (memcmp(tail.data, "}:u:", KIND_LEN) == 0)
		s.kind = SUBJECT_USER;
	else if (memcmp(tail.data, "}:g:", KIND_LEN) == 0)
		s.kind = SUBJECT_GROUP;
	else
		return false;
	memcpy(s.id.bytes, tail.data + KIND_LEN, sizeof(s.id.bytes));
	*out = s;
	return true;
}

bool keys_parse_subject(const struct keys *any, struct bytes key, int *partition,
			struct subject *out)
{
	size_t tag = strcspn(any->base, "{") + 1;
	struct bytes rest;
	int64_t number;

	if (key.len < tag || memcmp(key.data, any->base, tag) != 0)
		return false;
	rest = (struct bytes){ key.data + tag, key.len - tag };
	if (!number_take(&rest, &number) || number > INT_MAX || !parse_subject_tail(out, rest))
		return false;
	*partition = (int)number;
	return true;
}
