#include "consumer/deciding.h"

#include "cache/access.h"
#include "ops/support/clock.h"
#include "schemas/bounds.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>

struct problem {
	struct problem *next;
	enum reject_code code;
	struct bytes text;
};

/* ---- problems ---- */

void problem(struct deciding *d, enum reject_code code, const char *format, ...)
{
	struct problem *p;
	va_list args;

	if (d->problem_count++ >= DETAILS_MAX)
		return; /* it is counted, and its text would not be shown */
	p = arena_alloc(d->world->arena, sizeof(*p));
	va_start(args, format);
	*p = (struct problem){ NULL, code, arena_vprintf(d->world->arena, format, args) };
	va_end(args);
	*d->problems_end = p;
	d->problems_end = &p->next;
}

/* Joins the problems that fit into one text. If not even the first fits, it is cut. */
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
		take = take < left ? take : left;
		memcpy(text + len, "; ", gap);
		memcpy(text + len + gap, p->text.data, take);
		len += gap + take;
	}
	text[len] = 0;
	return (struct bytes){ (uint8_t *)text, len };
}

/* Lists the problems, for the event. Beyond the bound it only says how many there are. */
static void list_details(struct deciding *d)
{
	struct decision *out = d->out;
	size_t max = d->problem_count > DETAILS_MAX ? DETAILS_MAX - 1 : d->problem_count;

	out->details = arena_zalloc(d->world->arena, max + 1, sizeof(*out->details));
	for (const struct problem *p = d->problems; out->detail_count < max; p = p->next)
		out->details[out->detail_count++] = p->text;
	if (d->problem_count > max)
		out->details[out->detail_count++] =
			arena_printf(d->world->arena, "and %zu more", d->problem_count - max);
}

static void reject_command(struct deciding *d)
{
	struct decision *out = d->out;

	out->outcome = OUTCOME_REJECTED;
	out->code = d->problems->code;
	out->rejection = join_problems(d);
	list_details(d);
	out->change_count = 0;
	out->handoff_count = 0;
	out->kept_count = 0;
}

struct bytes deciding_name(const struct deciding *d, const struct subject *s)
{
	return directory_subject_name(d->world->directory, s, d->world->arena);
}

/* ---- who may ---- */

static bool grant_reaches(const struct world *w, const struct grant *g, const struct uuid *user_id)
{
	if (grant_expired(g, w->now))
		return false;
	if (g->subject.kind == SUBJECT_USER)
		return uuid_equal(&g->subject.id, user_id);
	/*
	 * If the workspace has left an organization, a grant to everyone there
	 * no longer counts.
	 */
	if (directory_organization(w->directory, &g->subject.id) &&
	    !uuid_equal(&g->subject.id, &w->workspace->organization_id))
		return false;
	return directory_in_group(w->directory, user_id, &g->subject.id);
}

/* Is the user an admin of the workspace? Sets *until to when the last such grant ends. */
static bool is_workspace_admin(const struct world *w, const struct uuid *user_id, int64_t *until)
{
	bool found = false;

	for (size_t i = 0; i < w->workspace->grant_count; i++) {
		const struct grant *g = &w->workspace->grants[i];

		if (!role_allows(g->role, ACTION_SHARE_USE) || !grant_reaches(w, g, user_id))
			continue;
		if (!found || g->expires_at == ABSENT || g->expires_at > *until)
			*until = g->expires_at;
		if (g->expires_at == ABSENT)
			return true;
		found = true;
	}
	return found;
}

static enum authority authority_of(const struct world *w, const struct actor *actor, int64_t *until)
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
		return AUTHORITY_NONE; /* grants end with the membership of the organization */
	if (m->role == ORGANIZATION_ADMIN)
		return AUTHORITY_FULL;
	return is_workspace_admin(w, &actor->id, until) ? AUTHORITY_ADMIN : AUTHORITY_NONE;
}

/* ---- the decision ---- */

void deciding_init(struct deciding *d, const struct world *w, const struct record *record,
		   struct decision *out)
{
	const struct command *command = record_command(record);

	*out = (struct decision){ .reason = REASON_COMMAND, .actor = { .kind = ACTOR_SYSTEM } };
	*d = (struct deciding){ .world = w, .record = record, .command = command, .out = out };
	d->problems_end = &d->problems;
	out->signed_by = author_signed_by(&w->author);
	if (!command)
		return;
	out->actor = command->actor;
	out->command_id = command->command_id;
	d->authority_until = ABSENT;
	d->authority = authority_of(w, &command->actor, &d->authority_until);
}

void deciding_reserve(struct deciding *d, size_t changes)
{
	d->out->changes = arena_zalloc(d->world->arena, changes + 1, sizeof(*d->out->changes));
	d->changes_max = changes;
}

const struct grant *live_grant(const struct deciding *d, const struct subject *s)
{
	const struct grant *g = workspace_grant(d->world->workspace, s);

	return g && !grant_expired(g, d->world->now) ? g : NULL;
}

void add_change(struct deciding *d, const struct subject *s, enum role after, int64_t expires_at)
{
	const struct grant *g =
		after == ROLE_NONE ? workspace_grant(d->world->workspace, s) : live_grant(d, s);
	struct decision *out = d->out;

	assert(out->change_count < d->changes_max);
	out->changes[out->change_count++] =
		(struct change){ *s, g ? g->role : ROLE_NONE, after, expires_at };
}

struct mention {
	const struct subject *subject;
	size_t index;
};

/* By subject, then in the order of the command. */
static int by_subject(const void *a, const void *b)
{
	const struct mention *x = a;
	const struct mention *y = b;
	int order = x->subject->kind != y->subject->kind
			    ? (x->subject->kind > y->subject->kind) * 2 - 1
			    : uuid_compare(&x->subject->id, &y->subject->id);

	return order ? order : (x->index > y->index) - (x->index < y->index);
}

