#include "consumer/stepping.h"

#include <assert.h>

/* Room for each handoff that is open, and one that is new. */
static size_t step_room(const struct deciding *d)
{
	return d->world->workspace->handoffs.count + 1;
}

static void reserve_steps(struct deciding *d)
{
	struct decision *out = d->out;

	if (out->handoffs)
		return;
	out->handoffs = arena_zalloc(d->world->arena, step_room(d), sizeof(*out->handoffs));
	out->kept = arena_zalloc(d->world->arena, step_room(d), sizeof(*out->kept));
}

/* ---- the handoffs as they are afterwards ---- */

static struct handoff *find_kept(const struct deciding *d, const struct uuid *id)
{
	for (size_t i = 0; i < d->out->kept_count; i++)
		if (uuid_equal(&d->out->kept[i].id, id))
			return &d->out->kept[i];
	return NULL;
}

static void keep_handoff(struct deciding *d, const struct handoff *h)
{
	struct handoff *kept;

	reserve_steps(d);
	kept = find_kept(d, &h->id);
	if (kept) {
		*kept = *h;
		return;
	}
	assert(d->out->kept && d->out->kept_count < step_room(d));
	d->out->kept[d->out->kept_count++] = *h;
}

/* ---- steps ---- */

struct handoff step_begin(const struct deciding *d, const struct handoff *before,
			  enum handoff_state state)
{
	struct handoff h = handoff_copy(before, d->world->arena);

	h.state = state;
	h.step++;
	h.note = (struct bytes){ 0 };
	return h;
}

/* The offer's artifacts and the answer's, in one list. */
static struct artifact *join_artifacts(const struct deciding *d, const struct handoff *h,
				       const struct step_artifacts *made)
{
	size_t count = h->artifact_count + made->count;
	struct artifact *list = arena_zalloc(d->world->arena, count + 1, sizeof(*list));

	for (size_t i = 0; i < h->artifact_count; i++)
		list[i] = h->artifacts[i];
	for (size_t i = 0; i < made->count; i++)
		list[h->artifact_count + i] = made->list[i];
	return list;
}

void step_add(struct deciding *d, const struct handoff *after, enum handoff_state previous,
	      const struct step_artifacts *made)
{
	struct decision *out = d->out;

	keep_handoff(d, after);
	assert(out->handoff_count < step_room(d));
	out->handoffs[out->handoff_count++] = (struct handoff_changed){
		.handoff_id = after->id,
		.step = after->step,
		.state = after->state,
		.previous = previous,
		.kind = after->kind,
		.offered_by = after->offered_by,
		.to = after->to,
		.accepted_by = after->accepted_by,
		.actor = out->actor,
		.summary = after->summary,
		.question = after->question,
		.task = after->task,
		.note = after->note,
		.artifacts = join_artifacts(d, after, made),
		.artifact_count = after->artifact_count + made->count,
		.answer_schema = after->answer_schema,
		.role = after->role,
		.expires_at = after->expires_at,
		.command_id = out->command_id,
		.signed_by = out->signed_by,
	};
}

/* ---- grants ---- */

/* Was less there before a than before b? Ends are compared, too, whether or not they have passed. */
static bool had_less(const struct handoff *a, const struct handoff *b)
{
	if (a->had_role != b->had_role || a->had_role == ROLE_NONE)
		return a->had_role < b->had_role;
	return a->had_until != ABSENT && (b->had_until == ABSENT || a->had_until < b->had_until);
}

/* Has h raised the grant that the heir had given? Then the heir's comes back. */
static bool is_above(const struct handoff *h, const struct handoff *heir)
{
	return heir->own_grant && had_less(heir, h);
}

/*
 * What is left to whom: first to who has raised the grant above h, then to who was
 * offered more than would come back, then to who gave what comes back, then to anybody.
 */
static int heir_rank(const struct handoff *h, const struct handoff *other)
{
	if (other->own_grant)
		return is_above(h, other) ? 2 : 0;
	return other->role > h->had_role ? 1 : 3;
}

/* Handoffs have no order of their own: which of two it is must not rest on their places. */
static bool is_nearer(const struct handoff *h, const struct handoff *a, const struct handoff *b)
{
	int order = heir_rank(h, a) - heir_rank(h, b);

	if (order)
		return order < 0;
	if (had_less(a, b) || had_less(b, a))
		return had_less(a, b);
	return uuid_compare(&a->id, &b->id) < 0;
}

