#include "cache/keys.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int keys_check_prefix(const char *prefix, struct error *err)
{
	size_t good = strspn(prefix, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				     "0123456789.:_-");

	if (good && good <= PREFIX_MAX && !prefix[good])
		return 0;
	return error_set(err, ERROR_USAGE,
			 "the prefix is \"%s\"; it must be 1 to %d letters, digits, dots, colons, "
			 "underscores and hyphens",
			 prefix, PREFIX_MAX);
}

void keys_init(struct keys *k, const char *prefix, int partition)
{
	int len = partition == KEYS_DIRECTORY
			  ? snprintf(k->base, sizeof(k->base), "%.*s:{dir}:", PREFIX_MAX, prefix)
			  : snprintf(k->base, sizeof(k->base), "%.*s:{%d}:", PREFIX_MAX, prefix,
				     partition);

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

void pipeline_hdel_if(struct pipeline *p, const struct keys *k, const char *kind,
		      const struct uuid *id, struct bytes field, const struct uuid *value)
{
	pipeline_command(p, 6);
	pipeline_text(p, "EVAL");
	pipeline_text(p, HDEL_IF_SCRIPT);
	pipeline_text(p, "1");
	pipeline_key(p, k, kind, id);
	pipeline_bytes(p, field);
	pipeline_id(p, value);
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

bool keys_parse_subject(const struct keys *any, struct bytes key, int *partition,
			struct subject *out)
{
	enum { KIND_LEN = 4 }; /* "}:u:" */
	size_t number = strcspn(any->base, "{") + 1;
	struct bytes id;
	char *end;
	long value;

	if (key.len < number + 1 + KIND_LEN + sizeof(out->id.bytes) ||
	    memcmp(key.data, any->base, number) != 0 || !isdigit(key.data[number]))
		return false;
	value = strtol((const char *)key.data + number, &end, 10);
	id = (struct bytes){ (const uint8_t *)end + KIND_LEN, sizeof(out->id.bytes) };
	if (id.data + id.len != key.data + key.len || value > INT_MAX)
		return false;
	*partition = (int)value;
	out->kind = memcmp(end, "}:u:", KIND_LEN) == 0 ? SUBJECT_USER : SUBJECT_GROUP;
	return (out->kind == SUBJECT_USER || memcmp(end, "}:g:", KIND_LEN) == 0) &&
	       uuid_from_raw(&out->id, id);
}
