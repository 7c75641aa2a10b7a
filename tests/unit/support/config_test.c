/*
 * A flag beats the environment beats the file beats the default, and what is
 * wrong is named. Files are small ones of the test's own.
 */

#include "ops/support/config.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <unistd.h>

enum { PATH_SIZE = 64 };

#define BROKERS_ENV "SHAREBUS_TEST_BROKERS"

static const struct config_setting SETTINGS[] = {
	{ "brokers", "LIST", BROKERS_ENV, "localhost:9092", "Kafka's address" },
	{ "prefix", "TEXT", NULL, "sb", "prefix of keys" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting MORE_SETTINGS[] = {
	{ "limit", "N", NULL, NULL, "a number" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting *const TABLES[] = { SETTINGS, MORE_SETTINGS, NULL };

struct scene {
	struct config *config;
	struct error err;
	char path[PATH_SIZE];
};

static struct scene scene;

static int set_up(void **state)
{
	(void)state;
	scene = (struct scene){ 0 };
	scene.config = config_new(TABLES);
	(void)unsetenv(BROKERS_ENV);
	return scene.config ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	config_free(&scene.config);
	if (scene.path[0])
		(void)unlink(scene.path);
	return scene.config ? -1 : 0;
}

/* The path of a file with that text, gone after the test. */
static const char *file_with(const char *text)
{
	int fd;

	(void)snprintf(scene.path, sizeof(scene.path), "/tmp/sharebus-config-XXXXXX");
	fd = mkstemp(scene.path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
	return scene.path;
}

static int load_file(const char *path)
{
	return config_load(scene.config, path, &scene.err);
}

static const char *get_value(const char *key)
{
	return config_get(scene.config, key);
}

static void default_holds_when_nothing_else_is_said(void **state)
{
	(void)state;
	assert_int_equal(load_file(NULL), 0);
	assert_string_equal(get_value("brokers"), "localhost:9092");
	assert_string_equal(get_value("prefix"), "sb");
	assert_null(get_value("limit"));
}

static void file_beats_default(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("brokers = file:1\nlimit=7\n")), 0);
	assert_string_equal(get_value("brokers"), "file:1");
	assert_string_equal(get_value("limit"), "7");
	assert_string_equal(get_value("prefix"), "sb");
}

static void environment_beats_file(void **state)
{
	(void)state;
	assert_int_equal(setenv(BROKERS_ENV, "env:2", 1), 0);
	assert_int_equal(load_file(file_with("brokers = file:1\n")), 0);
	assert_string_equal(get_value("brokers"), "env:2");
}

static void flag_beats_environment(void **state)
{
	(void)state;
	assert_int_equal(setenv(BROKERS_ENV, "env:2", 1), 0);
	assert_int_equal(config_set(scene.config, "brokers", "flag:3", &scene.err), 0);
	assert_int_equal(load_file(file_with("brokers = file:1\n")), 0);
	assert_string_equal(get_value("brokers"), "flag:3");
}

static void last_flag_wins(void **state)
{
	(void)state;
	assert_int_equal(config_set(scene.config, "prefix", "a", &scene.err), 0);
	assert_int_equal(config_set(scene.config, "prefix", "b", &scene.err), 0);
	assert_int_equal(load_file(NULL), 0);
	assert_string_equal(get_value("prefix"), "b");
}

static void empty_environment_variable_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(setenv(BROKERS_ENV, "", 1), 0);
	assert_int_equal(load_file(NULL), 0);
	assert_string_equal(get_value("brokers"), "localhost:9092");
}

static void unknown_flag_is_named(void **state)
{
	(void)state;
	assert_int_equal(config_set(scene.config, "nonsense", "1", &scene.err), ERROR_INPUT);
	assert_int_equal(scene.err.code, ERROR_INPUT);
	assert_string_equal(scene.err.text, "there is no setting \"nonsense\"");
}

static void unknown_key_is_named_with_its_file(void **state)
{
	const char *path = file_with("prefix = a\nnonsense = 1\n");

	(void)state;
	assert_int_equal(load_file(path), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, path));
	assert_non_null(strstr(scene.err.text, "\"nonsense\""));
}

/* inih reads on after an error; the good line after it must not hide it. */
static void unknown_key_is_named_even_before_a_known_one(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("nonsense = 1\nprefix = a\n")), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "\"nonsense\""));
}

