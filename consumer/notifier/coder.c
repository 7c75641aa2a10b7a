#include "consumer/notifier/event.h"
#include "consumer/notifier/profiles.h"
#include "consumer/notifier/value.h"

#include <ctype.h>

/* "workspace_shared" -> "Workspace Shared", as Coder names its templates. */
static struct bytes template_name(enum notification_kind kind, struct arena *arena)
{
	struct bytes symbol = bytes_of(symbol_name(notification_kind_symbols, (int)kind));
	uint8_t *name = arena_alloc(arena, symbol.len + 1);
	bool first = true;

	for (size_t i = 0; i < symbol.len; i++) {
		uint8_t c = symbol.data[i];

		name[i] = c == '_' ? ' ' : (uint8_t)(first ? toupper(c) : c);
		first = c == '_';
	}
	name[symbol.len] = 0;
	return (struct bytes){ name, symbol.len };
}

static int template_id(enum notification_kind kind, struct arena *arena, struct uuid *out,
		       struct error *err)
{
	const char *symbol = symbol_name(notification_kind_symbols, (int)kind);

	if (uuid_v5(out, &UUID_NAMESPACE_SHAREBUS, arena_printf(arena, "notification %s", symbol)))
		return error_set(err, ERROR_REFUSED,
				 "the system forbids SHA-1, of which ids are made");
	return 0;
}

/* Labels are texts; what is absent has none. */
static void set_label(struct json_t *labels, const char *name, struct bytes text)
{
	if (text.len)
		value_set(labels, name, value_text(text));
}

static struct json_t *labels_value(const struct telling *t, struct arena *arena)
{
	const struct notification *n = t->notification;
	const struct subject group = { SUBJECT_GROUP, n->group_id };
	struct json_t *labels = value_object();

	set_label(labels, "workspace", n->workspace.name);
	set_label(labels, "owner", event_owner_name(t, arena));
	set_label(labels, "initiator", event_actor_name(t, &n->actor, arena));
	if (n->role)
		set_label(labels, "role", bytes_of(role_name(n->role)));
	if (!uuid_is_nil(&n->group_id))
		set_label(labels, "group", directory_subject_name(t->directory, &group, arena));
	set_label(labels, "message", n->message);
	if (n->expires_at != ABSENT)
		value_set(labels, "expires_at", value_time(n->expires_at));
	return labels;
}

static struct json_t *targets_value(const struct notification *n)
{
	struct json_t *list = value_array();

	value_append(list, value_uuid(&n->workspace.id));
	value_append(list, value_uuid(&n->workspace.owner_id));
	value_append(list, value_uuid(&n->workspace.organization_id));
	return list;
}

/* Somebody whom the directory does not have any more has an id and nothing else. */
static void set_user(struct json_t *payload, const struct telling *t)
{
	const struct user_changed *u = t->recipient;
	struct bytes none = bytes_of("");

	value_set(payload, "user_id", value_uuid(&t->notification->recipient_id));
	value_set(payload, "user_email", value_text(u && u->email.data ? u->email : none));
	value_set(payload, "user_name", value_text(u && u->name.data ? u->name : none));
	value_set(payload, "user_username", value_text(u ? u->username : none));
}

static struct json_t *payload_value(const struct telling *t, const struct uuid *template,
				    struct arena *arena)
{
	const struct notification *n = t->notification;
	struct json_t *payload = value_object();

	value_set(payload, "_version", value_string("1.2"));
	value_set(payload, "notification_name", value_text(template_name(n->kind, arena)));
	value_set(payload, "notification_template_id", value_uuid(template));
	set_user(payload, t);
	value_set(payload, "actions", event_actions(t, arena));
	value_set(payload, "labels", labels_value(t, arena));
	value_set(payload, "data", event_data(t, arena));
	value_set(payload, "targets", targets_value(n));
	return payload;
}

int coder_fill(struct request *r, struct error *err)
{
	const struct telling *t = r->telling;
	const struct notification *n = t->notification;
	struct uuid message;
	struct uuid template;
	struct json_t *body;
	char *id = arena_alloc(r->arena, UUID_TEXT_SIZE);

	if (!n)
		return error_set(err, ERROR_INPUT,
				 "the profile coder tells notifications, not steps of handoffs");
	if (event_uuid(t, r->arena, &message, err) ||
	    template_id(n->kind, r->arena, &template, err))
		return ERROR_REFUSED;
	uuid_format(id, &message);
	body = value_object();
	value_set(body, "_version", value_string("1.1"));
	value_set(body, "msg_id", value_string(id));
	value_set(body, "title", value_text(n->title));
	value_set(body, "title_markdown", value_text(n->title));
	value_set(body, "body", value_text(n->body));
	value_set(body, "body_markdown", value_text(n->body_markdown));
	value_set(body, "payload", payload_value(t, &template, r->arena));
	r->body = value_print(body, r->arena);
	request_header(r, "x-message-id", id);
	return 0;
}
