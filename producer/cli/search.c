#include "producer/cli/search.h"

#include <string.h>

static const char BLANKS[] = " \t\r\n";

/* Where the value of that key goes, or NULL if there is no such key. */
static const char **place_of(struct search *s, struct bytes key)
{
	if (bytes_equal_text(key, "shared"))
		return &s->shared;
	if (bytes_equal_text(key, "shared_with_user"))
		return &s->shared_with_user;
	if (bytes_equal_text(key, "shared_with_group"))
		return &s->shared_with_group;
	return bytes_equal_text(key, "owner") ? &s->owner : NULL;
}

/* Takes a value off the front: a word, or a quoted text with a blank or the end after it. */
static bool take_value(const char **at, struct bytes *out)
{
	bool quoted = **at == '"';
	const char *begin = *at + quoted;
	size_t len = strcspn(begin, quoted ? "\"" : BLANKS);

	*out = (struct bytes){ (const uint8_t *)begin, len };
	*at = begin + len;
	if (quoted && **at != '"')
		return false;
	*at += quoted;
	return len > 0 && (!**at || strchr(BLANKS, **at));
}

static int take_pair(struct search *out, const char **at, struct arena *arena, struct error *err)
{
	const char *begin = *at;
	size_t len = strcspn(begin, ":\" \t\r\n");
	struct bytes key = { (const uint8_t *)begin, len };
	struct bytes value;
	const char **place;

	*at = begin + len + 1;
	if (begin[len] != ':' || !take_value(at, &value))
		return error_set(err, ERROR_INPUT,
				 "--search has \"%s\"; it must be pairs of key:value or "
				 "key:\"a value\", separated by blanks",
				 begin);
	place = place_of(out, key);
	if (!place)
		return error_set(err, ERROR_INPUT,
				 "--search knows no key \"%.*s\"; it knows shared, "
				 "shared_with_user, shared_with_group and owner",
				 BYTES_ARG(key));
	if (*place)
		return error_set(err, ERROR_INPUT, "--search has %.*s twice", BYTES_ARG(key));
	*place = (const char *)arena_copy(arena, value).data;
	return 0;
}

int search_parse(struct search *out, const char *text, struct arena *arena, struct error *err)
{
	const char *at = text + strspn(text, BLANKS);
	int rc = 0;

	if (!*at)
		return error_set(err, ERROR_INPUT, "--search is empty; give pairs of key:value");
	while (!rc && *at) {
		rc = take_pair(out, &at, arena, err);
		if (!rc)
			at += strspn(at, BLANKS);
	}
	if (!rc && out->shared && strcmp(out->shared, "true") != 0 &&
	    strcmp(out->shared, "false") != 0)
		rc = error_set(err, ERROR_INPUT,
			       "--search has shared:%s; it must be shared:true or shared:false",
			       out->shared);
	return rc;
}
