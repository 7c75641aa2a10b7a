/* Answers are given to all questions or to none. */

#include "cache/check.h"

#include "cache/layout.h"
#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

enum { PIECE = 1000, COUNT = PIECE + 1 };

static struct checker checker;
static struct arena arena;
static struct check questions[COUNT];
static struct access answers[COUNT];

static int set_up(void **state)
{
	(void)script_reset(state);
	arena_init(&arena);
	checker = (struct checker){ script_reader(), people_new(), &arena };
	for (int i = 0; i < COUNT; i++) {
		questions[i] = (struct check){ letters("bob-has-an-id-16"),
					       letters("workspace-1-1-1-"), ACTION_SSH };
		answers[i] = (struct access){ .role = ROLE_ADMIN };
	}
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&checker.reader);
	people_free(&checker.people);
	arena_done(&arena);
	return script_reset(state);
}

/* The switch and the user, who does not exist. */
static void learn_scene(void)
{
	struct pipeline *scene = script_question(0, -1);

	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	script_end_question(scene, 0, -1);
}

/* The workspaces of a pipeline of questions, none of which exists. */
static void workspaces_scene(int count)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene = script_question(partition, partition);

	for (int i = 0; i < count; i++) {
		pipeline_command(scene, 2);
		script_nil(scene);
		script_nil(scene);
	}
	script_end_question(scene, partition, partition);
}

static void all_questions_are_answered_when_each_pipeline_succeeds(void **state)
{
	(void)state;
	learn_scene();
	workspaces_scene(PIECE);
	workspaces_scene(1);
	assert_int_equal(check_many(&checker, questions, COUNT, answers, NULL), 0);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(answers[i].reason, ACCESS_UNKNOWN_WORKSPACE);
}

static void no_question_is_answered_when_a_later_pipeline_fails(void **state)
{
	(void)state;
	learn_scene();
	workspaces_scene(PIECE);
	script_no_answer();
	assert_int_equal(check_many(&checker, questions, COUNT, answers, NULL), ERROR_UNAVAILABLE);
	assert_int_equal(script_left(), 0);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(answers[i].role, ROLE_ADMIN);
}

/* The user, with that value of the field `orgs`, and with that set of groups. */
static void user_scene(struct bytes memberships, const char *group)
{
	static const char *const fields[] = { "username", "bob",  "status",    "active",
					      "kind",     "user", "site_role", "member" };
	struct pipeline *scene = script_question(0, -1);

	pipeline_command(scene, 0);
	pipeline_command(scene, 10);
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		pipeline_text(scene, fields[i]);
	pipeline_text(scene, "orgs");
	pipeline_bytes(scene, memberships);
	pipeline_command(scene, group ? 1 : 0);
	if (group)
		pipeline_text(scene, group);
	script_end_question(scene, 0, -1);
}

/* The organization and the owner, who is unknown. */
static void organization_scene(void)
{
	struct pipeline *scene = script_question(0, -1);

	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	pipeline_command(scene, 0);
	pipeline_command(scene, 6);
	pipeline_text(scene, "name");
	pipeline_text(scene, "acme");
	pipeline_text(scene, "sharing");
	pipeline_text(scene, "everyone");
	pipeline_text(scene, "lifetime");
	pipeline_text(scene, "0");
	script_end_question(scene, 0, -1);
}

/* What a workspace says that is shared with the first user until then, or is asked for an unknown one. */
static void append_workspace(struct pipeline *scene, bool unknown_user, int64_t expires_at)
{
	const struct workspace w = { .organization_id = letters("organization-111"),
				     .owner_id = letters("erin-has-an-id-1"),
				     .status = WORKSPACE_ACTIVE };
	const struct grant g = { .subject = { SUBJECT_USER, questions[0].user_id },
				 .role = ROLE_USE,
				 .granted_by = w.owner_id,
				 .granted_at = 1,
				 .expires_at = expires_at };
	uint8_t header[HEADER_VALUE_SIZE];
	uint8_t value[GRANT_VALUE_MAX];

	layout_header_value(header, &w);
	pipeline_command(scene, unknown_user ? 2 : 4);
	pipeline_bytes(scene, (struct bytes){ header, sizeof(header) });
	pipeline_text(scene, "8"); /* the version */
	if (unknown_user)
		return;
	pipeline_bytes(scene, (struct bytes){ value, layout_grant_value(value, &g, &w.owner_id) });
	script_nil(scene);
}

/* A workspace that is shared with the user until then. */
static void shared_scene(int64_t expires_at)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene = script_question(partition, partition);

	append_workspace(scene, false, expires_at);
	script_end_question(scene, partition, partition);
}

