#include "producer/operator/directory/entry.h"

#include "schemas/records.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN = 50 };

int entry_complain(const struct entry *e, const char *format, ...)
{
	char what[ERROR_TEXT_SIZE];
	char name[NAME_SHOWN + sizeof(" \"\"")] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (e->name.data)
		(void)snprintf(name, sizeof(name), " \"%.*s\"",
			       (int)(e->name.len < NAME_SHOWN ? e->name.len : NAME_SHOWN),
			       (const char *)e->name.data);
	return error_set(e->err, ERROR_INPUT, "%s[%zu]%s: %s", e->list, e->index, name, what);
}

struct entry entry_of_fact(const struct directory_facts *facts, const struct record *fact,
			   struct error *err)
{
	enum directory_kind kind = directory_kind(fact);
	size_t first = 0;

	while (directory_kind(&facts->list[first]) != kind)
		first++;
	return (struct entry){ .list = directory_kinds[kind].section,
			       .index = (size_t)(fact - facts->list) - first,
			       .name = directory_name(fact),
			       .has_id = true,
			       .err = err };
}

struct bytes entry_text(const struct entry *e, const char *key, size_t max, int *rc)
{
	const json_t *value = json_object_get(e->object, key);

	if (!value || *rc)
		return (struct bytes){ 0 };
	if (!json_is_string(value) || json_string_length(value) > max) {
		*rc = entry_complain(e, "%s must be a text of at most %zu bytes", key, max);
		return (struct bytes){ 0 };
	}
	return (struct bytes){ (const uint8_t *)json_string_value(value),
			       json_string_length(value) };
}

static bool has_zero_byte(struct bytes text)
{
	return text.data && memchr(text.data, 0, text.len);
}

const char *entry_word(const struct entry *e, const char *key, int *rc)
{
	struct bytes text = entry_text(e, key, NAME_BYTES_MAX, rc);

	if (!*rc && has_zero_byte(text))
		*rc = entry_complain(e, "%s must not have a zero byte", key);
	return *rc ? NULL : (const char *)text.data;
}

const char *entry_reference(const struct entry *e, const char *key, int *rc)
{
	const char *name = entry_word(e, key, rc);

	if (!*rc && (!name || !name[0]))
		*rc = entry_complain(e, "%s is missing or empty", key);
	return name ? name : "";
}

int entry_symbol(const struct entry *e, const char *key, const char *const *symbols, int fallback,
		 int *rc)
{
	const char *text = entry_word(e, key, rc);
	int value = text ? symbol_parse(symbols, text) : fallback;

	if (!*rc && !value)
		*rc = entry_complain(e, "%s is not a known %s", text, key);
	return value;
}

int64_t entry_number(const struct entry *e, const char *key, int64_t max, int *rc)
{
	const json_t *value = json_object_get(e->object, key);
	int64_t number = json_integer_value(value);

	if (!value || json_is_null(value))
		return ABSENT;
	if (!*rc && (!json_is_integer(value) || number < 1 || number > max))
		*rc = entry_complain(e, "%s must be a number from 1 to %lld", key, (long long)max);
	return number;
}

int entry_check_keys(const struct entry *e, const char *const *allowed)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)e->object, key, value)
	{
		size_t i = 0;

		while (allowed[i] && strcmp(allowed[i], key) != 0)
			i++;
		if (!allowed[i])
			return entry_complain(e, "key %s is unknown", key);
	}
	return 0;
}

static const char *const organization_keys[] = { "name", "id", "sharing", "grant_lifetime_max_ms",
						 NULL };
static const char *const user_keys[] = { "username", "id",   "name",      "email",
					 "status",   "kind", "site_role", "organizations",
					 NULL };
static const char *const group_keys[] = { "name", "organization", "id", "members", NULL };
static const char *const workspace_keys[] = {
	"name", "owner", "organization", "id", "status", NULL
};
const char *const membership_keys[] = { "name", "role", NULL };
const struct entry_list organization_list = { "organizations", "name", organization_keys };
const struct entry_list user_list = { "users", "username", user_keys };
const struct entry_list group_list = { "groups", "name", group_keys };
const struct entry_list workspace_list = { "workspaces", "name", workspace_keys };

/* Reads the name. An entry that has an id is known by it. */
static int read_name(struct entry *e, const struct entry_list *list)
{
	int rc = 0;
	struct bytes name = entry_text(e, list->name_key, NAME_BYTES_MAX, &rc);

	e->has_id = json_object_get(e->object, "id") != NULL;
	e->name = name;
	if (!rc && (!name.data || (!name.len && !e->has_id)))
		rc = entry_complain(e, "%s is missing or empty", list->name_key);
	if (!rc && !e->has_id && has_zero_byte(name))
		rc = entry_complain(e, "%s has a zero byte; give an id", list->name_key);
	return rc;
}

int entry_visit(const json_t *file, const struct entry_list *list, entry_fn *fn, void *context,
		struct error *err)
{
	const json_t *array = json_object_get(file, list->key);
	int rc = 0;

	if (array && !json_is_array(array))
		return error_set(err, ERROR_INPUT, "%s must be a list", list->key);
	for (size_t i = 0; !rc && i < json_array_size(array); i++) {
		struct entry e = { .list = list->key,
				   .index = i,
				   .object = json_array_get(array, i),
				   .err = err };

		if (!json_is_object(e.object))
			return entry_complain(&e, "this must be an object");
		rc = read_name(&e, list);
		if (!rc)
			rc = entry_check_keys(&e, list->allowed);
		if (!rc)
			rc = fn(&e, context);
	}
	return rc;
}

const char *entry_pair(char out[static ENTRY_PAIR_SIZE], const char *parent, const char *name)
{
	(void)snprintf(out, ENTRY_PAIR_SIZE, "%zu:%s/%s", strlen(parent), parent, name);
	return out;
}

struct bytes entry_pair_parent(const char *pair)
{
	char *colon;
	size_t len = strtoul(pair, &colon, 10);

	return (struct bytes){ (const uint8_t *)colon + 1, len };
}

const char *entry_pair_name(const char *pair)
{
	struct bytes parent = entry_pair_parent(pair);

	return (const char *)parent.data + parent.len + 1;
}

/* What refers to another entry must be a text that could be its name or id. */
static const char *reference_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text && strlen(text) == json_string_length(value) && strlen(text) <= NAME_BYTES_MAX
		       ? text
		       : NULL;
}

const char *entry_member(const struct entry *e, const json_t *member, int *rc)
{
	const char *name = reference_text(member);

	if (!name && !*rc)
		*rc = entry_complain(e, "members must be usernames or ids");
	return name ? name : "";
}

const char *entry_membership(const struct entry *e, const json_t *m, int *rc)
{
	const char *name = reference_text(json_is_object(m) ? json_object_get(m, "name") : m);

	if (!name && !*rc)
		*rc = entry_complain(e, "organizations must be names, or objects with a name");
	return name ? name : "";
}

const json_t *entry_array(const struct entry *e, const char *key, int *rc)
{
	const json_t *list = json_object_get(e->object, key);

	if (list && !json_is_array(list) && !*rc)
		*rc = entry_complain(e, "%s must be a list", key);
	return list;
}
