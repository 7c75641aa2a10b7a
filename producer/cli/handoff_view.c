#include "producer/cli/handoff_view.h"

#include "producer/cli/grants.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"

#include <jansson.h>
#include <stdio.h>

enum { SUMMARY_SHOWN = 60 }; /* characters of it in a table that is not wide */

static const char *kind_name(enum sharebus_subject_kind kind)
{
	return kind == SHAREBUS_USER ? "user" : "group";
}

/* ---- JSON ---- */

static json_t *user_json(const struct sharebus_id *id, const char *name)
{
	return name ? json_pack("{so so}", "id", id_json(id), "username", json_text(bytes_of(name)))
		    : json_null();
}

static json_t *task_json(const struct sharebus_handoff *h)
{
	if (!h->task_system)
		return json_null();
	return json_pack("{ss so so}", "system", sharebus_task_system_name(h->task_system), "id",
			 json_text(bytes_of(h->task_id)), "url", json_text(bytes_of(h->task_url)));
}

static json_t *artifacts_json(const struct sharebus_handoff *h)
{
	json_t *list = json_array();

	for (size_t i = 0; i < h->artifact_count; i++)
		(void)json_array_append_new(
			list,
			json_pack("{so so}", "name", json_text(bytes_of(h->artifacts[i].name)),
				  "url", json_text(bytes_of(h->artifacts[i].url))));
	return list;
}

static json_t *place_json(const struct sharebus_handoff *h)
{
	return json_pack("{so so so so}", "id", id_json(&h->workspace), "name",
			 json_text(bytes_of(h->workspace_name)), "owner_id", id_json(&h->owner),
			 "owner_name", json_text(bytes_of(h->owner_name)));
}

json_t *handoff_json(const struct sharebus_handoff *h)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", id_json(&h->id));
	(void)json_object_set_new(o, "workspace", place_json(h));
	(void)json_object_set_new(o, "kind", json_string(sharebus_handoff_kind_name(h->kind)));
	(void)json_object_set_new(o, "state", json_string(sharebus_handoff_state_name(h->state)));
	(void)json_object_set_new(o, "step", json_integer(h->step));
	(void)json_object_set_new(o, "offered_by", user_json(&h->offered_by, h->offered_by_name));
	(void)json_object_set_new(o, "to",
				  json_pack("{ss so so}", "kind", kind_name(h->to_kind), "id",
					    id_json(&h->to), "name",
					    json_text(bytes_of(h->to_name))));
	(void)json_object_set_new(o, "accepted_by",
				  user_json(&h->accepted_by, h->accepted_by_name));
	(void)json_object_set_new(o, "role", json_string(sharebus_role_name(h->role)));
	(void)json_object_set_new(o, "summary", json_text(bytes_of(h->summary)));
	(void)json_object_set_new(o, "question", json_text(bytes_of(h->question)));
	(void)json_object_set_new(o, "task", task_json(h));
	(void)json_object_set_new(o, "artifacts", artifacts_json(h));
	(void)json_object_set_new(o, "answer_schema", json_text(bytes_of(h->answer_schema)));
	(void)json_object_set_new(o, "note", json_text(bytes_of(h->note)));
	(void)json_object_set_new(o, "offered_at", time_json(h->offered_at));
	(void)json_object_set_new(o, "expires_at", time_json(h->expires_at));
	return o;
}

/* ---- one of them ---- */

/* Prints a line, unless the value is absent. */
static void print_line(struct session *s, const char *name, struct bytes value)
{
	if (value.data)
		(void)printf("%-12s %s\n", name, text_of(printable(value, &s->arena)));
}

static void print_task(struct session *s, const struct sharebus_handoff *h)
{
	if (h->task_system)
		print_line(s, "task",
			   arena_printf(&s->arena, "%s:%s%s%s",
					sharebus_task_system_name(h->task_system), h->task_id,
					h->task_url ? " " : "", h->task_url ? h->task_url : ""));
}

static struct bytes place_text(struct session *s, const struct sharebus_handoff *h)
{
	return arena_printf(&s->arena, "%s/%s", h->owner_name, h->workspace_name);
}

void handoff_print(struct session *s, const struct sharebus_handoff *h)
{
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, &h->id);
	print_line(s, "handoff", bytes_of(id));
	print_line(s, "workspace", place_text(s, h));
	print_line(s, "kind", bytes_of(sharebus_handoff_kind_name(h->kind)));
	print_line(s, "state", bytes_of(sharebus_handoff_state_name(h->state)));
	print_line(s, "step", arena_printf(&s->arena, "%lld", (long long)h->step));
	print_line(s, "offered by", bytes_of(h->offered_by_name));
	print_line(s, "to", arena_printf(&s->arena, "%s %s", kind_name(h->to_kind), h->to_name));
	print_line(s, "accepted by", bytes_of(h->accepted_by_name));
	print_line(s, "role", bytes_of(sharebus_role_name(h->role)));
	print_line(s, "offered at", time_cell(s, h->offered_at));
	print_line(s, "expires", time_cell(s, h->expires_at));
	print_line(s, "summary", bytes_of(h->summary));
	print_line(s, "question", bytes_of(h->question));
	print_task(s, h);
	for (size_t i = 0; i < h->artifact_count; i++)
		print_line(s, "artifact",
			   arena_printf(&s->arena, "%s %s", h->artifacts[i].name,
					h->artifacts[i].url));
	print_line(s, "answer", bytes_of(h->answer_schema));
	print_line(s, "note", bytes_of(h->note));
}

/* ---- all of them ---- */

/* Its beginning, so that the table fits a screen, unless that is not wanted. */
static struct bytes summary_cell(struct session *s, const struct sharebus_handoff *h)
{
	const char *text = text_of(printable(bytes_of(h->summary), &s->arena));
	size_t len = 0;

	for (size_t n = 0; text[len] && n < SUMMARY_SHOWN; n++)
		do
			len++;
		while (((unsigned char)text[len] & 0xc0) == 0x80);
	if (s->wide || !text[len])
		return bytes_of(text);
	return arena_printf(&s->arena, "%.*s…", (int)len, text);
}

void handoffs_print(struct session *s, const struct sharebus_handoff *list, size_t count)
{
	static const char *const titles[] = { "HANDOFF", "WORKSPACE", "STATE",   "KIND",
					      "FROM",    "TO",        "EXPIRES", "SUMMARY" };
	struct table t;

	table_init(&t, &s->arena, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < count; i++) {
		const struct sharebus_handoff *h = &list[i];
		char id[SHAREBUS_ID_SIZE];

		sharebus_format_id(id, &h->id);
		table_add(&t,
			  (const struct bytes[]){
				  arena_printf(&s->arena, "%s", id),
				  place_text(s, h),
				  bytes_of(sharebus_handoff_state_name(h->state)),
				  bytes_of(sharebus_handoff_kind_name(h->kind)),
				  bytes_of(h->offered_by_name),
				  bytes_of(h->accepted_by_name ? h->accepted_by_name : h->to_name),
				  time_cell(s, h->expires_at),
				  summary_cell(s, h),
			  });
	}
	table_print(&t);
	if (!count)
		(void)fprintf(stderr, "No open handoffs.\n");
}
