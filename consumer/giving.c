#include "consumer/giving.h"

#include "cache/access.h"
#include "consumer/estimate.h"
#include "ops/support/clock.h"
#include "schemas/topics.h"

/* ---- whether and to whom ---- */

void require_sharing(struct deciding *d)
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

/* Rules 5 and 6 for a user. */
static void check_user(struct deciding *d, const struct subject *s)
{
	const struct user_changed *u = directory_user(d->world->directory, &s->id);

	if (!u || u->status == USER_DELETED)
		problem(d, REJECT_UNKNOWN_SUBJECT, "there is no user %.*s",
			BYTES_ARG(deciding_name(d, s)));
	else if (!user_membership(u, &d->world->workspace->organization_id))
		problem(d, REJECT_NOT_A_MEMBER,
			"user %.*s is not a member of the workspace's organization",
			BYTES_ARG(deciding_name(d, s)));
}

/* Rules 5 and 6 for a group. The id of an organization is that of its group of everyone. */
static void check_group(struct deciding *d, const struct subject *s)
{
	const struct group_changed *g = directory_group(d->world->directory, &s->id);
	bool everyone = !g && directory_organization(d->world->directory, &s->id);
	const struct uuid *home = everyone ? &s->id : g ? &g->organization_id : NULL;

	if (!home)
		problem(d, REJECT_UNKNOWN_SUBJECT, "there is no group %.*s",
			BYTES_ARG(deciding_name(d, s)));
	else if (!uuid_equal(home, &d->world->workspace->organization_id))
		problem(d, REJECT_NOT_A_MEMBER,
			"group %.*s does not belong to the workspace's organization",
			BYTES_ARG(deciding_name(d, s)));
}

/* Rule 7, sharing: not with the owner, not with oneself. */
static void check_own_role(struct deciding *d, const struct subject *s)
{
	const struct workspace *w = d->world->workspace;

	if (s->kind != SUBJECT_USER)
		return;
	if (uuid_equal(&s->id, &w->owner_id))
		problem(d, REJECT_OWN_ROLE, "%.*s owns %.*s, and nobody shares with the owner",
			BYTES_ARG(deciding_name(d, s)), BYTES_ARG(w->name));
	else if (uuid_equal(&s->id, &d->command->actor.id))
		problem(d, REJECT_OWN_ROLE, "%.*s may not change their own role",
			BYTES_ARG(deciding_name(d, s)));
}

void check_recipient(struct deciding *d, const struct subject *s)
{
	if (s->kind == SUBJECT_USER)
		check_user(d, s);
	else
		check_group(d, s);
	check_own_role(d, s);
}

/* ---- what and for how long ---- */

void check_ceiling(struct deciding *d, const struct grant_wish *wish)
{
	const struct grant *g;
	struct bytes name;

	if (d->authority != AUTHORITY_ADMIN)
		return;
	g = live_grant(d, &wish->subject);
	name = deciding_name(d, &wish->subject);
	if (wish->role == ROLE_ADMIN)
		problem(d, REJECT_ROLE_CEILING,
			"an admin of the workspace may give use only, not admin to %.*s",
			BYTES_ARG(name));
	else if (g && g->role == ROLE_ADMIN)
		problem(d, REJECT_ROLE_CEILING,
			"an admin of the workspace may not change the admin %.*s", BYTES_ARG(name));
}

void check_expiry(struct deciding *d, const struct grant_wish *wish)
{
	char when[RFC3339_SIZE];

	if (wish->keep_expiry && wish->expires_at != ABSENT)
		problem(d, REJECT_INVALID_COMMAND,
			"the command gives %.*s an end and keeps the one that there is",
			BYTES_ARG(deciding_name(d, &wish->subject)));
	if (wish->expires_at == ABSENT || wish->expires_at > d->world->now)
		return;
	clock_format_rfc3339(when, wish->expires_at);
	problem(d, REJECT_ALREADY_EXPIRED, "%s lies in the past", when);
}

static bool is_beyond(int64_t end, int64_t limit)
{
	return limit != ABSENT && (end == ABSENT || end > limit);
}

/* Rule 14. */
static void check_own_end(struct deciding *d, const struct subject *s, int64_t end)
{
	char when[RFC3339_SIZE];

	if (d->authority != AUTHORITY_ADMIN || !is_beyond(end, d->authority_until))
		return;
	clock_format_rfc3339(when, d->authority_until);
	problem(d, REJECT_BEYOND_OWN_EXPIRY,
		"access for %.*s must end by %s, when the own access of who gives it ends",
		BYTES_ARG(deciding_name(d, s)), when);
}

void check_lifetime(struct deciding *d, const struct subject *s, int64_t end)
{
	const struct organization_changed *o =
		directory_organization(d->world->directory, &d->world->workspace->organization_id);
	char when[RFC3339_SIZE];

	if (!o || o->grant_lifetime_max_ms == ABSENT ||
	    !is_beyond(end, d->world->now + o->grant_lifetime_max_ms))
		return;
	clock_format_rfc3339(when, d->world->now + o->grant_lifetime_max_ms);
	problem(d, REJECT_LIFETIME_EXCEEDED,
		"access for %.*s must end by %s, as the organization %.*s demands",
		BYTES_ARG(deciding_name(d, s)), when, BYTES_ARG(o->name));
}

void check_end(struct deciding *d, const struct subject *s, int64_t end)
{
	check_own_end(d, s, end);
	check_lifetime(d, s, end);
}

/* ---- how much ---- */

void check_count(struct deciding *d)
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

static void check_record(struct deciding *d, const char *what, enum topic topic, size_t size,
			 size_t max)
{
	if (size > max)
		problem(d, REJECT_TOO_LARGE,
			"%s would have up to %zu bytes, but %s takes %zu (max.message.bytes)", what,
			size, topic_name(topic), max);
}

void check_outputs(struct deciding *d)
{
	const struct limits *max = &d->world->limits;
	struct estimate e;

	if (!d->out->change_count && !d->out->handoff_count)
		return;
	e = estimate_outputs(d->world, d->out);
	check_record(d, "its event", TOPIC_EVENTS, e.event, max->event_bytes);
	check_record(d, "each notification", TOPIC_NOTIFICATIONS, e.notification,
		     max->notification_bytes);
	check_record(d, "the workspace's state", TOPIC_GRANTS, e.state, max->state_bytes);
	if (e.total > max->outputs_bytes)
		problem(d, REJECT_TOO_LARGE,
			"%zu people (counted once for each group) would be told up to %zu bytes "
			"each; at most %zu MB in all are allowed: share with smaller groups, or "
			"send a shorter message",
			e.notified, e.notification, max->outputs_bytes >> 20);
}
