#include "cache/bearers.h"

#include "cache/redis.h"
#include "ops/support/number.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { LENGTH_SIZE = 24 };

static const struct uuid LOWEST = { { 0 } };
static const struct uuid HIGHEST = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				       0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };

/* Adds a member as an argument; ZRANGEBYLEX wants "[" before it. */
static void append_member(struct pipeline *p, const char *before, struct bytes name,
			  const struct uuid *id)
{
	char length[LENGTH_SIZE];
	const struct bytes parts[] = {
		bytes_of(before),
		{ (const uint8_t *)length,
		  (size_t)snprintf(length, sizeof(length), "%zu:", name.len) },
		name,
		{ id->bytes, sizeof(id->bytes) },
	};

	pipeline_parts(p, parts, sizeof(parts) / sizeof(*parts));
}

void bearers_add(struct pipeline *p, const struct keys *k, const char *kind,
		 const struct uuid *parent, struct bytes name, const struct uuid *id)
{
	pipeline_command(p, 4);
	pipeline_text(p, "ZADD");
	pipeline_key(p, k, kind, parent);
	pipeline_text(p, "0");
	append_member(p, "", name, id);
}

void bearers_drop(struct pipeline *p, const struct keys *k, const char *kind,
		  const struct uuid *parent, struct bytes name, const struct uuid *id)
{
	pipeline_command(p, 3);
	pipeline_text(p, "ZREM");
	pipeline_key(p, k, kind, parent);
	append_member(p, "", name, id);
}

void bearers_ask(struct pipeline *p, const struct keys *k, const char *kind,
		 const struct uuid *parent, struct bytes name)
{
	pipeline_command(p, 7);
	pipeline_text(p, "ZRANGEBYLEX");
	pipeline_key(p, k, kind, parent);
	append_member(p, "[", name, &LOWEST);
	append_member(p, "[", name, &HIGHEST);
	pipeline_text(p, "LIMIT");
	pipeline_number(p, 0);
	pipeline_number(p, BEARERS_MAX);
}

void bearers_ask_one(struct pipeline *p, const struct keys *k, const char *kind,
		     const struct uuid *parent, struct bytes name, const struct uuid *id)
{
	pipeline_command(p, 3);
	pipeline_text(p, "ZSCORE");
	pipeline_key(p, k, kind, parent);
	append_member(p, "", name, id);
}

bool bearers_take(struct bearers *out, const struct redisReply *reply)
{
	struct bytes name;

	for (size_t i = 0; i < reply->elements && out->count < BEARERS_MAX; i++)
		if (!bearers_parse(reply_bytes(reply->element[i]), &name, &out->ids[out->count++]))
			return false;
	return true;
}

void bearers_ask_all(struct pipeline *p, const struct keys *k, const char *kind,
		     const struct uuid *parent)
{
	pipeline_command(p, 4);
	pipeline_text(p, "ZRANGE");
	pipeline_key(p, k, kind, parent);
	pipeline_number(p, 0);
	pipeline_number(p, -1);
}

/* ";" follows ":" in ASCII, so "(5;" ends what begins with "5:". */
void bearers_ask_length(struct pipeline *p, const struct keys *k, const char *kind,
			const struct uuid *parent, const struct name_page *page)
{
	char text[LENGTH_SIZE];
	int length = snprintf(text, sizeof(text), "[%zu:", page->len);
	const struct bytes from[] = { bytes_of("("), page->after };

	pipeline_command(p, 7);
	pipeline_text(p, "ZRANGEBYLEX");
	pipeline_key(p, k, kind, parent);
	if (page->after.data)
		pipeline_parts(p, from, 2);
	else
		pipeline_text(p, text);
	text[0] = '(';
	text[length - 1] = ';';
	pipeline_text(p, text);
	pipeline_text(p, "LIMIT");
	pipeline_number(p, 0);
	pipeline_number(p, page->max);
}

bool bearers_parse(struct bytes member, struct bytes *name, struct uuid *id)
{
	struct bytes rest = member;
	int64_t len;

	if (!number_take(&rest, &len) || !rest.len || *rest.data != ':' ||
	    (uint64_t)len + 1 + sizeof(id->bytes) != rest.len)
		return false;
	*name = (struct bytes){ rest.data + 1, (size_t)len };
	return uuid_from_raw(id, (struct bytes){ name->data + len, sizeof(id->bytes) });
}
