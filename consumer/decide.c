#include "consumer/decide.h"

#include "cache/access.h"
#include "ops/support/clock.h"

#include <assert.h>

/* How much somebody may change of a workspace's sharing. */
enum authority {
	AUTHORITY_NONE,  /* the own grant may go, nothing else */
	AUTHORITY_ADMIN, /* an admin of the workspace: `use` may be given and taken */
	AUTHORITY_FULL,  /* owner, admin of the organization, site owner, system */
};

struct problem {
	struct problem *next;
	enum reject_code code;
	struct bytes text;
};

/* One decision in the making. */
struct deciding {
	const struct world *world;
	const struct command *command;
	struct decision *out;
	struct problem *problems; /* in order of finding */
	struct problem **problems_end;
	size_t problem_count;
	enum authority authority;
};

/* ---- problems ---- */

static void add_problem(struct deciding *d, enum reject_code code, struct bytes text)
{
	struct problem *p = arena_alloc(d->world->arena, sizeof(*p));

	*p = (struct problem){ NULL, code, text };
	*d->problems_end = p;
	d->problems_end = &p->next;
	d->problem_count++;
}

static struct bytes join_problems(const struct deciding *d)
{
	char *text = arena_alloc(d->world->arena, OUTCOME_MESSAGE_MAX + 1);
	size_t len = 0;

	for (const struct problem *p = d->problems; p; p = p->next) {
		size_t gap = p == d->problems ? 0 : 2;

		size_t left = OUTCOME_MESSAGE_MAX - len;
		size_t take = p->text.len;

		if (gap + take > left && p != d->problems)
			break;
		take = take < left ? take : left; /* the first is cut rather than left out */
		memcpy(text + len, "; ", gap);
		memcpy(text + len + gap, p->text.data, take);
		len += gap + take;
	}
	text[len] = 0;
	return (struct bytes){ (uint8_t *)text, len };
}

static void reject(struct deciding *d)
{
	struct decision *out = d->out;

	out->outcome = OUTCOME_REJECTED;
	out->code = d->problems->code;
	out->message = join_problems(d);
	out->details = arena_zalloc(d->world->arena, d->problem_count, sizeof(*out->details));
	for (const struct problem *p = d->problems; p; p = p->next)
		out->details[out->detail_count++] = p->text;
	out->change_count = 0;
}

static struct bytes name_of(const struct deciding *d, const struct subject *s)
{
	return directory_subject_name(d->world->directory, s, d->world->arena);
}

static struct bytes user_name(const struct deciding *d, const struct uuid *id)
{
	return name_of(d, &(struct subject){ SUBJECT_USER, *id });
}

/* ---- who may ---- */

static bool grant_reaches(const struct world *w, const struct grant *g, const struct uuid *user_id)
{
	if (grant_expired(g, w->now))
		return false;
	if (g->subject.kind == SUBJECT_USER)
		return uuid_equal(&g->subject.id, user_id);
	/* Everyone of another organization, which the workspace was in before. */
	if (directory_organization(w->directory, &g->subject.id) &&
	    !uuid_equal(&g->subject.id, &w->workspace->organization_id))
		return false;
	return directory_in_group(w->directory, user_id, &g->subject.id);
}

static bool is_workspace_admin(const struct world *w, const struct uuid *user_id)
{
	for (size_t i = 0; i < w->workspace->grant_count; i++) {
		const struct grant *g = &w->workspace->grants[i];

		if (role_allows(g->role, ACTION_SHARE_USE) && grant_reaches(w, g, user_id))
			return true;
	}
	return false;
}

static enum authority authority_of(const struct world *w, const struct actor *actor)
{
	const struct user_changed *u;
	const struct membership *m;

