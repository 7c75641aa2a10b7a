#include "consumer/decide.h"

#include "consumer/decide_remove.h"
#include "consumer/decide_share.h"

/* ---- facts ---- */

static bool same_header(const struct workspace *w, const struct workspace_changed *c)
{
	return w->registered && w->status == c->status && bytes_equal(w->name, c->name) &&
	       uuid_equal(&w->organization_id, &c->organization_id) &&
	       uuid_equal(&w->owner_id, &c->owner_id);
}

/* A new owner's own grant goes: an owner needs none. */
static void decide_changed(struct deciding *d, const struct workspace_changed *c)
{
	const struct workspace *w = d->world->workspace;
	const struct subject owner = { SUBJECT_USER, c->owner_id };

	d->out->reason = REASON_OWNER_CHANGED;
	deciding_reserve(d, 1);
	if (workspace_grant(w, &owner))
		add_change(d, &owner, ROLE_NONE, ABSENT);
	d->out->outcome = same_header(w, c) ? OUTCOME_UNCHANGED : OUTCOME_APPLIED;
}

static void decide_deleted(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;

	d->out->reason = REASON_WORKSPACE_DELETED;
	deciding_reserve(d, w->grant_count);
	for (size_t i = 0; i < w->grant_count; i++)
		add_change(d, &w->grants[i].subject, ROLE_NONE, ABSENT);
	d->out->outcome = w->registered ? OUTCOME_APPLIED : OUTCOME_UNCHANGED;
}

/* ---- all records ---- */

bool decide(const struct world *w, const struct record *r, struct decision *out)
{
	struct deciding d;

	deciding_init(&d, w, record_command(r), out);
	if (r->type == RECORD_SHARE_WORKSPACE)
		decide_share(&d, &r->as.share_workspace);
	else if (r->type == RECORD_REMOVE_SHARING)
		decide_remove(&d, &r->as.remove_sharing);
	else if (r->type == RECORD_WORKSPACE_CHANGED)
		decide_changed(&d, &r->as.workspace_changed);
	else if (r->type == RECORD_WORKSPACE_DELETED)
		decide_deleted(&d);
	else
		return false;
	return true;
}

/* ---- carrying it out ---- */

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

bool decision_fold(const struct decision *d, const struct record *r, int64_t now,
		   struct workspace *w)
{
	bool applied = d->outcome == OUTCOME_APPLIED;
	bool remember = record_command(r) && (applied || d->outcome == OUTCOME_UNCHANGED);

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
		(void)workspace_remember_command(w, &d->command_id);
	return applied || remember;
}
