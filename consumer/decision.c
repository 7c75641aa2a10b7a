#include "consumer/decision.h"

#include "schemas/bounds.h"
#include "schemas/topics.h"

struct limits limits_default(void)
{
	return (struct limits){
		.grants_per_workspace = GRANTS_PER_WORKSPACE_DEFAULT,
		.event_bytes = topic_max_bytes(TOPIC_EVENTS),
		.notification_bytes = topic_max_bytes(TOPIC_NOTIFICATIONS),
		.state_bytes = topic_max_bytes(TOPIC_GRANTS),
		.dead_letter_bytes = topic_max_bytes(TOPIC_DEADLETTER),
		.outputs_bytes = COMMAND_OUTPUTS_MAX,
	};
}

static void fold_header(const struct workspace_changed *c, struct workspace *w)
{
	w->registered = true;
	w->status = c->status;
	w->organization_id = c->organization_id;
	w->owner_id = c->owner_id;
	workspace_set_name(w, c->name);
}

static void fold_changes(const struct decision *d, int64_t now, struct workspace *w)
{
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];

		if (c->after == ROLE_NONE)
			workspace_drop_grant(w, &c->subject);
		else
			workspace_put_grant(w, &(struct grant){ c->subject, c->after, d->actor.id,
								now, c->expires_at });
	}
}

static void fold_handoffs(const struct decision *d, struct workspace *w)
{
	for (size_t i = 0; i < d->kept_count; i++) {
		const struct handoff *h = &d->kept[i];

		if (handoff_is_final(h->state))
			handoffs_drop(&w->handoffs, &h->id);
		else
			handoffs_put(&w->handoffs, h);
	}
}

bool decision_proves_itself(const struct decision *d)
{
	return d->actor.kind == ACTOR_SYSTEM &&
	       (d->reason == REASON_EXPIRED || d->reason == REASON_USER_DELETED ||
		d->reason == REASON_GROUP_DELETED || d->answer == ANSWER_EXPIRE);
}

/* A removal that a command asks for may have that reason, too. */
bool decision_deletes(const struct decision *d)
{
	return d->outcome == OUTCOME_APPLIED && d->reason == REASON_WORKSPACE_DELETED &&
	       uuid_is_nil(&d->command_id);
}

bool decision_is_told(const struct decision *d)
{
	return d->outcome == OUTCOME_APPLIED &&
	       (d->change_count || !uuid_is_nil(&d->previous_owner_id) || decision_deletes(d));
}

bool decision_fold(const struct decision *d, const struct record *r, int64_t now,
		   struct workspace *w)
{
	bool applied = d->outcome == OUTCOME_APPLIED;
	bool remember = record_command(r) && !decision_proves_itself(d) &&
			(applied || d->outcome == OUTCOME_UNCHANGED);

	if (applied && r->type == RECORD_WORKSPACE_DELETED) {
		workspace_clear(w);
		return true;
	}
	if (applied && r->type == RECORD_WORKSPACE_CHANGED)
		fold_header(&r->as.workspace_changed, w);
	if (applied) {
		fold_changes(d, now, w);
		fold_handoffs(d, w);
		w->version++;
	}
	if (remember)
		recent_add(&w->recent, &d->command_id, now);
	return applied || remember;
}