	if (actor->kind == ACTOR_SYSTEM)
		return AUTHORITY_FULL;
	u = directory_user(w->directory, &actor->id);
	if (!u || u->status != USER_ACTIVE)
		return AUTHORITY_NONE;
	if (uuid_equal(&actor->id, &w->workspace->owner_id) || u->site_role == SITE_OWNER)
		return AUTHORITY_FULL;
	m = user_membership(u, &w->workspace->organization_id);
	if (!m)
		return AUTHORITY_NONE; /* whoever has left the organization has its grants no longer */
	if (m->role == ORGANIZATION_ADMIN)
		return AUTHORITY_FULL;
	return is_workspace_admin(w, &actor->id) ? AUTHORITY_ADMIN : AUTHORITY_NONE;
}

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
			add_problem(d, REJECT_SHARING_DISABLED,
				    bytes_of(access_denial_text((enum access_denial)bit)));
}

/* ---- rules on the command as a whole ---- */

/* Rule 3. */
static void require_authority(struct deciding *d)
{
	struct bytes who = user_name(d, &d->command->actor.id);

	if (d->authority == AUTHORITY_NONE)
		add_problem(d, REJECT_FORBIDDEN,
			    arena_printf(d->world->arena,
					 "%.*s may not change who %.*s is shared with",
					 BYTES_ARG(who), BYTES_ARG(d->world->workspace->name)));
}

/* Rules 1, 8, 13: what any command needs. False when a problem ends the matter. */
static bool check_command(struct deciding *d)
{
	const struct world *w = d->world;
	const struct command *c = d->command;
	char id[UUID_TEXT_SIZE];

	assert(c);
	uuid_format(id, &c->workspace_id);
	if (uuid_is_nil(&c->command_id))
		add_problem(d, REJECT_INVALID_COMMAND, bytes_of("the command has no id"));
	else if (!w->workspace->registered)
		add_problem(d, REJECT_UNKNOWN_WORKSPACE,
			    arena_printf(w->arena, "there is no workspace %s", id));
	else if (c->directory_offset != ABSENT && c->directory_offset > w->directory_position)
		add_problem(d, REJECT_DIRECTORY_AHEAD,
			    arena_printf(w->arena,
					 "the command has seen the directory up to offset %lld, "
					 "but it ends at %lld",
					 (long long)c->directory_offset,
					 (long long)w->directory_position));
	else if (c->expected_version != ABSENT && c->expected_version != w->workspace->version)
		add_problem(d, REJECT_VERSION_CONFLICT,
			    arena_printf(
				    w->arena, "the sharing of %.*s is at version %lld, not %lld",
				    BYTES_ARG(w->workspace->name), (long long)w->workspace->version,
				    (long long)c->expected_version));
	return !d->problems;
}

/*
 * The subject's grant, unless its time is over: whoever is given a role anew
 * had none, though the system has yet to take the old one away.
 */
static const struct grant *live_grant(const struct deciding *d, const struct subject *s)
{
	const struct grant *g = workspace_grant(d->world->workspace, s);

	return g && !grant_expired(g, d->world->now) ? g : NULL;
}

static void add_change(struct deciding *d, const struct subject *s, enum role after,
		       int64_t expires_at)
{
	const struct grant *g =
		after == ROLE_NONE ? workspace_grant(d->world->workspace, s) : live_grant(d, s);
	struct decision *out = d->out;

	out->changes[out->change_count++] =
		(struct change){ *s, g ? g->role : ROLE_NONE, after, expires_at };
}

/* Rule 12, and the end of the matter. */
static void conclude(struct deciding *d)
{
	if (d->problems)
		reject(d);
	else
		d->out->outcome = d->out->change_count ? OUTCOME_APPLIED : OUTCOME_UNCHANGED;
}

/* Rule 11: done before, or found to be so already. */
static bool is_duplicate(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;

	if (!w->registered || !workspace_saw_command(w, &d->command->command_id))
		return false;
	d->out->outcome = OUTCOME_DUPLICATE;
	return true;
}

/* ---- sharing ---- */

