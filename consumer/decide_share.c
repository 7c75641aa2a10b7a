#include "consumer/decide_share.h"

#include "consumer/decide_handoff.h"
#include "consumer/giving.h"
#include "consumer/stepping.h"
#include "schemas/bounds.h"

#include <assert.h>
#include <stddef.h>

static_assert(offsetof(struct grant_wish, subject) == 0, "first_mentions() reads the subjects");

/* ---- one grant ---- */

/* When the grant is to end: what is not given stays as it is. */
static int64_t expiry_of(const struct grant_wish *wish, const struct grant *g)
{
	return wish->keep_expiry && g ? g->expires_at : wish->expires_at;
}

/* A subject may be named twice with the same role and expiry. */
static void check_repetition(struct deciding *d, const struct grant_wish *wish,
			     const struct grant_wish *earlier)
{
	if (earlier->role != wish->role || earlier->expires_at != wish->expires_at ||
	    earlier->keep_expiry != wish->keep_expiry)
		problem(d, REJECT_INVALID_COMMAND, "the command names %.*s twice and differently",
			BYTES_ARG(deciding_name(d, &wish->subject)));
}

static void decide_wish(struct deciding *d, const struct grant_wish *wish)
{
	const struct grant *g = live_grant(d, &wish->subject);
	int64_t end = expiry_of(wish, g);

	check_recipient(d, &wish->subject);
	check_ceiling(d, wish);
	check_expiry(d, wish);
	if (g && g->role == wish->role && g->expires_at == end)
		return;
	check_end(d, &wish->subject, end);
	add_change(d, &wish->subject, wish->role, end);
	step_disown(d, &wish->subject);
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
	if (c->handoff && c->grant_count > 1)
		problem(d, REJECT_INVALID_COMMAND,
			"a handoff is offered to one user or group, not to %zu", c->grant_count);
}

static void check_message(struct deciding *d, const struct share_workspace *c)
{
	if (c->message.len > MESSAGE_MAX)
		problem(d, REJECT_INVALID_COMMAND,
			"the message has %zu bytes; at most %d are allowed", c->message.len,
			MESSAGE_MAX);
}

static void decide_wishes(struct deciding *d, const struct share_workspace *c)
{
	const size_t *first = first_mentions(d, c->grants, sizeof(*c->grants), c->grant_count);

	for (size_t i = 0; i < c->grant_count; i++)
		if (first[i] == i)
			decide_wish(d, &c->grants[i]);
		else
			check_repetition(d, &c->grants[i], &c->grants[first[i]]);
}

void decide_share(struct deciding *d, const struct share_workspace *c)
{
	d->out->message = c->message;
	deciding_reserve(d, c->grant_count + 1); /* an offer may move a grant */
	if (is_duplicate(d))
		return;
	if (check_command(d)) {
		require_sharing(d);
		require_authority(d);
	}
	if (!d->problems)
		check_named(d, c);
	if (!d->problems && c->handoff)
		decide_offer(d, c);
	else if (!d->problems)
		decide_wishes(d, c);
	if (!d->problems)
		check_count(d);
	if (!d->problems)
		check_message(d, c);
	if (!d->problems)
		check_outputs(d);
	conclude_decision(d);
}
