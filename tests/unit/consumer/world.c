#include "tests/unit/consumer/world.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#include <assert.h>

const struct actor SYSTEM = { { { 0 } }, ACTOR_SYSTEM };

struct uuid id_of(enum name name)
{
	struct uuid id = { { 0x01, 0x90, 0x16, 0x3d } };

	if (name == NIL)
		return (struct uuid){ { 0 } };
	if (name >= COMMAND)
		return made_at(NOW_MS, name);
	id.bytes[15] = (uint8_t)name;
	return id;
}

struct subject user(enum name name)
{
	return (struct subject){ SUBJECT_USER, id_of(name) };
}

struct subject group(enum name name)
{
	return (struct subject){ SUBJECT_GROUP, id_of(name) };
}

struct actor actor(enum name name)
{
	return (struct actor){ id_of(name), ACTOR_USER };
}

/* ---- the directory ---- */

static const char *const usernames[NAMES] = {
	[ALICE] = "alice", [BOB] = "bob", [CAROL] = "carol", [DAVE] = "dave", [ERIN] = "erin",
	[FRANK] = "frank", [SAM] = "sam", [DELIA] = "delia", [OLGA] = "olga", [ROBOT] = "robot",
};

static void put_fact(struct scene *s, const struct record *fact)
{
	bool taken = directory_put(s->directory, fact, NULL);

	assert(taken);
}

void put_user(struct scene *s, enum name who, enum user_status status, enum user_kind kind)
{
	struct membership home = { id_of(who == OLGA ? GLOBEX : ACME),
				   who == ERIN ? ORGANIZATION_ADMIN : ORGANIZATION_MEMBER };
	struct record r = { .type = RECORD_USER_CHANGED };

	r.as.user_changed = (struct user_changed){
		.id = id_of(who),
		.username = bytes_of(usernames[who]),
		.name = bytes_of(who == ALICE ? "Alice Archer" : ""),
		.email = bytes_of("somebody@example.com"),
		.status = status,
		.kind = kind,
		.site_role = who == FRANK ? SITE_OWNER : SITE_MEMBER,
		.organizations = &home,
		.organization_count = who == FRANK ? 0 : 1,
	};
	put_fact(s, &r);
}

void put_group(struct scene *s, enum name which, struct uuid *members, size_t count)
{
	const char *name = which == TEAM ? "team" : which == CREW ? "crew" : "strangers";
	struct record r = { .type = RECORD_GROUP_CHANGED };

	r.as.group_changed =
		(struct group_changed){ id_of(which), bytes_of(name),
					id_of(which == STRANGERS ? GLOBEX : ACME), members, count };
	put_fact(s, &r);
}

static void put_any_organization(struct scene *s, enum name which, enum sharing_policy policy,
				 int64_t lifetime_max_ms)
{
	struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

	r.as.organization_changed = (struct organization_changed){
		id_of(which), bytes_of(which == ACME ? "acme" : "globex"), policy, lifetime_max_ms
	};
	put_fact(s, &r);
}

void put_organization(struct scene *s, enum name which, enum sharing_policy policy)
{
	put_any_organization(s, which, policy, ABSENT);
}

void put_lifetime(struct scene *s, enum name which, int64_t max_ms)
{
	put_any_organization(s, which, SHARING_EVERYONE, max_ms);
}

void put_deployment(struct scene *s, bool sharing_enabled)
{
	struct record r = { .type = RECORD_DEPLOYMENT_CHANGED };

	r.as.deployment_changed.sharing_enabled = sharing_enabled;
	put_fact(s, &r);
}

static void fill_directory(struct scene *s)
{
	struct uuid team[] = { id_of(CAROL), id_of(BOB) };
	struct uuid crew[] = { id_of(SAM), id_of(CAROL), id_of(DELIA), id_of(DAVE), id_of(ALICE) };
	struct uuid strangers[] = { id_of(OLGA) };

	put_organization(s, ACME, SHARING_EVERYONE);
	put_organization(s, GLOBEX, SHARING_EVERYONE);
	for (int who = ALICE; who <= ROBOT; who++)
		put_user(s, (enum name)who,
			 who == SAM     ? USER_SUSPENDED
			 : who == DELIA ? USER_DELETED
					: USER_ACTIVE,
			 who == ROBOT ? USER_SERVICE_ACCOUNT : USER_PERSON);
	put_group(s, TEAM, team, sizeof(team) / sizeof(*team));
	put_group(s, CREW, crew, sizeof(crew) / sizeof(*crew));
	put_group(s, STRANGERS, strangers, 1);
}