/* Rules 5 and 6 for a user. */
static void check_user(struct deciding *d, const struct subject *s)
{
	const struct user_changed *u = directory_user(d->world->directory, &s->id);
	struct bytes name = name_of(d, s);

	if (!u || u->status == USER_DELETED)
		add_problem(
			d, REJECT_UNKNOWN_SUBJECT,
			arena_printf(d->world->arena, "there is no user %.*s", BYTES_ARG(name)));
	else if (!user_membership(u, &d->world->workspace->organization_id))
		add_problem(
			d, REJECT_NOT_A_MEMBER,
			arena_printf(d->world->arena,
				     "user %.*s is not a member of the workspace's organization",
				     BYTES_ARG(name)));
}

/* Rules 5 and 6 for a group; an organization's id is its group of everyone. */
static void check_group(struct deciding *d, const struct subject *s)
{
	const struct group_changed *g = directory_group(d->world->directory, &s->id);
	bool everyone = !g && directory_organization(d->world->directory, &s->id);
	const struct uuid *home = everyone ? &s->id : g ? &g->organization_id : NULL;
	struct bytes name = name_of(d, s);

	if (!home)
		add_problem(
			d, REJECT_UNKNOWN_SUBJECT,
			arena_printf(d->world->arena, "there is no group %.*s", BYTES_ARG(name)));
	else if (!uuid_equal(home, &d->world->workspace->organization_id))
		add_problem(
			d, REJECT_NOT_A_MEMBER,
			arena_printf(d->world->arena,
				     "group %.*s does not belong to the workspace's organization",
				     BYTES_ARG(name)));
}

/* Rule 7, sharing: not with the owner, not with oneself. */
static void check_own_role(struct deciding *d, const struct subject *s)
{
	const struct workspace *w = d->world->workspace;
	struct bytes name = name_of(d, s);

	if (s->kind != SUBJECT_USER)
		return;
	if (uuid_equal(&s->id, &w->owner_id))
		add_problem(d, REJECT_OWN_ROLE,
			    arena_printf(d->world->arena,
					 "%.*s owns %.*s, and nobody shares with the owner",
					 BYTES_ARG(name), BYTES_ARG(w->name)));
	else if (uuid_equal(&s->id, &d->command->actor.id))
		add_problem(d, REJECT_OWN_ROLE,
			    arena_printf(d->world->arena, "%.*s may not change the own role",
					 BYTES_ARG(name)));
}

/* Rule 4, sharing. */
static void check_ceiling(struct deciding *d, const struct grant_wish *wish)
{
	const struct grant *g = live_grant(d, &wish->subject);
	struct bytes name = name_of(d, &wish->subject);

	if (d->authority != AUTHORITY_ADMIN)
		return;
	if (wish->role == ROLE_ADMIN)
		add_problem(
			d, REJECT_ROLE_CEILING,
			arena_printf(
				d->world->arena,
				"an admin of the workspace may give use only, not admin to %.*s",
				BYTES_ARG(name)));
	else if (g && g->role == ROLE_ADMIN)
		add_problem(d, REJECT_ROLE_CEILING,
			    arena_printf(d->world->arena,
					 "an admin of the workspace may not change the admin %.*s",
					 BYTES_ARG(name)));
}

/* Rule 9. */
static void check_expiry(struct deciding *d, const struct grant_wish *wish)
{
	char when[RFC3339_SIZE];

	if (wish->expires_at == ABSENT || wish->expires_at > d->world->now)
		return;
	clock_format_rfc3339(when, wish->expires_at);
	add_problem(d, REJECT_ALREADY_EXPIRED,
		    arena_printf(d->world->arena, "%s lies in the past", when));
}

/* An earlier wish of the command for the same subject, or NULL. */
static const struct grant_wish *earlier_wish(const struct share_workspace *c,
					     const struct grant_wish *wish)
{
	for (const struct grant_wish *w = c->grants; w < wish; w++)
		if (subject_equal(&w->subject, &wish->subject))
			return w;
	return NULL;
}

