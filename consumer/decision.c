#include "consumer/decision.h"

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

bool decision_proves_itself(const struct decision *d)
{
	return d->actor.kind == ACTOR_SYSTEM &&
	       (d->reason == REASON_EXPIRED || d->reason == REASON_USER_DELETED ||
		d->reason == REASON_GROUP_DELETED);
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
		w->version++;
	}
	if (remember)
		recent_add(&w->recent, &d->command_id, now);
	return applied || remember;
}
