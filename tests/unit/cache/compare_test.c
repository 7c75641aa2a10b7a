/* What a projection would write is compared with what is there. */

#include "cache/compare.h"

#include "cache/directory.h"
#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct index *ix;
static struct projection projection;

static int set_up(void **state)
{
	const struct mark m = script_ready_mark(7, 100);
	const struct index_options options = {
		{ .address = "127.0.0.1:6379" }, "sb", "sharing.commands", m.deployment, 1000
	};
	struct uuid member = letters("bob-------------");
	const struct group_changed group = { .id = letters("group-----------"),
					     .name = bytes_of("staff"),
					     .organization_id = letters("acme------------"),
					     .members = &member,
					     .member_count = 1 };
	int rc;

	(void)script_reset(state);
	rc = index_open(&ix, &options, NULL);
	if (rc)
		return rc;
	projection_init(&projection, ix);
	projection_group(&projection, NULL, &group);
	return 0;
}

static int tear_down(void **state)
{
	projection_done(&projection);
	index_close(&ix);
	return script_reset(state);
}

/* Redis' answers about members:, of:, groupnames: and group:; `score` is that of the name. */
static int compare(int64_t member, int64_t of, const char *score, const char *name,
		   struct error *err)
{
	const struct mark m = script_ready_mark(7, 100);
	struct pipeline *scene = script_scene();

	pipeline_command(scene, 1);
	script_integer(scene, member);
	pipeline_command(scene, 1);
	script_integer(scene, of);
	pipeline_command(scene, 1);
	if (score)
		pipeline_text(scene, score);
	else
		script_nil(scene);
	pipeline_command(scene, 2);
	pipeline_text(scene, name);
	pipeline_text(scene, "acme------------");
	script_mark(scene, &m);
	return compare_written(ix, KEYS_DIRECTORY, &m, &projection.pipeline, err);
}

static void directory_that_holds_what_was_written_is_good(void **state)
{
	(void)state;
	assert_int_equal(compare(1, 1, "0", "staff", NULL), 0);
	assert_non_null(strstr(script_sent(), "SMISMEMBER"));
	assert_null(strstr(script_sent(), "SADD"));
	assert_null(strstr(script_sent(), "HSET"));
	assert_null(strstr(script_sent(), "ZADD"));
}

static void what_is_missing_or_different_is_named_by_its_key(void **state)
{
	struct error err;

	(void)state;
	assert_int_equal(compare(0, 1, "0", "staff", &err), ERROR_DAMAGED);
	assert_string_equal(err.text, "a key sb:{dir}:members in Redis at 127.0.0.1:6379 lacks "
				      "something or has it with another value");
	assert_int_equal(compare(1, 0, "0", "staff", &err), ERROR_DAMAGED);
	assert_non_null(strstr(err.text, "sb:{dir}:of in"));
	assert_int_equal(compare(1, 1, NULL, "staff", &err), ERROR_DAMAGED);
	assert_non_null(strstr(err.text, "sb:{dir}:groupnames in"));
	assert_int_equal(compare(1, 1, "0", "stuff", &err), ERROR_DAMAGED);
	assert_non_null(strstr(err.text, "sb:{dir}:group in"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(directory_that_holds_what_was_written_is_good),
		TEST(what_is_missing_or_different_is_named_by_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