static void decide_wish(struct deciding *d, const struct share_workspace *c,
			const struct grant_wish *wish)
{
	const struct grant *g = live_grant(d, &wish->subject);
	const struct grant_wish *earlier = earlier_wish(c, wish);

	if (earlier && (earlier->role != wish->role || earlier->expires_at != wish->expires_at)) {
		struct bytes name = name_of(d, &wish->subject);

		add_problem(d, REJECT_INVALID_COMMAND,
			    arena_printf(d->world->arena,
					 "the command names %.*s twice and differently",
					 BYTES_ARG(name)));
	}
	if (earlier)
		return;
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

/* Rule 10. */
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
		add_problem(d, REJECT_TOO_MANY_GRANTS,
			    arena_printf(d->world->arena,
					 "%.*s would be shared with %zu users and groups; at most "
					 "%zu are allowed",
					 BYTES_ARG(w->name), count, max));
}

/* How many are to be told, up to a little more than `max`; once for each group they are in. */
static size_t count_told(const struct deciding *d, size_t max)
{
	size_t told = 0;

	for (size_t i = 0; i < d->out->change_count && told <= max; i++) {
		const struct subject *s = &d->out->changes[i].subject;

		told += s->kind == SUBJECT_USER
				? 1
				: directory_member_count(d->world->directory, &s->id);
	}
	return told;
}

/* Everybody concerned is sent the message, and all of that is kept as one value in Redis. */
static void check_message(struct deciding *d, const struct share_workspace *c)
{
	size_t len = c->message.len;
	size_t max = len ? MESSAGES_MAX / len : 0;

	if (len > MESSAGE_MAX)
		add_problem(d, REJECT_INVALID_COMMAND,
			    arena_printf(d->world->arena,
					 "the message has %zu bytes; at most %d are allowed", len,
					 MESSAGE_MAX));
	else if (len && count_told(d, max) > max)
		add_problem(d, REJECT_INVALID_COMMAND,
			    arena_printf(d->world->arena,
					 "a message of %zu bytes may go to %zu people (counted "
					 "once for each group), and these are more",
					 len, max));
}

static void decide_wishes(struct deciding *d, const struct share_workspace *c)
{
	for (size_t i = 0; i < c->grant_count; i++)
		decide_wish(d, c, &c->grants[i]);
	if (!d->problems)
		check_count(d);
}

static void decide_share(struct deciding *d, const struct share_workspace *c)
{
	size_t max = d->world->limits.grants_per_workspace;

	d->out->word = c->message;
	d->out->changes =
		arena_zalloc(d->world->arena, c->grant_count + 1, sizeof(*d->out->changes));
	if (is_duplicate(d))
		return;
	if (check_command(d)) {
		require_sharing(d);
		require_authority(d);
	}
	if (!d->problems && !c->grant_count)
		add_problem(d, REJECT_INVALID_COMMAND, bytes_of("the command names nobody"));
	if (!d->problems && c->grant_count > max)
		add_problem(
			d, REJECT_TOO_MANY_GRANTS,
			arena_printf(
				d->world->arena,
				"the command names %zu users and groups; at most %zu are allowed",
				c->grant_count, max));
	if (!d->problems)
		decide_wishes(d, c);
	if (!d->problems)
		check_message(d, c);
	conclude(d);
}

/* ---- removing ---- */

