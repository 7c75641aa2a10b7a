#include "consumer/decide_handoff.h"

#include "consumer/giving.h"
#include "consumer/stepping.h"
#include "ops/support/clock.h"
#include "schemas/bounds.h"

/* ---- who and where ---- */

/* Who the actor is to the handoff. Only active users are anybody, and the system. */
static unsigned parties_of(const struct deciding *d, const struct handoff *h)
{
	const struct directory *dir = d->world->directory;
	const struct actor *actor = &d->command->actor;
	const struct user_changed *u = directory_user(dir, &actor->id);
	unsigned parties = d->authority == AUTHORITY_FULL ? PARTY_AUTHORITY : 0;

	if (actor->kind == ACTOR_SYSTEM)
		return parties | PARTY_SYSTEM;
	if (!u || u->status != USER_ACTIVE)
		return 0;
	if (uuid_equal(&h->offered_by.id, &actor->id))
		parties |= PARTY_AUTHOR;
	if (!user_membership(u, &d->world->workspace->organization_id))
		return parties;
	if (uuid_equal(&h->accepted_by, &actor->id))
		parties |= PARTY_ACCEPTER;
	if (h->to.kind == SUBJECT_GROUP)
		parties |= directory_in_group(dir, &actor->id, &h->to.id) ? PARTY_MEMBER : 0;
	else
		parties |= uuid_equal(&h->to.id, &actor->id) ? PARTY_RECIPIENT : 0;
	return parties;
}

/* "offered to team", "accepted by bob", "returned"; strangers to it learn no names. */
static struct bytes describe_state(const struct deciding *d, const struct handoff *h,
				   unsigned parties)
{
	const struct subject accepter = { SUBJECT_USER, h->accepted_by };

	if (parties && h->state == HANDOFF_OFFERED)
		return arena_printf(d->world->arena, "offered to %.*s",
				    BYTES_ARG(deciding_name(d, &h->to)));
	if (parties && h->state == HANDOFF_ACCEPTED)
		return arena_printf(d->world->arena, "accepted by %.*s",
				    BYTES_ARG(deciding_name(d, &accepter)));
	return bytes_of(symbol_name(handoff_state_symbols, (int)h->state));
}

static const char *verb_of(enum answer answer)
{
	return answer == ANSWER_OFFER ? "offer" : symbol_name(answer_symbols, (int)answer);
}

/* Rule 16: the row of the table, or NULL and a problem. */
static const struct handoff_step *check_step(struct deciding *d, const struct handoff *h,
					     enum answer answer, unsigned parties)
{
	const struct subject actor = { SUBJECT_USER, d->command->actor.id };
	const struct handoff_step *step = NULL;
	struct bytes state = describe_state(d, h, parties);

	switch (handoff_find_step(h->state, answer, parties, &step)) {
	case HANDOFF_MAY:
		return step;
	case HANDOFF_NOT_NOW:
		problem(d, REJECT_HANDOFF_STATE, "nobody can %s the handoff now: it is %.*s",
			verb_of(answer), BYTES_ARG(state));
		break;
	case HANDOFF_NOT_YOURS:
		problem(d, REJECT_HANDOFF_NOT_YOURS, "%.*s may not %s the handoff, which is %.*s",
			BYTES_ARG(deciding_name(d, &actor)), verb_of(answer), BYTES_ARG(state));
		break;
	}
	return NULL;
}

static bool is_over(const struct deciding *d, const struct handoff *h)
{
	int64_t end = handoff_end(h);

	return end != ABSENT && end <= d->world->now;
}

/* An offer whose time is over counts as expired, though the command that says so is to come. */
static void check_time_left(struct deciding *d, const struct handoff *h)
{
	char when[RFC3339_SIZE];

	if (!is_over(d, h))
		return;
	clock_format_rfc3339(when, h->expires_at);
	problem(d, REJECT_HANDOFF_STATE, "the time of the handoff was over at %s", when);
}

/* ---- answers ---- */

static void refuse_unknown(struct deciding *d, const struct uuid *handoff_id)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, handoff_id);
	problem(d, REJECT_UNKNOWN_HANDOFF, "%.*s has no open handoff %s",
		BYTES_ARG(d->world->workspace->name), id);
}

static void check_expected_step(struct deciding *d, const struct handoff *h, int64_t expected)
{
	if (expected != ABSENT && expected != h->step)
		problem(d, REJECT_HANDOFF_STATE, "the handoff is at step %lld, not %lld",
			(long long)h->step, (long long)expected);
}

