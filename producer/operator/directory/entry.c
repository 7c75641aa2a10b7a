#include "producer/operator/directory/entry.h"

#include "schemas/records.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int entry_complain(const struct entry *e, const char *format, ...)
{
	char what[ERROR_TEXT_SIZE];
	char name[64] = "";
	va_list args;

	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	if (e->name)
		(void)snprintf(name, sizeof(name), " \"%.50s\"", e->name);
	return error_set(e->err, ERROR_INPUT, "%s[%zu]%s: %s", e->list, e->index, name, what);
}

const char *entry_text(const struct entry *e, const char *key, const char *fallback, int *rc)
{
	const json_t *value = json_object_get(e->object, key);

	if (!value || *rc)
		return fallback;
	if (!json_is_string(value) || json_string_length(value) > NAME_MAX_BYTES ||
	    strlen(json_string_value(value)) != json_string_length(value)) {
		*rc = entry_complain(e, "%s must be a text of at most %d bytes", key,
				     NAME_MAX_BYTES);
		return fallback;
	}
	return json_string_value(value);
}

const char *entry_name(const struct entry *e, const char *key, int *rc)
{
	const char *name = entry_text(e, key, "", rc);

	if (!*rc && !name[0])
		*rc = entry_complain(e, "%s is missing or empty", key);
	if (!*rc && strchr(name, '/'))
		*rc = entry_complain(e, "%s must not contain a slash: %s", key, name);
	return name;
}

int entry_symbol(const struct entry *e, const char *key, const char *const *symbols, int fallback,
		 int *rc)
{
	const char *text = entry_text(e, key, NULL, rc);
	int value = text ? symbol_parse(symbols, text) : fallback;

	if (!*rc && !value)
		*rc = entry_complain(e, "%s is not a known %s", text, key);
	return value;
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

static const char *const organization_keys[] = { "name", "id", "sharing", NULL };
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

int entry_visit(const json_t *file, const struct entry_list *list, entry_fn *fn, void *context,
		struct error *err)
{
	const json_t *array = json_object_get(file, list->key);
	int rc = 0;

	if (array && !json_is_array(array))
		return error_set(err, ERROR_INPUT, "%s must be a list", list->key);
	for (size_t i = 0; !rc && i < json_array_size(array); i++) {
		struct entry e = { list->key, i, json_array_get(array, i), NULL, err };

		if (!json_is_object(e.object))
			return entry_complain(&e, "this must be an object");
		e.name = entry_name(&e, list->name_key, &rc);
		if (!rc)
			rc = entry_check_keys(&e, list->allowed);
		if (!rc)
			rc = fn(&e, context);
	}
	return rc;
}

const char *entry_pair(char out[static ENTRY_PAIR_SIZE], const char *first, const char *second)
{
	(void)snprintf(out, ENTRY_PAIR_SIZE, "%s/%s", first, second);
	return out;
}

const char *entry_membership(const struct entry *e, const json_t *m, int *rc)
{
	const char *name = json_string_value(json_is_object(m) ? json_object_get(m, "name") : m);

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