/* Is the reason that the command gives true for this subject? Late and doubled removals do no harm. */
static bool is_proven(const struct deciding *d, const struct subject *s, enum reason reason)
{
	const struct world *w = d->world;
	const struct grant *g = workspace_grant(w->workspace, s);

	switch (reason) {
	case REASON_EXPIRED:
		return g && grant_expired(g, w->now);
	case REASON_USER_DELETED:
		return s->kind == SUBJECT_USER && directory_lacks(w->directory, s);
	case REASON_GROUP_DELETED:
		return s->kind == SUBJECT_GROUP && directory_lacks(w->directory, s);
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

/* Does the command remove the subject's grant already? */
static bool is_removed(const struct decision *out, const struct subject *s)
{
	for (size_t i = 0; i < out->change_count; i++)
		if (subject_equal(&out->changes[i].subject, s))
			return true;
	return false;
}

/* Rules 3, 4 and 7, removing: the own grant always; another's admin not by an admin. */
static void decide_removal(struct deciding *d, const struct subject *s, enum reason reason)
{
	const struct grant *g = workspace_grant(d->world->workspace, s);
	struct bytes name = name_of(d, s);

	if (!g || is_removed(d->out, s) || !is_proven(d, s, reason))
		return;
	if (d->authority == AUTHORITY_ADMIN && g->role == ROLE_ADMIN && live_grant(d, s) &&
	    !is_self(d, s))
		add_problem(d, REJECT_ROLE_CEILING,
			    arena_printf(d->world->arena,
					 "an admin of the workspace may not remove the admin %.*s",
					 BYTES_ARG(name)));
	add_change(d, s, ROLE_NONE, ABSENT);
}

static bool names_only_self(const struct deciding *d, const struct remove_sharing *c)
{
	for (size_t i = 0; i < c->subject_count; i++)
		if (!is_self(d, &c->subjects[i]))
			return false;
	return c->subject_count > 0;
}

static void decide_remove(struct deciding *d, const struct remove_sharing *c)
{
	d->out->reason = c->reason;
	d->out->changes =
		arena_zalloc(d->world->arena, c->subject_count + 1, sizeof(*d->out->changes));
	if (is_duplicate(d))
		return;
	if (check_command(d) && !names_only_self(d, c))
		require_authority(d);
	if (!d->problems && !c->subject_count)
		add_problem(d, REJECT_INVALID_COMMAND, bytes_of("the command names nobody"));
	if (!d->problems && c->reason != REASON_COMMAND && c->command.actor.kind != ACTOR_SYSTEM)
		add_problem(d, REJECT_FORBIDDEN,
			    bytes_of("only the system gives a reason for a removal"));
	if (!d->problems)
		for (size_t i = 0; i < c->subject_count; i++)
			decide_removal(d, &c->subjects[i], c->reason);
	conclude(d);
}

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
	struct subject owner = { SUBJECT_USER, c->owner_id };

	d->out->reason = REASON_OWNER_CHANGED;
	d->out->changes = arena_zalloc(d->world->arena, 1, sizeof(*d->out->changes));
	if (workspace_grant(w, &owner))
		add_change(d, &owner, ROLE_NONE, ABSENT);
	d->out->outcome = same_header(w, c) ? OUTCOME_UNCHANGED : OUTCOME_APPLIED;
}

static void decide_deleted(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;

	d->out->reason = REASON_WORKSPACE_DELETED;
	d->out->changes =
		arena_zalloc(d->world->arena, w->grant_count + 1, sizeof(*d->out->changes));
	for (size_t i = 0; i < w->grant_count; i++)
		add_change(d, &w->grants[i].subject, ROLE_NONE, ABSENT);
	d->out->outcome = w->registered ? OUTCOME_APPLIED : OUTCOME_UNCHANGED;
}

/* ---- public ---- */

bool decide(const struct world *w, const struct record *r, struct decision *out)
{
	struct deciding d = { .world = w, .command = record_command(r), .out = out };

	*out = (struct decision){ .reason = REASON_COMMAND, .actor = { .kind = ACTOR_SYSTEM } };
	d.problems_end = &d.problems;
	if (d.command) {
		out->actor = d.command->actor;
		out->command_id = d.command->command_id;
		d.authority = authority_of(w, &d.command->actor);
	}
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