/* The group's own grant turns into one for the member; who owns the workspace needs none. */
static void give_member(struct deciding *d, const struct handoff *before, struct handoff *after)
{
	const struct grant *g = live_grant(d, &before->to);
	bool owner = uuid_equal(&after->accepted_by, &d->world->workspace->owner_id);

	after->own_grant = false;
	after->had_role = ROLE_NONE;
	after->had_until = ABSENT;
	if (!before->own_grant || !g)
		return;
	step_take_back(d, before);
	if (!owner)
		step_give(d, after, &(struct offered_access){ before->role, g->expires_at });
}

/*
 * What whoever accepted can pass on: no more than the handoff gave, nor than they still
 * have by the grant that it rests on. The owner has everything.
 */
static bool find_access(const struct deciding *d, const struct handoff *h,
			struct offered_access *out)
{
	const struct subject base = step_rests_on(d->world->workspace, h);
	const struct grant *g = live_grant(d, &base);

	*out = (struct offered_access){ h->role, g ? g->expires_at : ABSENT };
	if (uuid_equal(&h->accepted_by, &d->world->workspace->owner_id))
		return true;
	if (!g || (base.kind == SUBJECT_GROUP &&
		   !directory_in_group(d->world->directory, &h->accepted_by, &base.id)))
		return false;
	if (g->role < h->role)
		out->role = g->role;
	return true;
}

static void refuse_reassignment(struct deciding *d)
{
	const struct subject actor = { SUBJECT_USER, d->command->actor.id };

	problem(d, REJECT_HANDOFF_NOT_YOURS,
		"%.*s no longer has the access to %.*s that the handoff would give to another",
		BYTES_ARG(deciding_name(d, &actor)), BYTES_ARG(d->world->workspace->name));
}

/*
 * The rules on giving access, for whom the handoff is reassigned to; but rule 14, for
 * what is passed on is what the handoff gave, and whoever is an admin as well for a
 * while may pass on no less than others.
 */
static void check_next(struct deciding *d, const struct subject *to,
		       const struct offered_access *access)
{
	require_sharing(d);
	check_recipient(d, to);
	if (!covers_access(live_grant(d, to), access))
		check_lifetime(d, to, access->until);
}

/* Moves the handoff and its own grant to somebody else, who is given no more than it gave. */
static void reassign_handoff(struct deciding *d, const struct handoff *before,
			     struct handoff *after, const struct subject *to)
{
	struct offered_access access;

	if (!find_access(d, before, &access)) {
		refuse_reassignment(d);
		return;
	}
	after->to = *to;
	after->accepted_by = (struct uuid){ { 0 } };
	after->offered_at = d->world->now;
	after->role = access.role;
	check_next(d, to, &access);
	step_take_back(d, before);
	step_give(d, after, &access);
	check_count(d);
}

static void take_step(struct deciding *d, const struct handoff *h, const struct handoff_step *step,
		      const struct answer_handoff *a)
{
	const struct step_artifacts made = { a->artifacts, a->artifact_count };
	struct handoff after = step_begin(d, h, step->becomes);

	after.note = a->note;
	if (step->becomes == HANDOFF_ACCEPTED)
		after.accepted_by = d->command->actor.id;
	switch (step->grant) {
	case OFFER_GRANT_STAYS:
	case OFFER_GRANT_GIVEN:
		break;
	case OFFER_GRANT_TO_MEMBER:
		give_member(d, h, &after);
		break;
	case OFFER_GRANT_MOVES:
		reassign_handoff(d, h, &after, a->to);
		break;
	case OFFER_GRANT_GOES:
		step_take_back(d, h);
		break;
	}
	step_add(d, &after, h->state, &made);
	if (!d->problems && !handoff_is_final(after.state))
		check_outputs(d);
}

/* The command of the system that says so proves itself: it changes nothing before the time. */
static bool is_unproven(const struct deciding *d, const struct handoff *h,
			const struct answer_handoff *a)
{
	return decision_proves_itself(d->out) && a->answer == ANSWER_EXPIRE &&
	       (!h || !is_over(d, h));
}

static void decide_on(struct deciding *d, const struct handoff *h, const struct answer_handoff *a)
{
	const struct handoff_step *step = check_step(d, h, a->answer, parties_of(d, h));

	if (!step)
		return;
	check_expected_step(d, h, a->expected_step);
	if (a->answer != ANSWER_EXPIRE)
		check_time_left(d, h);
	if (!d->problems && step->becomes != h->state)
		take_step(d, h, step, a);
}

