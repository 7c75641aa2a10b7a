#include "consumer/decide.h"

#include "consumer/decide_handoff.h"
#include "consumer/decide_remove.h"
#include "consumer/decide_share.h"
#include "consumer/stepping.h"

/* ---- facts ---- */

static bool same_header(const struct workspace *w, const struct workspace_changed *c)
{
	return w->registered && w->status == c->status && bytes_equal(w->name, c->name) &&
	       uuid_equal(&w->organization_id, &c->organization_id) &&
	       uuid_equal(&w->owner_id, &c->owner_id);
}

/*
 * A new owner loses the grant that they had: an owner needs none. What they were
 * offered, or have accepted, is withdrawn.
 */
static void decide_changed(struct deciding *d, const struct workspace_changed *c)
{
	const struct workspace *w = d->world->workspace;
	const struct subject owner = { SUBJECT_USER, c->owner_id };

	d->out->reason = REASON_OWNER_CHANGED;
	deciding_reserve(d, 1);
	if (workspace_grant(w, &owner))
		add_change(d, &owner, ROLE_NONE, ABSENT);
	if (w->registered && !uuid_equal(&w->owner_id, &c->owner_id))
		d->out->previous_owner_id = w->owner_id;
	if (!uuid_equal(&c->owner_id, &w->owner_id))
		step_end(d, &owner, ANSWER_WITHDRAW);
	d->out->outcome = same_header(w, c) ? OUTCOME_UNCHANGED : OUTCOME_APPLIED;
}

static void decide_deleted(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;

	d->out->reason = REASON_WORKSPACE_DELETED;
	deciding_reserve(d, w->grant_count);
	for (size_t i = 0; i < w->grant_count; i++)
		add_change(d, &w->grants[i].subject, ROLE_NONE, ABSENT);
	step_end_all(d);
	d->out->outcome = w->registered ? OUTCOME_APPLIED : OUTCOME_UNCHANGED;
}

/* ---- all records ---- */

bool decide(const struct world *w, const struct record *r, struct decision *out)
{
	struct deciding d;

	deciding_init(&d, w, r, out);
	if (!check_author(&d))
		conclude_decision(&d);
	else if (r->type == RECORD_SHARE_WORKSPACE)
		decide_share(&d, &r->as.share_workspace);
	else if (r->type == RECORD_REMOVE_SHARING)
		decide_remove(&d, &r->as.remove_sharing);
	else if (r->type == RECORD_ANSWER_HANDOFF)
		decide_answer(&d, &r->as.answer_handoff);
	else if (r->type == RECORD_WORKSPACE_CHANGED)
		decide_changed(&d, &r->as.workspace_changed);
	else if (r->type == RECORD_WORKSPACE_DELETED)
		decide_deleted(&d);
	else
		return false;
	return true;
}
