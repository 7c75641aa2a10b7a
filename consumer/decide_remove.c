#include "consumer/decide_remove.h"

#include "cache/access.h"
#include "consumer/stepping.h"

/*
 * Is the command's reason true of this subject? Because this is asked, a removal
 * that comes late or twice does no harm.
 */
static bool is_proven(const struct deciding *d, const struct subject *s, enum reason reason)
{
	const struct world *w = d->world;
	const struct grant *g = workspace_grant(w->workspace, s);

	switch (reason) {
	case REASON_EXPIRED:
		return g && grant_expired(g, w->now);
	case REASON_USER_DELETED:
		return s->kind == SUBJECT_USER && directory_deleted(w->directory, s);
	case REASON_GROUP_DELETED:
		return s->kind == SUBJECT_GROUP && directory_deleted(w->directory, s);
	case REASON_COMMAND:
	case REASON_OWNER_CHANGED:
	case REASON_WORKSPACE_DELETED:
	case REASON_HANDOFF:
		break;
	}
	return true;
}

static bool is_self(const struct deciding *d, const struct subject *s)
{
	return s->kind == SUBJECT_USER && uuid_equal(&s->id, &d->command->actor.id);
}

/*
 * Rules 4 and 7: all may remove their own grant, but an admin may not remove
 * another's admin grant.
 */
static void decide_removal(struct deciding *d, const struct subject *s, enum reason reason)
{
	const struct grant *g = workspace_grant(d->world->workspace, s);

	if (!g || !is_proven(d, s, reason))
		return;
	if (d->authority == AUTHORITY_ADMIN && g->role == ROLE_ADMIN && live_grant(d, s) &&
	    !is_self(d, s))
		problem(d, REJECT_ROLE_CEILING,
			"an admin of the workspace may not remove the admin %.*s",
			BYTES_ARG(deciding_name(d, s)));
	add_change(d, s, ROLE_NONE, ABSENT);
	step_end(d, s, reason == REASON_EXPIRED ? ANSWER_EXPIRE : ANSWER_WITHDRAW);
}

static bool names_only_self(const struct deciding *d, const struct remove_sharing *c)
{
	for (size_t i = 0; i < c->subject_count; i++)
		if (!is_self(d, &c->subjects[i]))
			return false;
	return c->subject_count > 0;
}

static void check_named(struct deciding *d, const struct remove_sharing *c)
{
	if (!c->subject_count)
		problem(d, REJECT_INVALID_COMMAND, "the command names nobody");
	else if (c->reason != REASON_COMMAND && c->command.actor.kind != ACTOR_SYSTEM)
		problem(d, REJECT_FORBIDDEN, "only the system gives a reason for a removal");
}

static void decide_removals(struct deciding *d, const struct remove_sharing *c)
{
	const size_t *first =
		first_mentions(d, c->subjects, sizeof(*c->subjects), c->subject_count);

	for (size_t i = 0; !d->problems && i < c->subject_count; i++)
		if (first[i] == i)
			decide_removal(d, &c->subjects[i], c->reason);
}

/* Whoever removes only their own grant needs no authority (rule 3). */
void decide_remove(struct deciding *d, const struct remove_sharing *c)
{
	d->out->reason = c->reason;
	deciding_reserve(d, c->subject_count);
	if (is_duplicate(d))
		return;
	if (check_command(d) && !names_only_self(d, c))
		require_authority(d);
	if (!d->problems)
		check_named(d, c);
	if (!d->problems)
		decide_removals(d, c);
	conclude_decision(d);
}
