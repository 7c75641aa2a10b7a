#include "consumer/decide_share.h"

#include "cache/access.h"
#include "ops/support/clock.h"

#include <assert.h>
#include <stddef.h>

static_assert(offsetof(struct grant_wish, subject) == 0, "first_mentions() reads the subjects");

/* Rule 2: every policy that keeps the workspace from being shared is a problem. */
static void require_sharing(struct deciding *d)
{
	const struct world *w = d->world;
	unsigned denials = access_sharing_denials(
		directory_sharing_enabled(w->directory),
		directory_organization(w->directory, &w->workspace->organization_id),
		directory_user(w->directory, &w->workspace->owner_id));

	for (unsigned bit = 1; bit <= denials; bit <<= 1)
		if (denials & bit)
			problem(d, REJECT_SHARING_DISABLED, "%s",
				access_denial_text((enum access_denial)bit));
}

/* ---- one grant ---- */

/* Rules 5 and 6 for a user. */
static void check_user(struct deciding *d, const struct subject *s)
{
	const struct user_changed *u = directory_user(d->world->directory, &s->id);
	struct bytes name = deciding_name(d, s);

	if (!u || u->status == USER_DELETED)
		problem(d, REJECT_UNKNOWN_SUBJECT, "there is no user %.*s", BYTES_ARG(name));
	else if (!user_membership(u, &d->world->workspace->organization_id))
		problem(d, REJECT_NOT_A_MEMBER,
			"user %.*s is not a member of the workspace's organization",
			BYTES_ARG(name));
}

/* Rules 5 and 6 for a group. The id of an organization is that of its group of everyone. */
static void check_group(struct deciding *d, const struct subject *s)
{
	const struct group_changed *g = directory_group(d->world->directory, &s->id);
	bool everyone = !g && directory_organization(d->world->directory, &s->id);
	const struct uuid *home = everyone ? &s->id : g ? &g->organization_id : NULL;
	struct bytes name = deciding_name(d, s);

	if (!home)
		problem(d, REJECT_UNKNOWN_SUBJECT, "there is no group %.*s", BYTES_ARG(name));
	else if (!uuid_equal(home, &d->world->workspace->organization_id))
		problem(d, REJECT_NOT_A_MEMBER,
			"group %.*s does not belong to the workspace's organization",
			BYTES_ARG(name));
}

/* Rule 7, sharing: not with the owner, not with oneself. */
static void check_own_role(struct deciding *d, const struct subject *s)
{
	const struct workspace *w = d->world->workspace;
	struct bytes name = deciding_name(d, s);

	if (s->kind != SUBJECT_USER)
		return;
	if (uuid_equal(&s->id, &w->owner_id))
		problem(d, REJECT_OWN_ROLE, "%.*s owns %.*s, and nobody shares with the owner",
			BYTES_ARG(name), BYTES_ARG(w->name));
	else if (uuid_equal(&s->id, &d->command->actor.id))
		problem(d, REJECT_OWN_ROLE, "%.*s may not change their own role", BYTES_ARG(name));
}

/* Rule 4, sharing. */
static void check_ceiling(struct deciding *d, const struct grant_wish *wish)
{
	const struct grant *g = live_grant(d, &wish->subject);
	struct bytes name = deciding_name(d, &wish->subject);

	if (d->authority != AUTHORITY_ADMIN)
		return;
	if (wish->role == ROLE_ADMIN)
		problem(d, REJECT_ROLE_CEILING,
			"an admin of the workspace may give use only, not admin to %.*s",
			BYTES_ARG(name));
	else if (g && g->role == ROLE_ADMIN)
		problem(d, REJECT_ROLE_CEILING,
			"an admin of the workspace may not change the admin %.*s", BYTES_ARG(name));
}

/* Rule 9. */
static void check_expiry(struct deciding *d, const struct grant_wish *wish)
{
	char when[RFC3339_SIZE];

	if (wish->expires_at == ABSENT || wish->expires_at > d->world->now)
		return;
	clock_format_rfc3339(when, wish->expires_at);
	problem(d, REJECT_ALREADY_EXPIRED, "%s lies in the past", when);
}

