#include "producer/cli/offer.h"

#include "ops/support/file.h"

#include <jansson.h>
#include <string.h>

int offer_parse_kind(enum sharebus_handoff_kind *out, const char *text, struct error *err)
{
	for (int i = SHAREBUS_HANDOFF_REVIEW; i <= SHAREBUS_HANDOFF_INPUT; i++) {
		enum sharebus_handoff_kind kind = (enum sharebus_handoff_kind)i;

		if (strcmp(sharebus_handoff_kind_name(kind), text) != 0)
			continue;
		*out = kind;
		return 0;
	}
	return error_set(err, ERROR_INPUT, "--kind is \"%s\"; it must be review, takeover or input",
			 text);
}

/* ---- tasks ---- */

static const char *copy_part(struct arena *arena, const char *from, size_t len)
{
	return text_of(arena_copy(arena, (struct bytes){ (const uint8_t *)from, len }));
}

static enum sharebus_task_system find_system(const char *name, size_t len)
{
	for (int i = SHAREBUS_TASK_CODER; i <= SHAREBUS_TASK_OTHER; i++) {
		const char *known = sharebus_task_system_name((enum sharebus_task_system)i);

		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return (enum sharebus_task_system)i;
	}
	return SHAREBUS_TASK_NONE;
}

/* The "=" that an address follows, or NULL. */
static const char *find_address(const char *text)
{
	const char *mark = strstr(text, "://");
	const char *found = NULL;

	for (const char *p = text; mark && p < mark; p++)
		if (*p == '=')
			found = p; /* the last one: a scheme has no "=" */
	return found;
}

int offer_parse_task(struct sharebus_offer *out, const char *text, struct arena *arena,
		     struct error *err)
{
	const char *colon = strchr(text, ':');
	enum sharebus_task_system system =
		colon ? find_system(text, (size_t)(colon - text)) : SHAREBUS_TASK_NONE;
	const char *id = colon ? colon + 1 : text;
	const char *address = find_address(id);
	size_t len = address ? (size_t)(address - id) : strlen(id);

	if (!system || !len)
		return error_set(err, ERROR_INPUT,
				 "--task is \"%s\"; give coder:ID, a2a:ID, mcp:ID, langgraph:ID or "
				 "other:ID, and an address as in coder:ID=https://…",
				 text);
	out->task_system = system;
	out->task_id = copy_part(arena, id, len);
	out->task_url = address ? copy_part(arena, address + 1, strlen(address + 1)) : NULL;
	return 0;
}

/* ---- artifacts ---- */

int offer_parse_artifact(struct sharebus_artifact *out, const char *text, struct arena *arena,
			 struct error *err)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text || !equals[1])
		return error_set(err, ERROR_INPUT,
				 "--artifact is \"%s\"; give a name and an address, as in "
				 "pr=https://git.example/pulls/7",
				 text);
	*out = (struct sharebus_artifact){
		copy_part(arena, text, (size_t)(equals - text)),
		copy_part(arena, equals + 1, strlen(equals + 1)),
	};
	return 0;
}

int offer_read_artifacts(struct artifact_list *out, const struct arguments *a, int artifact,
			 int link, struct arena *arena, struct error *err)
{
	struct sharebus_artifact *list = arena_alloc(arena, (a->given_count + 1) * sizeof(*list));
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < a->given_count; i++) {
		const struct given *g = &a->given[i];

		if (g->id == artifact)
			rc = offer_parse_artifact(&list[n++], g->value, arena, err);
		else if (link && g->id == link)
			list[n++] = (struct sharebus_artifact){ "link", g->value };
	}
	*out = (struct artifact_list){ list, n };
	return rc;
}

/* ---- the schema of an answer ---- */

static int check_schema(struct bytes text, const char *path, struct error *err)
{
	json_error_t why;
	json_t *schema = json_loadb((const char *)text.data, text.len, 0, &why);
	bool good = json_is_object(schema);

	json_decref(schema);
	if (good)
		return 0;
	if (!schema)
		return error_set(err, ERROR_INPUT, "%s:%d: this is no JSON: %s", path, why.line,
				 why.text);
	return error_set(err, ERROR_INPUT, "%s: a JSON Schema must be a JSON object", path);
}

int offer_read_schema(const char **out, const char *path, struct arena *arena, struct error *err)
{
	struct file_content content = { 0 };
	int rc = file_read(&content, path, SHAREBUS_ANSWER_SCHEMA_MAX, err);

	if (!rc)
		rc = check_schema(content.bytes, path, err);
	if (!rc)
		*out = text_of(arena_copy(arena, content.bytes));
	file_content_done(&content);
	return rc;
}