static void first_of_two_unknown_keys_is_named(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("nonsense = 1\nrubbish = 2\n")), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "\"nonsense\""));
}

static void unknown_section_is_named(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("[redis]\nprefix = a\n")), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "\"prefix\" in section redis"));
}

static void line_without_a_value_is_named_by_number(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("prefix = a\nbrokers\n")), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "line 2"));
}

static void missing_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(load_file("/nonexistent/sharebus.ini"), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "/nonexistent/sharebus.ini: No such file"));
}

static void directory_in_place_of_the_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(load_file("/tmp"), ERROR_INPUT);
	assert_string_equal(scene.err.text, "/tmp is a directory, not a configuration file");
}

static void kafka_lines_are_passed_on_in_order(void **state)
{
	const char *name = NULL;
	const char *value = NULL;

	(void)state;
	assert_int_equal(load_file(file_with("prefix = a\n[kafka]\nsecurity.protocol = ssl\n"
					     "brokers = theirs\n")),
			 0);
	assert_true(config_kafka_line(scene.config, 0, &name, &value));
	assert_string_equal(name, "security.protocol");
	assert_string_equal(value, "ssl");
	assert_true(config_kafka_line(scene.config, 1, &name, &value));
	assert_string_equal(name, "brokers");
	assert_string_equal(value, "theirs");
	assert_false(config_kafka_line(scene.config, 2, &name, &value));
	/* A name of ours in that section is still not ours. */
	assert_string_equal(get_value("brokers"), "localhost:9092");
}

static void numbers_within_the_range_are_taken(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = { { "-5", -5 }, { "0", 0 }, { "100", 100 } };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		int64_t value = 77;

		assert_int_equal(config_set(scene.config, "limit", good[i].text, &scene.err), 0);
		assert_int_equal(
			config_get_number(scene.config, "limit", -5, 100, &value, &scene.err), 0);
		assert_int_equal(value, good[i].value);
	}
}

static void bad_numbers_are_refused_with_key_value_and_range(void **state)
{
	static const char *const bad[] = { "",    "x",   "5x",   "-6",
					   "101", "1 0", "0x10", "99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		char wanted[100];
		int64_t value = 77;

		assert_int_equal(config_set(scene.config, "limit", bad[i], &scene.err), 0);
		assert_int_equal(
			config_get_number(scene.config, "limit", -5, 100, &value, &scene.err),
			ERROR_INPUT);
		assert_int_equal(value, 77);
		(void)snprintf(wanted, sizeof(wanted),
			       "limit is \"%s\"; it must be a number from -5 to 100", bad[i]);
		assert_string_equal(scene.err.text, wanted);
	}
}

static void number_without_a_value_is_refused(void **state)
{
	int64_t value = 77;

	(void)state;
	assert_int_equal(load_file(NULL), 0);
	assert_int_equal(config_get_number(scene.config, "limit", 0, 9, &value, &scene.err),
			 ERROR_INPUT);
	assert_int_equal(value, 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(default_holds_when_nothing_else_is_said),
		TEST(file_beats_default),
		TEST(environment_beats_file),
		TEST(flag_beats_environment),
		TEST(last_flag_wins),
		TEST(empty_environment_variable_says_nothing),
		TEST(unknown_flag_is_named),
		TEST(unknown_key_is_named_with_its_file),
		TEST(unknown_key_is_named_even_before_a_known_one),
		TEST(first_of_two_unknown_keys_is_named),
		TEST(unknown_section_is_named),
		TEST(line_without_a_value_is_named_by_number),
		TEST(missing_file_is_named),
		TEST(directory_in_place_of_the_file_is_refused),
		TEST(kafka_lines_are_passed_on_in_order),
		TEST(numbers_within_the_range_are_taken),
		TEST(bad_numbers_are_refused_with_key_value_and_range),
		TEST(number_without_a_value_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
