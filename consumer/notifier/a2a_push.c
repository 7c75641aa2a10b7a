#include "consumer/notifier/event.h"
#include "consumer/notifier/profiles.h"
#include "consumer/notifier/value.h"

static const char *task_state(enum handoff_state state)
{
	switch (state) {
	case HANDOFF_OFFERED:
	case HANDOFF_ACCEPTED:
	case HANDOFF_DECLINED: /* it may be offered again */
		return "TASK_STATE_INPUT_REQUIRED";
	case HANDOFF_RETURNED:
		return "TASK_STATE_WORKING";
	case HANDOFF_COMPLETED:
		return "TASK_STATE_COMPLETED";
	case HANDOFF_WITHDRAWN:
	case HANDOFF_EXPIRED:
		return "TASK_STATE_CANCELED";
	}
	return "TASK_STATE_UNSPECIFIED";
}

/* "Bob has accepted the handoff: <note>"; of an offer, what is asked. */
static struct bytes status_text(const struct telling *t, struct arena *arena)
{
	const struct handoff_changed *h = t->handoff;
	struct bytes who = event_actor_name(t, &h->actor, arena);
	struct bytes said = h->note;

	if (h->state == HANDOFF_OFFERED)
		said = h->question.len ? h->question : h->summary;
	if (h->state == HANDOFF_EXPIRED)
		return bytes_of("The handoff has expired.");
	return arena_printf(arena, "%.*s has %s the handoff%s%.*s", BYTES_ARG(who),
			    symbol_name(handoff_state_symbols, (int)h->state),
			    said.len ? ": " : ".", BYTES_ARG(said));
}

/* The handoff itself, for programs. */
static void append_data(struct json_t *parts, const struct telling *t, struct arena *arena)
{
	struct json_t *part = value_object();

	value_set(part, "data", event_data(t, arena));
	value_set(part, "mediaType", value_string("application/json"));
	value_append(parts, part);
}

static struct json_t *message_value(const struct telling *t, struct arena *arena)
{
	const struct handoff_changed *h = t->handoff;
	struct json_t *message = value_object();
	struct json_t *parts = value_array();
	struct json_t *part = value_object();

	value_set(part, "text", value_text(status_text(t, arena)));
	value_append(parts, part);
	append_data(parts, t, arena);
	value_set(message, "messageId", value_text(t->id));
	value_set(message, "taskId", value_text(h->task->id));
	value_set(message, "contextId", value_uuid(&h->handoff_id));
	value_set(message, "role", value_string("ROLE_AGENT"));
	value_set(message, "parts", parts);
	return message;
}

int a2a_push_fill(struct request *r, struct error *err)
{
	const struct handoff_changed *h = r->telling->handoff;
	struct json_t *status;
	struct json_t *update;
	struct json_t *body;

	if (!h || !h->task || !h->task->id.len)
		return error_set(err, ERROR_INPUT,
				 "the profile a2a-push tells only steps of handoffs that name a "
				 "task");
	status = value_object();
	value_set(status, "state", value_string(task_state(h->state)));
	value_set(status, "timestamp", value_time(h->at));
	value_set(status, "message", message_value(r->telling, r->arena));
	update = value_object();
	value_set(update, "taskId", value_text(h->task->id));
	value_set(update, "contextId", value_uuid(&h->handoff_id));
	value_set(update, "status", status);
	body = value_object();
	value_set(body, "statusUpdate", update);
	r->body = value_print(body, r->arena);
	return 0;
}
