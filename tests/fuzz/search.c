/*
 * The value of --search. When it is accepted, the terms written down again, each
 * in quotes, are accepted too and give the same; none is empty, and each occurs
 * in the text.
 */

#include "producer/cli/search.h"

#include "tests/fuzz/target.h"

/* The pair, in quotes; nothing when the value holds one, or is not there. */
static struct bytes make_pair(const char *key, const char *value, struct arena *arena)
{
	if (!value)
		return bytes_of("");
	if (strchr(value, '"'))
		return arena_printf(arena, "%s:%s ", key, value);
	return arena_printf(arena, "%s:\"%s\" ", key, value);
}

static void check_value(const char *text, const char *value, const char *again)
{
	assert(!value == !again);
	assert(!value || (value[0] && strcmp(value, again) == 0 && strstr(text, value)));
}

static void check_terms(const char *text, const struct search *s, struct arena *arena)
{
	struct error err = { 0 };
	struct search again = { 0 };
	struct bytes written = arena_printf(
		arena, "%s%s%s%s", (const char *)make_pair("owner", s->owner, arena).data,
		(const char *)make_pair("shared", s->shared, arena).data,
		(const char *)make_pair("shared_with_user", s->shared_with_user, arena).data,
		(const char *)make_pair("shared_with_group", s->shared_with_group, arena).data);
	int rc = search_parse(&again, (const char *)written.data, arena, &err);

	assert(rc == 0);
	check_value(text, s->owner, again.owner);
	check_value(text, s->shared, again.shared);
	check_value(text, s->shared_with_user, again.shared_with_user);
	check_value(text, s->shared_with_group, again.shared_with_group);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	char *text = text_copy((struct bytes){ data, len });
	struct error err = { 0 };
	struct search s = { 0 };
	int rc = search_parse(&s, text, &arena, &err);

	if (rc)
		assert(rc == ERROR_INPUT && err.text[0]);
	else
		check_terms(text, &s, &arena);
	free(text);
	arena_reset(&arena);
	return 0;
}
