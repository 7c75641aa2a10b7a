/*
 * Puts notifications into inboxes, for inbox_test.py:
 *
 *	putter REDIS PARTITIONS USER ID [COUNT]
 *
 * ID may have %d in it, which is the number of the notification, from 0. Prints "put"
 * or "had" for each.
 */

#include "cache/inbox.h"

#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 5000 };

static struct bytes number_text(struct arena *arena, const char *pattern, int number)
{
	const char *at = strstr(pattern, "%d");

	return at ? arena_printf(arena, "%.*s%d%s", (int)(at - pattern), pattern, number, at + 2)
		  : arena_printf(arena, "%s", pattern);
}

static int put_one(struct inbox *in, const struct uuid *user, const char *pattern, int number,
		   struct error *err)
{
	struct arena arena;
	struct bytes id;
	struct bytes told;
	int rc;

	arena_init(&arena);
	id = number_text(&arena, pattern, number);
	told = arena_printf(&arena,
			    "{\"type\":\"sharing.workspace_shared\","
			    "\"timestamp\":\"2026-01-01T00:00:00.000Z\","
			    "\"data\":{\"id\":\"%s\",\"title\":\"Title of %s\","
			    "\"body\":\"One.\\n\\nTwo\\u001b.\"}}",
			    text_of(id), text_of(id));
	rc = inbox_put(in, user, id, told, err);
	arena_done(&arena);
	return rc;
}

int main(int argc, char **argv)
{
	struct redis_target redis = { .address = argc > 4 ? argv[1] : NULL };
	int count = argc > 5 ? (int)strtol(argv[5], NULL, 10) : 1;
	struct inbox *in = NULL;
	struct error err = { 0 };
	struct uuid user;
	int rc = 0;

	if (argc < 5 || uuid_parse(&user, bytes_of(argv[3])))
		return 2;
	rc = inbox_open(&in, &redis, "sb", (int)strtol(argv[2], NULL, 10), TIMEOUT_MS, &err);
	for (int i = 0; rc >= 0 && i < count; i++) {
		rc = put_one(in, &user, argv[4], i, &err);
		if (rc >= 0)
			(void)printf("%s\n", rc == INBOX_PUT ? "put" : "had");
	}
	inbox_close(&in);
	if (rc < 0)
		(void)fprintf(stderr, "%s\n", err.text);
	return rc < 0;
}
