/* The removals that stale grants need, their ids and their commands. */

#include "consumer/removal.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#define DEV   "dev-------------"
#define PROD  "prod------------"
#define BOB   "bob-------------"
#define CAROL "carol-----------"
#define TEAM  "team------------"

enum { FOUND_MAX = 8, NOW_MS = 1000, POSITION = 7 };

static struct arena arena;
static struct stale found[FOUND_MAX];
static struct stale_list list;
static struct removal *removals;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	list = (struct stale_list){ &arena, found, 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static void find(const char *workspace, enum subject_kind kind, const char *subject,
		 int64_t expires_at)
{
	found[list.count++] = (struct stale){ .workspace_id = letters(workspace),
					      .subject = { kind, letters(subject) },
					      .expires_at = expires_at };
}

static void assert_removal(size_t i, const char *workspace, enum reason reason, size_t subjects)
{
	assert_memory_equal(removals[i].workspace_id.bytes, workspace, 16);
	assert_int_equal(removals[i].reason, reason);
	assert_int_equal(removals[i].subject_count, subjects);
}

static void assert_subject(size_t i, size_t j, enum subject_kind kind, const char *id)
{
	assert_int_equal(removals[i].subjects[j].kind, kind);
	assert_memory_equal(removals[i].subjects[j].id.bytes, id, 16);
}

/* ---- which removals ---- */

static void no_stale_grants_need_no_removal(void **state)
{
	(void)state;
	assert_int_equal(removal_list(&list, &removals), 0);
}

static void grants_that_expire_together_share_a_removal(void **state)
{
	(void)state;
	find(DEV, SUBJECT_GROUP, TEAM, 5);
	find(DEV, SUBJECT_USER, BOB, 5);
	find(DEV, SUBJECT_USER, CAROL, 6);
	find(PROD, SUBJECT_USER, CAROL, 6);
	assert_int_equal(removal_list(&list, &removals), 3);
	assert_removal(0, DEV, REASON_EXPIRED, 2);
	assert_subject(0, 0, SUBJECT_GROUP, TEAM);
	assert_subject(0, 1, SUBJECT_USER, BOB);
	assert_removal(1, DEV, REASON_EXPIRED, 1);
	assert_subject(1, 0, SUBJECT_USER, CAROL);
	assert_removal(2, PROD, REASON_EXPIRED, 1);
}

static void gone_subject_is_removed_from_each_workspace(void **state)
{
	(void)state;
	find(DEV, SUBJECT_USER, BOB, ABSENT);
	find(PROD, SUBJECT_USER, BOB, ABSENT);
	find(PROD, SUBJECT_GROUP, TEAM, ABSENT);
	assert_int_equal(removal_list(&list, &removals), 3);
	assert_removal(0, DEV, REASON_USER_DELETED, 1);
	assert_removal(1, PROD, REASON_USER_DELETED, 1);
	assert_removal(2, PROD, REASON_GROUP_DELETED, 1);
	assert_subject(2, 0, SUBJECT_GROUP, TEAM);
}

static void expired_grant_of_a_gone_subject_is_removed_once(void **state)
{
	(void)state;
	find(DEV, SUBJECT_USER, CAROL, 5);
	find(DEV, SUBJECT_USER, BOB, 5);
	find(DEV, SUBJECT_USER, BOB, ABSENT);
	find(PROD, SUBJECT_USER, BOB, ABSENT);
	assert_int_equal(removal_list(&list, &removals), 2);
	assert_removal(0, DEV, REASON_EXPIRED, 2);
	assert_removal(1, PROD, REASON_USER_DELETED, 1);
}

/* ---- ids ---- */

static struct subject subjects[2];

static struct removal removal_of(enum reason reason, int64_t expires_at, size_t count)
{
	subjects[0] = (struct subject){ SUBJECT_USER, letters(BOB) };
	subjects[1] = (struct subject){ SUBJECT_USER, letters(CAROL) };
	return (struct removal){ letters(DEV), reason, expires_at, subjects, count, { { 0 } } };
}

static struct uuid id_of(const struct removal *r)
{
	struct uuid id;