/* ---- the scene ---- */

void scene_open(struct scene *s)
{
	struct uuid dev = id_of(DEV);

	*s = (struct scene){ 0 };
	s->message = bytes_of("have a look");
	s->directory = directory_new();
	fill_directory(s);
	arena_init(&s->arena);
	workspace_init(&s->workspace, &dev);
	s->workspace.registered = true;
	s->workspace.status = WORKSPACE_ACTIVE;
	s->workspace.organization_id = id_of(ACME);
	s->workspace.owner_id = id_of(ALICE);
	s->workspace.version = 1;
	workspace_set_name(&s->workspace, bytes_of("dev"));
	s->world = (struct world){
		.workspace = &s->workspace,
		.directory = s->directory,
		.directory_position = 100,
		.limits = limits_default(),
		.now = NOW_MS,
		.arena = &s->arena,
	};
	s->command = (struct command){ .command_id = id_of(COMMAND),
				       .issued_at = NOW_MS,
				       .workspace_id = dev,
				       .expected_version = ABSENT,
				       .directory_offset = ABSENT };
	s->offer = (struct handoff_offer){ .handoff_id = id_of(HANDOFF),
					   .kind = HANDOFF_REVIEW,
					   .summary = bytes_of("the migration is written"),
					   .expires_at = ABSENT,
					   .expected_step = ABSENT };
	s->answer =
		(struct answer_handoff){ .handoff_id = id_of(HANDOFF), .expected_step = ABSENT };
}

void scene_close(struct scene *s)
{
	workspace_done(&s->workspace);
	arena_done(&s->arena);
	directory_free(&s->directory);
}

void scene_reset(struct scene *s)
{
	scene_close(s);
	scene_open(s);
}

void grant(struct scene *s, struct subject subject, enum role role, int64_t expires_at)
{
	workspace_put_grant(&s->workspace,
			    &(struct grant){ subject, role, id_of(ALICE), 1, expires_at });
}

struct grant_wish wish(struct subject subject, enum role role)
{
	return wish_until(subject, role, ABSENT);
}

struct grant_wish wish_until(struct subject subject, enum role role, int64_t expires_at)
{
	return (struct grant_wish){ subject, role, expires_at, false };
}

static const struct decision *decide_record(struct scene *s)
{
	bool decided = decide(&s->world, &s->record, &s->decision);

	assert(decided);
	return &s->decision;
}

const struct decision *share(struct scene *s, struct actor who, struct grant_wish *wishes,
			     size_t count)
{
	s->record = (struct record){ .type = RECORD_SHARE_WORKSPACE };
	s->record.as.share_workspace =
		(struct share_workspace){ s->command, wishes, count, s->message, NULL };
	s->record.as.share_workspace.command.actor = who;
	return decide_record(s);
}

const struct decision *unshare(struct scene *s, struct actor who, enum reason reason,
			       struct subject *subjects, size_t count)
{
	s->record = (struct record){ .type = RECORD_REMOVE_SHARING };
	s->record.as.remove_sharing =
		(struct remove_sharing){ s->command, subjects, count, reason };
	s->record.as.remove_sharing.command.actor = who;
	return decide_record(s);
}

const struct decision *share_one(struct scene *s, struct actor who, struct subject subject,
				 enum role role)
{
	s->wish = wish(subject, role);
	return share(s, who, &s->wish, 1);
}

const struct decision *unshare_one(struct scene *s, struct actor who, struct subject subject)
{
	s->subject = subject;
	return unshare(s, who, REASON_COMMAND, &s->subject, 1);
}

const struct decision *offer(struct scene *s, struct actor who, struct subject to, enum role role)
{
	s->wish = wish(to, role);
	s->record = (struct record){ .type = RECORD_SHARE_WORKSPACE };
	s->record.as.share_workspace =
		(struct share_workspace){ s->command, &s->wish, 1, { 0 }, &s->offer };
	s->record.as.share_workspace.command.actor = who;
	return decide_record(s);
}

