#include "consumer/effects.h"

#include <assert.h>

void effects_begin(struct effects *e, struct apply *apply, struct arena *arena, size_t max)
{
	*e = (struct effects){
		.apply = apply,
		.arena = arena,
		.list = arena_zalloc(arena, max, sizeof(*e->list)),
		.max = max,
	};
}

/* before: the workspace before this decision; if no other touched it, as the index holds it. */
static struct touched_workspace *touch_workspace(struct effects *e, struct held_workspace *held,
						 const struct workspace *before)
{
	struct touched_workspace *t = held->touched;

	if (!t) {
		assert(e->count < e->max); /* a record touches one workspace */
		t = &e->list[e->count++];
		t->touched.workspace = &held->workspace;
		t->touched.commands_first = before->recent.first;
		t->touched.commands_end = recent_end(&before->recent);
		t->held = held;
		held->touched = t;
	}
	return t;
}

/* A fact may rename the workspace, give it another owner, or delete it. */
static void unlist_owner(struct effects *e, const struct input *in)
{
	const struct workspace *w = &in->held->workspace;

	if (input_is_fact(in) && w->registered)
		apply_not_owned(e->apply, w);
}

/* Call it before decision_fold(). The expires_at of a removal is ABSENT. */
static void index_expiries(struct effects *e, const struct workspace *w, const struct decision *d)
{
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];

		apply_expiry(e->apply, &w->id, &c->subject, workspace_expiry(w, &c->subject),
			     c->expires_at);
	}
}

/* What a handoff was, and what it is after the decision; NULL: it is gone. */
static void index_handoffs(struct effects *e, const struct workspace *w, const struct decision *d)
{
	for (size_t i = 0; i < d->kept_count; i++) {
		const struct handoff *h = &d->kept[i];

		apply_handoff(e->apply, &w->id, handoffs_find(&w->handoffs, &h->id),
			      handoff_is_final(h->state) ? NULL : h);
	}
}

/* before: a shallow copy of the workspace as it was; what it points to is gone. */
static void index_fact(struct effects *e, struct touched_workspace *t,
		       const struct workspace *before)
{
	const struct workspace *w = t->touched.workspace;

	if (w->registered) {
		t->touched.header = true;
		t->touched.whole = t->touched.whole || !before->registered;
		t->touched.grants =
			t->touched.grants || !uuid_equal(&before->owner_id, &w->owner_id);
		apply_owned(e->apply, w);
		return;
	}
	apply_delete(e->apply, &w->id);
	t->touched.whole = false;
	t->touched.grants = false;
	t->touched.commands_first = 0;
	t->touched.commands_end = 0;
	t->touched.subject_count = 0;
	t->touched.handoff_count = 0;
}

static void index_changes(struct effects *e, struct touched_workspace *t, const struct decision *d)
{
	const struct workspace *w = t->touched.workspace;

	if (d->outcome != OUTCOME_APPLIED)
		return;
	for (size_t i = 0; i < d->change_count; i++) {
		const struct change *c = &d->changes[i];

		apply_role(e->apply, &w->id, &c->subject, c->after);
		if (w->registered)
			touched_subject(&t->touched, &c->subject, e->arena);
	}
	for (size_t i = 0; w->registered && i < d->kept_count; i++)
		touched_handoff(&t->touched, &d->kept[i].id, e->arena);
}

struct touched_workspace *effects_carry_out(struct effects *e, const struct input *in,
					    const struct decision *d)
{
	struct workspace *w = &in->held->workspace;
	const struct workspace before = *w;
	struct touched_workspace *t;

	if (d->outcome == OUTCOME_APPLIED) {
		unlist_owner(e, in);
		index_expiries(e, w, d);
		index_handoffs(e, w, d);
	}
	if (!decision_fold(d, &in->record, in->source.time, w))
		return NULL;
	apply_count(e->apply, &before, w);
	t = touch_workspace(e, in->held, &before);
	if (input_is_fact(in))
		index_fact(e, t, &before);
	index_changes(e, t, d);
	return t;
}

void effects_end(struct effects *e)
{
	for (size_t i = 0; i < e->count; i++)
		e->list[i].held->touched = NULL;
	e->count = 0;
}
