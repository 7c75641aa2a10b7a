#include "consumer/emit.h"

#include "consumer/notice_text.h"

void emitter_init(struct emitter *e)
{
	buffer_init(&e->value);
	prose_init(&e->title, true);
	prose_init(&e->body, false);
}

void emitter_done(struct emitter *e)
{
	buffer_done(&e->value);
	prose_done(&e->title);
	prose_done(&e->body);
}

static struct bytes id_text(struct arena *arena, const struct uuid *id)
{
	char *text = arena_alloc(arena, UUID_TEXT_SIZE);

	uuid_format(text, id);
	return (struct bytes){ (uint8_t *)text, UUID_TEXT_LEN };
}

/* ce_id of the source's n-th output. */
static struct bytes output_id(const struct emitter *e, const struct source *src)
{
	char *text = arena_alloc(e->arena, OUTPUT_ID_SIZE);

	output_format_id(text, e->partition, e->log, src->offset, src->n);
	return bytes_of(text);
}

/* Topic and key of a record. */
struct address {
	enum topic topic;
	struct bytes key;
};

/* Packs one record; an absent value is a tombstone. sharing.grants has no headers. */
static void pack_record(struct emitter *e, struct source *src, const struct address *to,
			enum record_type type, struct bytes value)
{
	output_append(e->packed,
		      &(struct output){
			      .topic = to->topic,
			      .type = type,
			      .offset = src->offset,
			      .n = src->n++,
			      .time = src->time,
			      .key = to->key,
			      .value = value,
			      .traceparent = to->topic == TOPIC_GRANTS ? (struct bytes){ 0 }
								       : src->traceparent,
		      });
}

static int emit_record(struct emitter *e, struct source *src, const struct address *to,
		       const struct record *r, struct error *err)
{
	int rc;

	buffer_clear(&e->value);
	rc = codec_encode(e->codec, r, &e->value, err);
	if (!rc)
		pack_record(e, src, to, r->type, buffer_bytes(&e->value));
	return rc;
}

static int emit_rejection(struct emitter *e, struct source *src, const struct decision *d,
			  const struct workspace_ref *ws, struct error *err)
{
	struct record r = { .type = RECORD_COMMAND_REJECTED };

	r.as.command_rejected = (struct command_rejected){
		.command_id = d->command_id,
		.actor = d->actor,
		.workspace_id = ws->id,
		.code = bytes_of(reject_code_name(d->code)),
		.message = d->rejection,
		.details = d->details,
		.detail_count = d->detail_count,
		.at = src->time,
		.signed_by = d->signed_by,
	};
	return emit_record(e, src, &(struct address){ TOPIC_EVENTS, id_text(e->arena, &ws->id) },
			   &r, err);
}

static int emit_notices(struct emitter *e, struct source *src, const struct decision *d,
			const struct consequence *c, struct bytes event_id, struct error *err)
{
	const struct notice_scene scene = { d,        c->workspace, e->directory, e->access_url,
					    e->arena, &e->title,    &e->body };
	struct notice *list = NULL;
	size_t count =
		notice_list(d, &c->audience, &c->workspace.owner_id, e->directory, e->arena, &list);
	size_t begin = e->packed->len;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < count && e->packed->len - begin < e->outputs_max; i++) {
		struct record r = { .type = RECORD_NOTIFICATION };

		notice_write(&list[i], &scene, &r.as.notification);
		r.as.notification.event_id = event_id;
		r.as.notification.at = src->time;
		rc = emit_record(e, src,
				 &(struct address){ TOPIC_NOTIFICATIONS,
						    id_text(e->arena, &list[i].recipient) },
				 &r, err);
	}
	e->untold += rc ? 0 : count - i;
	return rc;
}

