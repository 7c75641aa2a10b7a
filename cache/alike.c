#include "cache/alike.h"

#include "cache/bearers.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>

enum {
	PAGE = 10000, /* usernames in one reply: half a megabyte, and some milliseconds of Redis */
	PAGES_MAX = 500, /* no deployment has five million usernames of one length */
	PIECE = 1000,    /* commands in one pipeline */
	ALL = -1,
};

void alike_add(struct name_bearers *out, const struct name_bearer *b, struct arena *arena)
{
	out->list = arena_grow(arena, out->list, &out->cap, out->count + 1, sizeof(*out->list));
	out->list[out->count] = *b;
	out->list[out->count++].name = arena_copy(arena, b->name);
}

/* False when one of them is no member of an index. */
static bool take_bearers(struct name_bearers *out, const struct uuid *parent,
			 const redisReply *reply, struct arena *arena)
{
	for (size_t i = 0; i < reply->elements; i++) {
		struct name_bearer b = { .parent = *parent };

		if (!bearers_parse(reply_bytes(reply->element[i]), &b.name, &b.id))
			return false;
		alike_add(out, &b, arena);
	}
	return true;
}

/* Each page is of names after those of the page before: a server that does not mean it is never done. */
static bool goes_on(const struct name_page *asked, const redisReply *page)
{
	struct bytes first = reply_bytes(page->element[0]);
	size_t len = first.len < asked->after.len ? first.len : asked->after.len;

	return !asked->after.data || memcmp(first.data, asked->after.data, len) > 0;
}

static int fail_endless(const struct reader *r, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "Redis at %s has no end of usernames; connect to the Redis server itself",
			 reader_address(r));
}

int alike_usernames(struct reader *r, size_t len, struct arena *arena, struct name_bearers *out,
		    struct error *err)
{
	static const struct uuid none;
	struct name_page asked = { .len = len, .max = PAGE };
	const redisReply *page;
	int pages = 0;

	do {
		struct pipeline *p = reader_begin(r);
		int rc;

		bearers_ask_length(p, reader_keys(r, KEYS_DIRECTORY), "usernames", NULL, &asked);
		rc = reader_ask(r, err);
		if (rc)
			return rc;
		page = reader_reply(r, 0);
		if (page->elements && (pages++ == PAGES_MAX || !goes_on(&asked, page)))
			return fail_endless(r, err);
		if (!take_bearers(out, &none, page, arena))
			return reader_fail_damaged(r, KEYS_DIRECTORY, "usernames", err);
		if (page->elements)
			asked.after =
				arena_copy(arena, reply_bytes(page->element[page->elements - 1]));
	} while (page->elements == PAGE);
	return 0;
}

static int ask_owners(struct reader *r, const struct owned_length *asked, size_t count,
		      struct arena *arena, struct name_bearers *out, struct error *err)
{
	int partitions = reader_deployment(r)->partitions;
	struct pipeline *p = reader_begin(r);
	size_t reply = 0;
	int rc;

	for (size_t i = 0; i < count; i++)
		for (int partition = 0; partition < partitions; partition++) {
			bearers_ask_length(p, reader_keys(r, partition), "o:", &asked[i].owner,
					   &(struct name_page){ .len = asked[i].len, .max = ALL });
			reader_touch(r, partition);
		}
	rc = reader_ask(r, err);
	for (size_t i = 0; !rc && i < count; i++)
		for (int partition = 0; !rc && partition < partitions; partition++, reply++)
			if (!take_bearers(out, &asked[i].owner, reader_reply(r, reply), arena))
				rc = reader_fail_damaged(r, partition, "o:", err);
	return rc;
}

int alike_workspaces(struct reader *r, const struct owned_length *asked, size_t count,
		     struct arena *arena, struct name_bearers *out, struct error *err)
{
	size_t partitions = (size_t)reader_deployment(r)->partitions;
	size_t piece = partitions < PIECE ? PIECE / partitions : 1;
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += piece)
		rc = ask_owners(r, asked + from, count - from < piece ? count - from : piece, arena,
				out, err);
	return rc;
}