void decide_answer(struct deciding *d, const struct answer_handoff *a)
{
	const struct handoff *h = handoffs_find(&d->world->workspace->handoffs, &a->handoff_id);

	d->out->reason = REASON_HANDOFF;
	d->out->answer = a->answer;
	deciding_reserve(d, 2);
	if (is_duplicate(d))
		return;
	if (check_command(d) && !is_unproven(d, h, a)) {
		if (h)
			decide_on(d, h, a);
		else
			refuse_unknown(d, &a->handoff_id);
	}
	conclude_decision(d);
}

/* ---- offers ---- */

/* The handoff as the command offers it; its texts are the record's. */
static struct handoff offered_handoff(const struct deciding *d, const struct share_workspace *c,
				      const struct handoff *before)
{
	const struct handoff_offer *o = c->handoff;

	return (struct handoff){
		.id = o->handoff_id,
		.kind = o->kind,
		.state = HANDOFF_OFFERED,
		.step = before ? before->step + 1 : 1,
		.offered_by = d->command->actor,
		.to = c->grants[0].subject,
		.role = c->grants[0].role,
		.own_grant = before && before->own_grant,
		.had_role = before ? before->had_role : ROLE_NONE,
		.had_until = before ? before->had_until : ABSENT,
		.summary = o->summary,
		.question = o->question,
		.task = o->task,
		.artifacts = o->artifacts,
		.artifact_count = o->artifact_count,
		.answer_schema = o->answer_schema,
		.offered_at = d->world->now,
		.expires_at = o->expires_at,
	};
}

/* Rules 16 and 17, and 9 for the offer. */
static void check_offered(struct deciding *d, const struct handoff *before,
			  const struct handoff_offer *o)
{
	size_t open = d->world->workspace->handoffs.count;
	char when[RFC3339_SIZE];

	if (before) {
		(void)check_step(d, before, ANSWER_OFFER, parties_of(d, before));
		check_expected_step(d, before, o->expected_step);
	} else if (o->expected_step != ABSENT) {
		refuse_unknown(d, &o->handoff_id);
	} else if (open >= HANDOFFS_MAX) {
		problem(d, REJECT_TOO_MANY_HANDOFFS,
			"%.*s has %zu open handoffs; at most %d are allowed",
			BYTES_ARG(d->world->workspace->name), open, HANDOFFS_MAX);
	}
	if (o->expires_at == ABSENT || o->expires_at > d->world->now)
		return;
	clock_format_rfc3339(when, o->expires_at);
	problem(d, REJECT_ALREADY_EXPIRED, "%s lies in the past", when);
}

/* The end that the wish gives a grant; what is not given stays as it is. */
static struct offered_access wished_access(const struct deciding *d, const struct grant_wish *wish)
{
	const struct grant *g = live_grant(d, &wish->subject);

	return (struct offered_access){ wish->role,
					wish->keep_expiry && g ? g->expires_at : wish->expires_at };
}

/*
 * A handoff that was returned has a grant of its own, perhaps. It stays where it
 * is if the same one is asked again and has as much; else it goes, for the next.
 */
static void give_recipient(struct deciding *d, const struct handoff *before, struct handoff *after,
			   const struct offered_access *access)
{
	const struct subject holder = before ? handoff_holder(before) : after->to;
	bool same = before && subject_equal(&holder, &after->to);

	if (before && !same)
		step_take_back(d, before);
	if (!same)
		step_give(d, after, access);
	else if (!covers_access(live_grant(d, &after->to), access)) {
		bool own = before->own_grant;

		step_give(d, after, access);
		if (own) {
			after->had_role = before->had_role;
			after->had_until = before->had_until;
		}
	}
}

void decide_offer(struct deciding *d, const struct share_workspace *c)
{
	const struct step_artifacts none = { NULL, 0 };
	const struct grant_wish *wish = &c->grants[0];
	const struct handoff *before =
		handoffs_find(&d->world->workspace->handoffs, &c->handoff->handoff_id);
	const struct offered_access access = wished_access(d, wish);
	struct handoff after = offered_handoff(d, c, before);

	check_offered(d, before, c->handoff);
	check_recipient(d, &wish->subject);
	check_expiry(d, wish);
	if (!covers_access(live_grant(d, &wish->subject), &access)) {
		check_ceiling(d, wish);
		check_end(d, &wish->subject, access.until);
	}
	if (d->problems)
		return;
	give_recipient(d, before, &after, &access);
	step_add(d, &after, before ? before->state : HANDOFF_NONE, &none);
}