/* Another open handoff that waits for the same one, to whom the grant is left; NULL: none. */
static const struct handoff *find_heir(const struct deciding *d, const struct handoff *h)
{
	const struct handoffs *all = &d->world->workspace->handoffs;
	const struct subject holder = handoff_holder(h);
	const struct handoff *heir = NULL;

	for (size_t i = 0; i < all->count; i++) {
		const struct handoff *other = &all->list[i];
		const struct subject its = handoff_holder(other);

		if (!uuid_equal(&other->id, &h->id) && subject_equal(&its, &holder) &&
		    (!heir || is_nearer(h, other, heir)))
			heir = other;
	}
	return heir;
}

/* Of two offers that have raised one grant, the lesser is what was there before both. */
static void leave_grant(struct deciding *d, const struct handoff *from, const struct handoff *to)
{
	struct handoff heir = handoff_copy(to, d->world->arena);

	if (!heir.own_grant || had_less(from, &heir)) {
		heir.had_role = from->had_role;
		heir.had_until = from->had_until;
	}
	heir.own_grant = true;
	keep_handoff(d, &heir);
}

void step_take_back(struct deciding *d, const struct handoff *h)
{
	const struct subject holder = handoff_holder(h);
	const struct handoff *heir = find_heir(d, h);
	bool had = h->had_role != ROLE_NONE &&
		   (h->had_until == ABSENT || h->had_until > d->world->now);

	if (!h->own_grant || !workspace_grant(d->world->workspace, &holder))
		return;
	if (heir && !is_above(h, heir))
		leave_grant(d, h, heir);
	else
		add_change(d, &holder, had ? h->had_role : ROLE_NONE, had ? h->had_until : ABSENT);
}

bool covers_access(const struct grant *g, const struct offered_access *a)
{
	if (!g || g->role < a->role)
		return false;
	return g->role > a->role || g->expires_at == ABSENT ||
	       (a->until != ABSENT && g->expires_at >= a->until);
}

void step_give(struct deciding *d, struct handoff *h, const struct offered_access *a)
{
	const struct subject holder = handoff_holder(h);
	const struct grant *g = live_grant(d, &holder);

	h->own_grant = !covers_access(g, a);
	h->had_role = h->own_grant && g ? g->role : ROLE_NONE;
	h->had_until = h->had_role ? g->expires_at : ABSENT;
	if (h->own_grant)
		add_change(d, &holder, a->role, a->until);
}

struct subject step_rests_on(const struct workspace *w, const struct handoff *h)
{
	const struct subject holder = handoff_holder(h);

	return workspace_grant(w, &holder) ? holder : h->to;
}

void step_disown(struct deciding *d, const struct subject *s)
{
	const struct handoffs *all = &d->world->workspace->handoffs;

	for (size_t i = 0; i < all->count; i++) {
		const struct subject holder = handoff_holder(&all->list[i]);
		struct handoff h;

		if (!all->list[i].own_grant || !subject_equal(&holder, s) ||
		    (d->out->handoffs && find_kept(d, &all->list[i].id)))
			continue;
		h = handoff_copy(&all->list[i], d->world->arena);
		h.own_grant = false;
		h.had_role = ROLE_NONE;
		h.had_until = ABSENT;
		keep_handoff(d, &h);
	}
}

/* ---- ends that are no answers ---- */

static void end_handoff(struct deciding *d, const struct handoff *h, enum handoff_state state)
{
	const struct step_artifacts none = { NULL, 0 };
	struct handoff after = step_begin(d, h, state);

	step_add(d, &after, h->state, &none);
}

/* Whoever accepted is the holder, and may have access by their group's grant alone. */
static bool concerns_subject(const struct deciding *d, const struct handoff *h,
			     const struct subject *s)
{
	const struct subject base = step_rests_on(d->world->workspace, h);
	const struct subject holder = handoff_holder(h);

	return subject_equal(&base, s) || subject_equal(&holder, s);
}

void step_end(struct deciding *d, const struct subject *s, enum answer answer)
{
	const struct handoffs *all = &d->world->workspace->handoffs;

	for (size_t i = 0; i < all->count; i++) {
		const struct handoff *h = &all->list[i];
		const struct handoff_step *step;

		if (h->state != HANDOFF_RETURNED && concerns_subject(d, h, s) &&
		    handoff_find_step(h->state, answer, PARTY_AUTHORITY | PARTY_SYSTEM, &step) ==
			    HANDOFF_MAY)
			end_handoff(d, h, step->becomes);
	}
	step_disown(d, s);
}

void step_end_all(struct deciding *d)
{
	const struct handoffs *all = &d->world->workspace->handoffs;

	for (size_t i = 0; i < all->count; i++)
		end_handoff(d, &all->list[i], HANDOFF_WITHDRAWN);
}
