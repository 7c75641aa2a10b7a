/* Where a handoff is and for whom some wait, from all partitions; a failure leaves the outputs untouched. */

#include "cache/handoff_lookup.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/script.h"
#include "tests/unit/unit.h"

static struct reader *reader;
static struct arena arena;

static int set_up(void **state)
{
	(void)script_reset(state);
	reader = script_reader();
	arena_init(&arena);
	return 0;
}

static int tear_down(void **state)
{
	reader_close(&reader);
	arena_done(&arena);
	return script_reset(state);
}

/* Adds a hash with that one field, or an empty one for NULL. */
static void add_hash(struct pipeline *scene, const char *field)
{
	pipeline_command(scene, field ? 2 : 0);
	if (!field)
		return;
	pipeline_text(scene, field);
	pipeline_text(scene, "1");
}

static void handoff_is_found_in_whichever_partition_it_is(void **state)
{
	const struct uuid id = letters("handoff-has-id-1");
	struct uuid_list found = { 0 };
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	add_hash(scene, NULL);
	add_hash(scene, "dev-has-an-id-16");
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_handoff(reader, &id, &arena, &found, NULL), 0);
	assert_int_equal(found.count, 1);
	assert_memory_equal(found.list[0].bytes, "dev-has-an-id-16", 16);
	scene = script_question(0, 1);
	add_hash(scene, NULL);
	add_hash(scene, NULL);
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_handoff(reader, &id, &arena, &found, NULL), 0);
	assert_int_equal(found.count, 0);
}

static void workspaces_are_found_for_users_and_groups(void **state)
{
	const struct subject who[] = { { SUBJECT_USER, letters("bob-has-an-id-16") },
				       { SUBJECT_GROUP, letters("devs-have-an-id1") } };
	struct uuid_list found = { 0 };
	struct pipeline *scene = script_question(0, 1);

	(void)state;
	add_hash(scene, NULL);
	add_hash(scene, "dev-has-an-id-16handoff-has-id-1");
	add_hash(scene, "lab-has-an-id-16handoff-has-id-2");
	add_hash(scene, NULL);
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_waiting(reader, who, 2, &arena, &found, NULL), 0);
	assert_int_equal(found.count, 2);
	assert_memory_equal(found.list[0].bytes, "dev-has-an-id-16", 16);
	assert_memory_equal(found.list[1].bytes, "lab-has-an-id-16", 16);
	assert_non_null(strstr(script_sent(), "sb:{1}:hu:bob-has-an-id-16"));
	assert_non_null(strstr(script_sent(), "sb:{0}:hg:devs-have-an-id1"));
}

static void broken_field_is_unavailable_and_names_its_key(void **state)
{
	const struct subject bob = { SUBJECT_USER, letters("bob-has-an-id-16") };
	struct uuid_list found = { NULL, 7 };
	struct pipeline *scene = script_question(0, 1);
	struct error err;

	(void)state;
	add_hash(scene, NULL);
	add_hash(scene, "dev-has-an-id-16");
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_waiting(reader, &bob, 1, &arena, &found, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "a key sb:{1}:hu: in Redis at "));
	scene = script_question(0, 1);
	add_hash(scene, "dev");
	add_hash(scene, NULL);
	script_end_question(scene, 0, 1);
	assert_int_equal(lookup_handoff(reader, &bob.id, &arena, &found, &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "a key sb:{0}:handoff: in Redis at "));
	script_no_answer();
	assert_int_equal(lookup_handoff(reader, &bob.id, &arena, &found, &err), ERROR_UNAVAILABLE);
	assert_int_equal(found.count, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(handoff_is_found_in_whichever_partition_it_is),
		TEST(workspaces_are_found_for_users_and_groups),
		TEST(broken_field_is_unavailable_and_names_its_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
