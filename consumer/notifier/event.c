#include "consumer/notifier/event.h"

#include "consumer/link.h"
#include "consumer/notifier/value.h"
#include "schemas/preferences.h"

const struct workspace_ref *event_workspace(const struct telling *t)
{
	return t->notification ? &t->notification->workspace : &t->handoff->workspace;
}

int event_uuid(const struct telling *t, struct arena *arena, struct uuid *out, struct error *err)
{
	struct bytes name =
		arena_printf(arena, "%.*s %.*s", BYTES_ARG(t->source), BYTES_ARG(t->id));

	if (uuid_v5(out, &UUID_NAMESPACE_SHAREBUS, name))
		return error_set(err, ERROR_REFUSED,
				 "the system forbids SHA-1, of which ids are made");
	return 0;
}

struct bytes event_type(const struct telling *t, struct arena *arena)
{
	const struct notification *n = t->notification;

	if (!n)
		return arena_printf(arena, "handoff.%s",
				    symbol_name(handoff_state_symbols, (int)t->handoff->state));
	return arena_printf(arena, "%s.%s",
			    symbol_name(category_symbols, (int)notification_category(n->kind)),
			    symbol_name(notification_kind_symbols, (int)n->kind));
}

struct bytes event_actor_name(const struct telling *t, const struct actor *a, struct arena *arena)
{
	if (a->kind == ACTOR_SYSTEM)
		return bytes_of("The system");
	return directory_display_name(t->directory, &a->id, arena);
}

struct bytes event_owner_name(const struct telling *t, struct arena *arena)
{
	const struct subject owner = { SUBJECT_USER, event_workspace(t)->owner_id };

	return directory_subject_name(t->directory, &owner, arena);
}

static struct json_t *actor_value(const struct telling *t, const struct actor *a,
				  struct arena *arena)
{
	struct json_t *value = value_object();

	value_set(value, "id", value_uuid(&a->id));
	value_set(value, "kind", value_string(symbol_name(actor_kind_symbols, (int)a->kind)));
	value_set(value, "name", value_text(event_actor_name(t, a, arena)));
	return value;
}

/* An id and the name that belongs to it; null if the id is nil. */
static struct json_t *named_value(const struct telling *t, enum subject_kind kind,
				  const struct uuid *id, struct arena *arena)
{
	const struct subject s = { kind, *id };
	struct json_t *value;

	if (uuid_is_nil(id))
		return value_string(NULL);
	value = value_object();
	value_set(value, "id", value_uuid(id));
	value_set(value, "name", value_text(directory_subject_name(t->directory, &s, arena)));
	return value;
}

static struct json_t *workspace_value(const struct telling *t, struct arena *arena)
{
	const struct workspace_ref *w = event_workspace(t);
	struct bytes owner = event_owner_name(t, arena);
	struct bytes url = { 0 };
	struct json_t *value = value_object();

	if (t->access_url[0])
		url = link_workspace(t->access_url, owner, w->name, arena);
	value_set(value, "id", value_uuid(&w->id));
	value_set(value, "name", value_text(w->name));
	value_set(value, "owner_id", value_uuid(&w->owner_id));
	value_set(value, "owner_name", value_text(owner));
	value_set(value, "organization_id", value_uuid(&w->organization_id));
	value_set(value, "url", value_text(url));
	return value;
}

struct json_t *event_actions(const struct telling *t, struct arena *arena)
{
	const struct notification *n = t->notification;
	struct json_t *list = value_array();

	for (size_t i = 0; i < n->action_count; i++) {
		struct json_t *action = value_object();

		value_set(action, "label", value_text(n->actions[i].label));
		value_set(action, "url", value_text(telling_address(t, n->actions[i].url, arena)));
		value_append(list, action);
	}
	return list;
}

static struct json_t *handoff_value(const struct notification *n)
{
	struct json_t *value;

	if (uuid_is_nil(&n->handoff_id))
		return value_string(NULL);
	value = value_object();
	value_set(value, "id", value_uuid(&n->handoff_id));
	value_set(value, "step", value_number(n->handoff_step));
	return value;
}

static struct json_t *symbol_value(const char *const *symbols, int value)
{
	return value_string(value ? symbol_name(symbols, value) : NULL);
}