static int emit_change(struct emitter *e, struct source *src, const struct decision *d,
		       const struct consequence *c, struct error *err)
{
	struct record r = { .type = RECORD_SHARING_CHANGED };
	struct address to = { TOPIC_EVENTS, id_text(e->arena, &c->workspace.id) };

	r.as.sharing_changed = (struct sharing_changed){
		.workspace = c->workspace,
		.version = c->version,
		.actor = d->actor,
		.command_id = d->command_id,
		.reason = d->reason,
		.changes = d->changes,
		.change_count = d->change_count,
		.previous_owner_id = d->previous_owner_id,
		.at = src->time,
		.signed_by = d->signed_by,
	};
	return emit_record(e, src, &to, &r, err);
}

/* The decision leaves open what only the record and the workspace say. */
static int emit_step(struct emitter *e, struct source *src, const struct handoff_changed *step,
		     const struct workspace_ref *ws, struct error *err)
{
	struct record r = { .type = RECORD_HANDOFF_CHANGED };

	r.as.handoff_changed = *step;
	r.as.handoff_changed.workspace = *ws;
	r.as.handoff_changed.at = src->time;
	return emit_record(e, src, &(struct address){ TOPIC_HANDOFFS, id_text(e->arena, &ws->id) },
			   &r, err);
}

static int emit_steps(struct emitter *e, struct source *src, const struct decision *d,
		      const struct workspace_ref *ws, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < d->handoff_count; i++)
		rc = emit_step(e, src, &d->handoffs[i], ws, err);
	return rc;
}

/* Notifications name the SharingChanged, or where there is none the first event. */
static int emit_applied(struct emitter *e, struct source *src, const struct decision *d,
			const struct consequence *c, struct error *err)
{
	struct bytes event_id = output_id(e, src);
	int rc = emit_steps(e, src, d, &c->workspace, err);

	if (!rc && decision_is_told(d)) {
		event_id = output_id(e, src);
		rc = emit_change(e, src, d, c, err);
	}
	return rc ? rc : emit_notices(e, src, d, c, event_id, err);
}

int emit_decision(struct emitter *e, struct source *src, const struct decision *d,
		  const struct consequence *c, struct error *err)
{
	if (d->outcome == OUTCOME_REJECTED)
		return emit_rejection(e, src, d, &c->workspace, err);
	if (decision_is_told(d) || (d->outcome == OUTCOME_APPLIED && d->handoff_count))
		return emit_applied(e, src, d, c, err);
	return 0;
}

int emit_state(struct emitter *e, struct source *src, const struct workspace *w, struct error *err)
{
	struct record r = { .type = RECORD_WORKSPACE_GRANTS };
	struct address to = { TOPIC_GRANTS, id_text(e->arena, &w->id) };

	if (!w->registered) {
		pack_record(e, src, &to, RECORD_WORKSPACE_GRANTS, (struct bytes){ 0 });
		return 0;
	}
	r.as.workspace_grants = (struct workspace_grants){
		.workspace = workspace_ref(w),
		.status = w->status,
		.version = w->version,
		.grants = w->grants,
		.grant_count = w->grant_count,
		.handoffs = w->handoffs.list,
		.handoff_count = w->handoffs.count,
		.recent_commands = w->recent.list,
		.recent_command_count = w->recent.count,
		.forgotten_until = w->recent.forgotten,
		.source_offset = src->offset,
	};
	return emit_record(e, src, &to, &r, err);
}

int emit_progress(struct emitter *e, struct source *src, const struct progress *progress,
		  struct error *err)
{
	struct record r = { .type = RECORD_PROGRESS, .as.progress = *progress };
	struct address to = { TOPIC_GRANTS, bytes_of(PROGRESS_KEY) };

	return emit_record(e, src, &to, &r, err);
}

void emit_dead_letter(struct emitter *e, struct source *src, const struct dead_letter *letter)
{
	output_append(e->packed, &(struct output){ .topic = TOPIC_DEADLETTER,
						   .offset = src->offset,
						   .n = src->n++,
						   .time = src->time,
						   .key = letter->key,
						   .value = letter->value,
						   .headers = letter->headers });
}