/* A subject may be named twice with the same role and expiry. */
static void check_repetition(struct deciding *d, const struct grant_wish *wish,
			     const struct grant_wish *earlier)
{
	struct bytes name = deciding_name(d, &wish->subject);

	if (earlier->role != wish->role || earlier->expires_at != wish->expires_at)
		problem(d, REJECT_INVALID_COMMAND, "the command names %.*s twice and differently",
			BYTES_ARG(name));
}

static void decide_wish(struct deciding *d, const struct grant_wish *wish)
{
	const struct grant *g = live_grant(d, &wish->subject);

	if (wish->subject.kind == SUBJECT_USER)
		check_user(d, &wish->subject);
	else
		check_group(d, &wish->subject);
	check_own_role(d, &wish->subject);
	check_ceiling(d, wish);
	check_expiry(d, wish);
	if (!g || g->role != wish->role || g->expires_at != wish->expires_at)
		add_change(d, &wish->subject, wish->role, wish->expires_at);
}

/* ---- all of them ---- */

/* Rule 10, for what the command names. */
static void check_named(struct deciding *d, const struct share_workspace *c)
{
	size_t max = d->world->limits.grants_per_workspace;

	if (!c->grant_count)
		problem(d, REJECT_INVALID_COMMAND, "the command names nobody");
	if (c->grant_count > max)
		problem(d, REJECT_TOO_MANY_GRANTS,
			"the command names %zu users and groups; at most %zu are allowed",
			c->grant_count, max);
}

/* Rule 10, for what the workspace would have. */
static void check_count(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;
	size_t max = d->world->limits.grants_per_workspace;
	size_t added = 0;
	size_t count;

	for (size_t i = 0; i < d->out->change_count; i++)
		added += d->out->changes[i].before == ROLE_NONE;
	count = added;
	for (size_t i = 0; i < w->grant_count; i++)
		count += !grant_expired(&w->grants[i], d->world->now);
	if (added && count > max)
		problem(d, REJECT_TOO_MANY_GRANTS,
			"%.*s would be shared with %zu users and groups; at most %zu are allowed",
			BYTES_ARG(w->name), count, max);
}

/*
 * How many people are notified, each counted once for each group that they are
 * in. Stops counting once there are more than `max`.
 */
static size_t count_notified(const struct deciding *d, size_t max)
{
	size_t notified = 0;

	for (size_t i = 0; i < d->out->change_count && notified <= max; i++) {
		const struct subject *s = &d->out->changes[i].subject;

		notified += s->kind == SUBJECT_USER
				    ? 1
				    : directory_member_count(d->world->directory, &s->id);
	}
	return notified;
}

/* Everybody notified gets the message, and Redis keeps all of these outputs as one value. */
static void check_message(struct deciding *d, const struct share_workspace *c)
{
	size_t len = c->message.len;
	size_t max = len ? MESSAGES_MAX / len : 0;

	if (len > MESSAGE_MAX)
		problem(d, REJECT_INVALID_COMMAND,
			"the message has %zu bytes; at most %d are allowed", len, MESSAGE_MAX);
	else if (len && count_notified(d, max) > max)
		problem(d, REJECT_INVALID_COMMAND,
			"a message of %zu bytes may go to %zu people (counted once for each "
			"group), and these are more",
			len, max);
}

static void decide_wishes(struct deciding *d, const struct share_workspace *c)
{
	const size_t *first = first_mentions(d, c->grants, sizeof(*c->grants), c->grant_count);

	for (size_t i = 0; i < c->grant_count; i++)
		if (first[i] == i)
			decide_wish(d, &c->grants[i]);
		else
			check_repetition(d, &c->grants[i], &c->grants[first[i]]);
	if (!d->problems)
		check_count(d);
}

void decide_share(struct deciding *d, const struct share_workspace *c)
{
	d->out->message = c->message;
	deciding_reserve(d, c->grant_count);
	if (is_duplicate(d))
		return;
	if (check_command(d)) {
		require_sharing(d);
		require_authority(d);
	}
	if (!d->problems)
		check_named(d, c);
	if (!d->problems)
		decide_wishes(d, c);
	if (!d->problems)
		check_message(d, c);
	conclude_decision(d);
}