const size_t *first_mentions(const struct deciding *d, const void *list, size_t size, size_t count)
{
	struct mention *sorted = arena_alloc(d->world->arena, (count + 1) * sizeof(*sorted));
	size_t *first = arena_alloc(d->world->arena, (count + 1) * sizeof(*first));

	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct mention){
			(const struct subject *)(const void *)((const uint8_t *)list + i * size), i
		};
	if (count > 1)
		qsort(sorted, count, sizeof(*sorted), by_subject);
	for (size_t i = 0; i < count; i++) {
		bool again = i && subject_equal(sorted[i].subject, sorted[i - 1].subject);

		first[sorted[i].index] = again ? first[sorted[i - 1].index] : sorted[i].index;
	}
	return first;
}

bool check_author(struct deciding *d)
{
	enum reject_code code = author_refuse(&d->world->author, d->record, NULL);
	struct error why;

	if (!code)
		return true;
	(void)author_refuse(&d->world->author, d->record, &why);
	problem(d, code, "%s", why.text);
	return false;
}

bool is_duplicate(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;

	if (!w->registered || !recent_holds(&w->recent, &d->command->command_id))
		return false;
	d->out->outcome = OUTCOME_DUPLICATE;
	return true;
}

void require_authority(struct deciding *d)
{
	const struct subject actor = { SUBJECT_USER, d->command->actor.id };

	if (d->authority == AUTHORITY_NONE)
		problem(d, REJECT_FORBIDDEN, "%.*s may not change who %.*s is shared with",
			BYTES_ARG(deciding_name(d, &actor)), BYTES_ARG(d->world->workspace->name));
}

static void check_directory_offset(struct deciding *d)
{
	int64_t seen = d->command->directory_offset;
	int64_t end = d->world->directory_position;

	if (seen != ABSENT && seen > end)
		problem(d, REJECT_DIRECTORY_AHEAD,
			"the command has seen the directory up to offset %lld, but it ends at %lld",
			(long long)seen, (long long)end);
}

static void check_version(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;
	int64_t expected = d->command->expected_version;

	if (expected != ABSENT && expected != w->version)
		problem(d, REJECT_VERSION_CONFLICT,
			"the sharing of %.*s is at version %lld, not %lld", BYTES_ARG(w->name),
			(long long)w->version, (long long)expected);
}

static void refuse_id(struct deciding *d, int64_t made)
{
	char id[UUID_TEXT_SIZE];
	char when[RFC3339_SIZE];

	uuid_format(id, &d->command->command_id);
	clock_format_rfc3339(when, made);
	if (made < 0)
		problem(d, REJECT_INVALID_COMMAND,
			"the command id %s is not a UUID of version 7, which says when it was "
			"made; send the command under a new id",
			id);
	else
		problem(d, REJECT_INVALID_COMMAND,
			"the command id %s says that it was made at %s, more than an hour ahead of "
			"Kafka; set the clock that it comes from, and send the command under a new "
			"id",
			id, when);
}

/* The command's id must say when it was made, so that rule 11 holds for it. */
static void check_id(struct deciding *d)
{
	int64_t made = uuid_v7_time(&d->command->command_id);

	if (uuid_is_nil(&d->command->command_id))
		problem(d, REJECT_INVALID_COMMAND, "the command has no id");
	else if (!decision_proves_itself(d->out) &&
		 (made < 0 || (made > d->world->now && made - d->world->now > RECENT_AHEAD_MAX_MS)))
		refuse_id(d, made);
}

static void check_workspace(struct deciding *d)
{
	char id[UUID_TEXT_SIZE];

	if (d->world->workspace->registered)
		return;
	uuid_format(id, &d->command->workspace_id);
	problem(d, REJECT_UNKNOWN_WORKSPACE, "there is no workspace %s", id);
}

/* Rule 11: is it certain that the command was not done before? */
static void check_age(struct deciding *d)
{
	const struct workspace *w = d->world->workspace;
	const struct uuid *id = &d->command->command_id;
	int64_t made = uuid_v7_time(id);
	char when[RFC3339_SIZE];

	if (decision_proves_itself(d->out))
		return;
	if (d->world->now - made <= RECENT_BEHIND_MAX_MS && recent_reaches(&w->recent, id))
		return;
	clock_format_rfc3339(when, made);
	problem(d, REJECT_COMMAND_TOO_OLD,
		"the command id was made at %s, and %.*s no longer remembers whether a command of "
		"that time was done; see whom it is shared with, and if need be send the command "
		"under a new id, from a clock that is right",
		when, BYTES_ARG(w->name));
}

/* The numbers and times of the command, and how many subjects it names. */
static void check_bounds(struct deciding *d)
{
	struct error err = { 0 };

	if (bounds_check_command(d->record, &err))
		problem(d, REJECT_INVALID_COMMAND, "%s", err.text);
}

bool check_command(struct deciding *d)
{
	static void (*const checks[])(
		struct deciding *) = { check_id,  check_bounds,           check_workspace,
				       check_age, check_directory_offset, check_version };

	assert(d->command);
	for (size_t i = 0; !d->problems && i < sizeof(checks) / sizeof(*checks); i++)
		checks[i](d);
	return !d->problems;
}

void conclude_decision(struct deciding *d)
{
	if (d->problems)
		reject_command(d);
	else
		d->out->outcome = d->out->change_count || d->out->handoff_count ? OUTCOME_APPLIED
										: OUTCOME_UNCHANGED;
}
