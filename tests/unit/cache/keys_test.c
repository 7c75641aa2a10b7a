/* Names of keys: prefix, hash tag, kind, raw id. */

#include "cache/keys.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

static struct pipeline pipeline;
static struct commands commands;

static int set_up(void **state)
{
	(void)state;
	pipeline_init(&pipeline);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pipeline_done(&pipeline);
	return 0;
}

static void keys_begin_with_prefix_and_hash_tag(void **state)
{
	static const struct {
		const char *prefix;
		const char *base;
		int partition;
	} cases[] = {
		{ "sb", "sb:{0}:", 0 },
		{ "sb", "sb:{11}:", 11 },
		{ "team-a", "team-a:{1023}:", 1023 },
		{ "sb", "sb:{dir}:", KEYS_DIRECTORY },
		{ "", ":{3}:", 3 },
		{ "abcdefghijklmnopqrstuvwxyz012345", "abcdefghijklmnopqrstuvwxyz012345:{7}:", 7 },
		{ "abcdefghijklmnopqrstuvwxyz0123456789",
		  "abcdefghijklmnopqrstuvwxyz012345:{7}:", 7 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct keys k;

		keys_init(&k, cases[i].prefix, cases[i].partition);
		assert_int_equal(k.len, strlen(cases[i].base));
		assert_memory_equal(k.base, cases[i].base, k.len);
	}
}

static void prefix_has_no_characters_that_mean_something_in_a_pattern_or_hash_tag(void **state)
{
	static const char *const good[] = { "sb", "team-a", "A.b:c_9",
					    "abcdefghijklmnopqrstuvwxyz012345" };
	static const char *const bad[] = {
		"",
		"a*",
		"a?",
		"[a]",
		"a\\",
		"{a}",
		"a b",
		"a\n",
		"\xc3\xa4",
		"a^",
		"abcdefghijklmnopqrstuvwxyz0123456",
	};
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		assert_int_equal(keys_check_prefix(good[i], &err), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		assert_int_equal(keys_check_prefix(bad[i], &err), ERROR_USAGE);
}

static void keys_end_with_kind_and_raw_id(void **state)
{
	struct uuid bob = letters("bob-has-an-id-16");
	struct keys k;

	(void)state;
	keys_init(&k, "sb", 3);
	pipeline_command(&pipeline, 4);
	pipeline_key(&pipeline, &k, "mark", NULL);
	pipeline_key(&pipeline, &k, "u:", &bob);
	pipeline_key_text(&pipeline, &k, "groupnames:", bytes_of("acme"));
	pipeline_id(&pipeline, &bob);
	commands_parse(&commands, &pipeline);
	assert_command(&commands, 0, "sb:{3}:mark", "sb:{3}:u:bob-has-an-id-16",
		       "sb:{3}:groupnames:acme", "bob-has-an-id-16", NULL);
}

static void users_and_groups_have_reverse_indexes_of_their_own(void **state)
{
	(void)state;
	assert_string_equal(keys_subject_kind(SUBJECT_USER), "u:");
	assert_string_equal(keys_subject_kind(SUBJECT_GROUP), "g:");
}

static void only_16_bytes_are_an_id(void **state)
{
	struct uuid id = letters("................");

	(void)state;
	assert_false(uuid_from_raw(&id, bytes_of("")));
	assert_false(uuid_from_raw(&id, bytes_of(NULL)));
	assert_false(uuid_from_raw(&id, bytes_of("fifteen-letters")));
	assert_false(uuid_from_raw(&id, bytes_of("seventeen-letters")));
	assert_memory_equal(id.bytes, "................", 16);
	assert_true(uuid_from_raw(&id, bytes_of("bob-has-an-id-16")));
	assert_memory_equal(id.bytes, "bob-has-an-id-16", 16);
}

static void subjects_are_read_from_keys_of_the_reverse_index(void **state)
{
	struct keys any;
	struct subject s;
	int partition;

	(void)state;
	keys_init(&any, "sb", 0);
	assert_true(
		keys_parse_subject(&any, bytes_of("sb:{3}:u:bob-has-an-id-16"), &partition, &s));
	assert_int_equal(partition, 3);
	assert_int_equal(s.kind, SUBJECT_USER);
	assert_memory_equal(s.id.bytes, "bob-has-an-id-16", 16);
	assert_true(
		keys_parse_subject(&any, bytes_of("sb:{11}:g::g:has-an-id-160"), &partition, &s));
	assert_int_equal(partition, 11);
	assert_int_equal(s.kind, SUBJECT_GROUP);
	assert_memory_equal(s.id.bytes, ":g:has-an-id-160", 16);
}

static void other_keys_are_no_subjects_and_leave_the_outputs_untouched(void **state)
{
	static const char *const keys[] = {
		"",
		"sb:{3}:mark",
		"sb:{3}:o:bob-has-an-id-16",
		"sb:{3}:ws:bob-has-an-id-16",
		"sb:{3}:u:bob-has-an-id-1",
		"sb:{3}:u:bob-has-an-id-1678",
		"sb:{dir}:u:bob-has-an-id-16",
		"sb:{3}:x:bob-has-an-id-16",
		"sb:{3:u:bob-has-an-id-16",
		"sb:{-3}:u:bob-has-an-id-16",
		"sb:{99999999999}:u:bob-has-an-id-16",
		"so:{3}:u:bob-has-an-id-16",
	};
	const struct subject before = { SUBJECT_GROUP, letters("................") };
	struct subject s = before;
	struct keys any;
	int partition = 7;

	(void)state;
	keys_init(&any, "sb", 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (keys_parse_subject(&any, bytes_of(keys[i]), &partition, &s))
			fail_msg("%s was read as a subject", keys[i]);
		assert_int_equal(partition, 7);
		assert_memory_equal(&s, &before, sizeof(s));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_begin_with_prefix_and_hash_tag),
		TEST(prefix_has_no_characters_that_mean_something_in_a_pattern_or_hash_tag),
		TEST(keys_end_with_kind_and_raw_id),
		TEST(users_and_groups_have_reverse_indexes_of_their_own),
		TEST(only_16_bytes_are_an_id),
		TEST(subjects_are_read_from_keys_of_the_reverse_index),
		TEST(other_keys_are_no_subjects_and_leave_the_outputs_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