	assert_int_equal(removal_id(r, &id), 0);
	return id;
}

static void one_cause_has_one_id(void **state)
{
	struct removal r = removal_of(REASON_EXPIRED, 5, 1);
	struct uuid a = id_of(&r);
	struct uuid b = id_of(&r);

	(void)state;
	assert_memory_equal(&a, &b, sizeof(a));
	assert_false(uuid_is_nil(&a));
	assert_int_equal(a.bytes[6] >> 4, 5);
}

static void each_cause_has_an_id_of_its_own(void **state)
{
	struct removal causes[] = {
		removal_of(REASON_EXPIRED, 5, 1),
		removal_of(REASON_EXPIRED, 6, 1),
		removal_of(REASON_EXPIRED, 5, 2),
		removal_of(REASON_USER_DELETED, ABSENT, 1),
		removal_of(REASON_GROUP_DELETED, ABSENT, 1),
		removal_of(REASON_EXPIRED, 5, 1),
	};
	enum { CAUSES = sizeof(causes) / sizeof(*causes) };
	struct uuid ids[CAUSES];

	(void)state;
	causes[CAUSES - 1].workspace_id = letters(PROD);
	for (size_t i = 0; i < CAUSES; i++)
		ids[i] = id_of(&causes[i]);
	for (size_t i = 0; i < CAUSES; i++)
		for (size_t j = 0; j < i; j++)
			if (uuid_equal(&ids[i], &ids[j]))
				fail_msg("%zu and %zu", j, i);
}

/* ---- the command ---- */

static void command_says_how_far_the_system_saw_the_directory(void **state)
{
	struct removal r = removal_of(REASON_EXPIRED, 5, 2);
	struct uuid id = letters("command---------");
	struct record record = removal_record(&r, &id, NOW_MS, POSITION);
	const struct remove_sharing *c = &record.as.remove_sharing;

	(void)state;
	assert_int_equal(record.type, RECORD_REMOVE_SHARING);
	assert_memory_equal(c->command.command_id.bytes, "command---------", 16);
	assert_memory_equal(c->command.workspace_id.bytes, DEV, 16);
	assert_int_equal(c->command.actor.kind, ACTOR_SYSTEM);
	assert_true(uuid_is_nil(&c->command.actor.id));
	assert_int_equal(c->command.issued_at, NOW_MS);
	assert_int_equal(c->command.directory_offset, POSITION);
	assert_true(c->command.expected_version == ABSENT);
	assert_int_equal(c->reason, REASON_EXPIRED);
	assert_int_equal(c->subject_count, 2);
}

static void find_handoff(const char *workspace, const char *id, int64_t expires_at)
{
	found[list.count++] = (struct stale){ .workspace_id = letters(workspace),
					      .handoff_id = letters(id),
					      .expires_at = expires_at };
}

/* Also between grants that expire at the same time. */
static void handoff_whose_time_is_over_has_a_command_of_its_own(void **state)
{
	struct uuid id = letters("command---------");
	const struct answer_handoff *a;
	struct record r;

	(void)state;
	find(DEV, SUBJECT_USER, BOB, 5);
	find_handoff(DEV, "first-----------", 5);
	find_handoff(DEV, "second----------", 5);
	find(DEV, SUBJECT_USER, CAROL, 5);
	assert_int_equal(removal_list(&list, &removals), 4);
	assert_removal(0, DEV, REASON_EXPIRED, 1);
	assert_removal(1, DEV, REASON_EXPIRED, 0);
	assert_removal(2, DEV, REASON_EXPIRED, 0);
	assert_removal(3, DEV, REASON_EXPIRED, 1);
	r = removal_record(&removals[2], &id, NOW_MS, POSITION);
	assert_int_equal(r.type, RECORD_ANSWER_HANDOFF);
	a = &r.as.answer_handoff;
	assert_int_equal(a->answer, ANSWER_EXPIRE);
	assert_memory_equal(a->handoff_id.bytes, "second----------", 16);
	assert_int_equal(a->command.actor.kind, ACTOR_SYSTEM);
	assert_int_equal(a->command.directory_offset, POSITION);
	assert_true(a->expected_step == ABSENT);
}

static void each_end_of_a_handoff_has_an_id_of_its_own(void **state)
{
	struct uuid ids[4];

	(void)state;
	find_handoff(DEV, "first-----------", 5);
	find_handoff(DEV, "second----------", 5);
	find_handoff(DEV, "first-----------", 6);
	find_handoff(PROD, "first-----------", 6);
	assert_int_equal(removal_list(&list, &removals), 4);
	for (size_t i = 0; i < 4; i++) {
		ids[i] = id_of(&removals[i]);
		for (size_t j = 0; j < i; j++)
			assert_false(uuid_equal(&ids[i], &ids[j]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_stale_grants_need_no_removal),
		TEST(grants_that_expire_together_share_a_removal),
		TEST(gone_subject_is_removed_from_each_workspace),
		TEST(expired_grant_of_a_gone_subject_is_removed_once),
		TEST(one_cause_has_one_id),
		TEST(each_cause_has_an_id_of_its_own),
		TEST(command_says_how_far_the_system_saw_the_directory),
		TEST(handoff_whose_time_is_over_has_a_command_of_its_own),
		TEST(each_end_of_a_handoff_has_an_id_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