static void set_notification(struct json_t *data, const struct telling *t, struct arena *arena)
{
	const struct notification *n = t->notification;

	value_set(data, "kind", symbol_value(notification_kind_symbols, (int)n->kind));
	value_set(data, "category",
		  symbol_value(category_symbols, (int)notification_category(n->kind)));
	value_set(data, "recipient_id", value_uuid(&n->recipient_id));
	value_set(data, "title", value_text(n->title));
	value_set(data, "body", value_text(n->body));
	value_set(data, "body_markdown", value_text(n->body_markdown));
	value_set(data, "message", value_text(n->message));
	value_set(data, "actions", event_actions(t, arena));
	value_set(data, "actor", actor_value(t, &n->actor, arena));
	value_set(data, "group", named_value(t, SUBJECT_GROUP, &n->group_id, arena));
	value_set(data, "role", symbol_value(role_symbols, (int)n->role));
	value_set(data, "expires_at", value_time(n->expires_at));
	value_set(data, "handoff", handoff_value(n));
	value_set(data, "event_id", value_text(n->event_id));
}

static struct json_t *task_value(const struct task *task)
{
	struct json_t *value;

	if (!task)
		return value_string(NULL);
	value = value_object();
	value_set(value, "system", symbol_value(task_system_symbols, (int)task->system));
	value_set(value, "id", value_text(task->id));
	value_set(value, "url", value_text(task->url));
	return value;
}

static struct json_t *artifacts_value(const struct handoff_changed *h)
{
	struct json_t *list = value_array();

	for (size_t i = 0; i < h->artifact_count; i++) {
		struct json_t *artifact = value_object();

		value_set(artifact, "name", value_text(h->artifacts[i].name));
		value_set(artifact, "url", value_text(h->artifacts[i].url));
		value_append(list, artifact);
	}
	return list;
}

static struct json_t *subject_value(const struct telling *t, const struct subject *s,
				    struct arena *arena)
{
	struct json_t *value = value_object();

	value_set(value, "kind", symbol_value(subject_kind_symbols, (int)s->kind));
	value_set(value, "id", value_uuid(&s->id));
	value_set(value, "name", value_text(directory_subject_name(t->directory, s, arena)));
	return value;
}

static void set_handoff(struct json_t *data, const struct telling *t, struct arena *arena)
{
	const struct handoff_changed *h = t->handoff;

	value_set(data, "handoff_id", value_uuid(&h->handoff_id));
	value_set(data, "step", value_number(h->step));
	value_set(data, "state", symbol_value(handoff_state_symbols, (int)h->state));
	value_set(data, "previous", symbol_value(handoff_state_symbols, (int)h->previous));
	value_set(data, "kind", symbol_value(handoff_kind_symbols, (int)h->kind));
	value_set(data, "offered_by", actor_value(t, &h->offered_by, arena));
	value_set(data, "to", subject_value(t, &h->to, arena));
	value_set(data, "accepted_by", named_value(t, SUBJECT_USER, &h->accepted_by, arena));
	value_set(data, "actor", actor_value(t, &h->actor, arena));
	value_set(data, "summary", value_text(h->summary));
	value_set(data, "question", value_text(h->question));
	value_set(data, "task", task_value(h->task));
	value_set(data, "note", value_text(h->note));
	value_set(data, "artifacts", artifacts_value(h));
	value_set(data, "answer_schema", value_text(h->answer_schema));
	value_set(data, "role", symbol_value(role_symbols, (int)h->role));
	value_set(data, "expires_at", value_time(h->expires_at));
	value_set(data, "command_id", value_uuid(&h->command_id));
}

struct json_t *event_data(const struct telling *t, struct arena *arena)
{
	struct json_t *data = value_object();

	value_set(data, "id", value_text(t->id));
	value_set(data, "source", value_text(t->source));
	value_set(data, "workspace", workspace_value(t, arena));
	if (t->notification)
		set_notification(data, t, arena);
	else
		set_handoff(data, t, arena);
	return data;
}

struct json_t *event_object(const struct telling *t, struct arena *arena)
{
	struct json_t *object = value_object();

	value_set(object, "type", value_text(event_type(t, arena)));
	value_set(object, "timestamp", value_time(telling_at(t)));
	value_set(object, "data", event_data(t, arena));
	return object;
}