/* The clock of the machine that runs this test shows neither time. */
static void grant_ends_when_the_owner_has_looked_after_its_end(void **state)
{
	static const struct {
		int64_t expires_at;
		enum access_reason reason;
	} cases[] = {
		{ SCRIPT_LOOKED_MS + 1, ACCESS_DIRECT },
		{ SCRIPT_LOOKED_MS, ACCESS_EXPIRED },
		{ SCRIPT_LOOKED_MS - 1, ACCESS_EXPIRED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		if (i == 0)
			user_scene(bytes_of("organization-111m"), NULL);
		shared_scene(cases[i].expires_at);
		if (i == 0)
			organization_scene();
		assert_int_equal(check_many(&checker, questions, 1, answers, NULL), 0);
		assert_int_equal(answers[0].reason, cases[i].reason);
	}
	assert_int_equal(script_left(), 0);
}

/* Where users are looked up first, ids that end alike have the same place. */
static void users_whose_ids_end_alike_are_not_taken_for_each_other(void **state)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene;

	(void)state;
	questions[1].user_id = questions[3].user_id = letters("eve-has-an-id-16");
	user_scene(bytes_of("organization-111m"), NULL);
	shared_scene(ABSENT);
	organization_scene();
	assert_int_equal(check_many(&checker, questions, 1, answers, NULL), 0);
	learn_scene(); /* eve is unknown */
	scene = script_question(partition, partition);
	for (int i = 0; i < 4; i++)
		append_workspace(scene, i % 2 == 1, ABSENT);
	script_end_question(scene, partition, partition);
	assert_int_equal(check_many(&checker, questions, 4, answers, NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(answers[i].reason, i % 2 ? ACCESS_UNKNOWN_USER : ACCESS_DIRECT);
	assert_int_equal(script_left(), 0);
}

static void damaged_user_or_group_is_unavailable(void **state)
{
	static const struct {
		const char *memberships;
		const char *group;
		const char *key;
	} cases[] = {
		{ "organization-111", NULL, "a key sb:{dir}:user: in Redis at 127.0.0.1:6379" },
		{ "organization-111x", NULL, "a key sb:{dir}:user: in Redis at 127.0.0.1:6379" },
		{ "organization-111m", "", "a key sb:{dir}:of: in Redis at 127.0.0.1:6379" },
		{ "", "a-group-has-an-id-of-17", "a key sb:{dir}:of: in Redis at 127.0.0.1:6379" },
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		user_scene(bytes_of(cases[i].memberships), cases[i].group);
		assert_int_equal(check_many(&checker, questions, 1, answers, &err),
				 ERROR_UNAVAILABLE);
		assert_non_null(strstr(err.text, cases[i].key));
	}
}

/* A "no" would be wrong: there is a workspace, whose owner cannot be read. */
static void workspace_without_its_header_is_unavailable(void **state)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene;
	struct error err;

	(void)state;
	learn_scene();
	scene = script_question(partition, partition);
	pipeline_command(scene, 2);
	script_nil(scene);
	pipeline_text(scene, "8"); /* the version */
	script_end_question(scene, partition, partition);
	assert_int_equal(check_many(&checker, questions, 1, answers, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "}:ws: of workspace"));
}

/* Whatever type a key has that is not the index's. */
static void key_of_another_type_is_unavailable(void **state)
{
	int partition = reader_partition(checker.reader, &questions[0].workspace_id);
	struct pipeline *scene;
	struct error err;

	(void)state;
	learn_scene();
	scene = script_question(partition, partition);
	script_error(scene, "WRONGTYPE Operation against a key");
	script_end_question(scene, partition, partition);
	assert_int_equal(check_many(&checker, questions, 1, answers, &err), ERROR_UNAVAILABLE);
	assert_int_equal(err.code, ERROR_UNAVAILABLE);
}

static int move_forever(void *context, struct error *err)
{
	(void)err;
	++*(int *)context;
	return PEOPLE_MOVED;
}

static void directory_that_never_stands_still_is_unavailable(void **state)
{
	struct error err;
	int steps = 0;

	(void)state;
	assert_int_equal(check_steadily(move_forever, &steps, &err), ERROR_UNAVAILABLE);
	assert_int_equal(steps, 100);
	assert_string_equal(err.text, "the directory changes faster than it can be read; try again "
				      "shortly");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_questions_are_answered_when_each_pipeline_succeeds),
		TEST(no_question_is_answered_when_a_later_pipeline_fails),
		TEST(grant_ends_when_the_owner_has_looked_after_its_end),
		TEST(users_whose_ids_end_alike_are_not_taken_for_each_other),
		TEST(damaged_user_or_group_is_unavailable),
		TEST(workspace_without_its_header_is_unavailable),
		TEST(key_of_another_type_is_unavailable),
		TEST(directory_that_never_stands_still_is_unavailable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