const struct decision *answer(struct scene *s, struct actor who, enum answer what)
{
	s->record = (struct record){ .type = RECORD_ANSWER_HANDOFF };
	s->record.as.answer_handoff = s->answer;
	s->record.as.answer_handoff.command = s->command;
	s->record.as.answer_handoff.command.actor = who;
	s->record.as.answer_handoff.answer = what;
	return decide_record(s);
}

struct workspace_changed as_it_is(void)
{
	return (struct workspace_changed){ id_of(DEV),      id_of(ACME),      id_of(ALICE),
					   bytes_of("dev"), WORKSPACE_ACTIVE, NOW_MS };
}

const struct decision *workspace_fact(struct scene *s, const struct workspace_changed *fact)
{
	s->record = (struct record){ .type = RECORD_WORKSPACE_CHANGED };
	s->record.as.workspace_changed = *fact;
	return decide_record(s);
}

const struct decision *deletion(struct scene *s)
{
	s->record = (struct record){ .type = RECORD_WORKSPACE_DELETED };
	s->record.as.workspace_deleted = (struct workspace_deleted){ id_of(DEV), NOW_MS };
	return decide_record(s);
}

bool fold(struct scene *s)
{
	return decision_fold(&s->decision, &s->record, s->world.now, &s->workspace);
}

void carry_out(struct scene *s)
{
	if (s->decision.outcome == OUTCOME_REJECTED)
		fail_msg("rejected: %s", text_of(s->decision.rejection));
	assert_int_equal(s->decision.outcome, OUTCOME_APPLIED);
	assert_true(fold(s));
	s->command.command_id.bytes[14]++;
}

const struct handoff *open_handoff(const struct scene *s)
{
	struct uuid id = id_of(HANDOFF);

	return handoffs_find(&s->workspace.handoffs, &id);
}

/* ---- assertions ---- */

void assert_applied(const struct decision *d, size_t changes)
{
	if (d->outcome == OUTCOME_REJECTED)
		fail_msg("rejected: %.*s", (int)d->rejection.len, (const char *)d->rejection.data);
	assert_int_equal(d->outcome, OUTCOME_APPLIED);
	assert_int_equal(d->code, REJECT_NONE);
	assert_int_equal(d->change_count, changes);
	assert_null(d->rejection.data);
}

void assert_unchanged(const struct decision *d)
{
	assert_int_equal(d->outcome, OUTCOME_UNCHANGED);
	assert_int_equal(d->code, REJECT_NONE);
	assert_int_equal(d->change_count, 0);
}

void assert_rejected(const struct decision *d, enum reject_code code, const char *part)
{
	assert_int_equal(d->outcome, OUTCOME_REJECTED);
	if (d->code != code)
		fail_msg("%s: %s", reject_code_name(d->code), (const char *)d->rejection.data);
	assert_int_equal(d->detail_count, 1);
	assert_true(bytes_equal(d->details[0], d->rejection));
	if (!strstr((const char *)d->rejection.data, part))
		fail_msg("\"%s\" lacks \"%s\"", (const char *)d->rejection.data, part);
	assert_int_equal(d->change_count, 0);
}

void assert_change(const struct decision *d, size_t i, struct subject subject, enum role before,
		   enum role after)
{
	assert_int_equal(d->changes[i].subject.kind, subject.kind);
	assert_true(uuid_equal(&d->changes[i].subject.id, &subject.id));
	assert_int_equal(d->changes[i].before, before);
	assert_int_equal(d->changes[i].after, after);
}

void assert_step(const struct decision *d, enum handoff_state previous, enum handoff_state state,
		 int64_t step)
{
	if (d->outcome == OUTCOME_REJECTED)
		fail_msg("rejected: %s", text_of(d->rejection));
	assert_int_equal(d->outcome, OUTCOME_APPLIED);
	assert_int_equal(d->handoff_count, 1);
	assert_int_equal(d->handoffs[0].previous, previous);
	assert_int_equal(d->handoffs[0].state, state);
	assert_int_equal(d->handoffs[0].step, step);
}
