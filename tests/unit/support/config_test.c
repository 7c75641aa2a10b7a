/*
 * A flag beats the environment beats the file beats the default, and what is
 * wrong is named. Files are small ones of the test's own.
 */

#include "ops/support/config.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static void first_of_two_unknown_keys_is_named(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("nonsense = 1\nrubbish = 2\n")), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, ": line 1: there is no setting \"nonsense\""));
}

/* The file's part of the error, which begins with the file's path. */
static const char *error_with(const char *text)
{
	const char *path = file_with(text);
	int rc = load_file(path);

	assert_true(rc == ERROR_INPUT || rc == ERROR_USAGE);
	assert_int_equal(strncmp(scene.err.text, path, strlen(path)), 0);
	return scene.err.text + strlen(path) + strlen(": ");
}

static void assert_error(const char *text, const char *sentence)
{
	assert_string_equal(error_with(text), sentence);
	(void)unlink(scene.path);
	config_free(&scene.config);
	scene.config = config_new(TABLES);
}

static void unknown_key_gets_the_nearest_as_a_hint(void **state)
{
	(void)state;
	assert_error("brokes = x\n",
		     "line 1: there is no setting \"brokes\"; did you mean brokers?");
	/* One of another program's. */
	assert_error("\nredsi = x\n", "line 2: there is no setting \"redsi\"; did you mean redis?");
	assert_error("nonsense = x\n", "line 1: there is no setting \"nonsense\"");
	assert_error("sasl.password = s3cret\n",
		     "line 1: there is no setting \"sasl.password\"; those of Kafka stand after "
		     "[kafka]");
}

static void keys_of_all_programs_are_known(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("instance = a\nmax-age = 5s\nlimit = 7\n")), 0);
	assert_string_equal(get_value("limit"), "7");
	assert_null(get_value("instance"));
}

static void each_key_is_set_once(void **state)
{
	(void)state;
	assert_error("prefix = a\nprefix = a\n",
		     "line 2: prefix is set a second time, after line 1");
	assert_error("as = a\n\nas = b\n", "line 3: as is set a second time, after line 1");
	assert_error("[kafka]\ndebug = all\ndebug = all\n",
		     "line 3: debug is set a second time, after line 2");
	/* Another section, another key. */
	assert_int_equal(load_file(file_with("prefix = a\n[kafka]\nprefix = a\n")), 0);
}

static void line_that_is_not_understood_is_named_by_number(void **state)
{
	(void)state;
	assert_error("prefix = a\nbrokers\n", "line 2 is not `key = value`");
	assert_error(
		"[redis]\nprefix = a\n",
		"line 1 begins a section; those that there are are [kafka] and [endpoint NAME]");
}

static void indented_line_is_a_line(void **state)
{
	(void)state;
	assert_int_equal(load_file(file_with("prefix = a\n  brokers = file:1 ; x\n")), 0);
	assert_string_equal(get_value("brokers"), "file:1 ; x");
}

static void guarded_setting_of_kafka_is_refused_with_the_reason(void **state)
{
	(void)state;
	assert_error("[kafka]\nisolation.level = read_uncommitted\n",
		     "line 2: Kafka setting isolation.level must not be set: commands of aborted "
		     "transactions would be applied");
	assert_int_equal(config_add_kafka_line(scene.config, "acks", "s3cret", &scene.err),
			 ERROR_USAGE);
	assert_non_null(strstr(scene.err.text, "Kafka setting acks must not be set: "));
	assert_null(strstr(scene.err.text, "s3cret"));
}

static void too_many_settings_of_kafka_are_refused(void **state)
{
	char name[16];

	(void)state;
	for (int i = 0; i < CONFIG_KAFKA_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(config_add_kafka_line(scene.config, name, "", &scene.err), 0);
	}
	assert_int_equal(config_add_kafka_line(scene.config, "one", "", &scene.err), ERROR_USAGE);
}

static void whoever_finds_a_wrong_value_can_blame_its_line(void **state)
{
	int64_t value = 0;

	(void)state;
	assert_int_equal(load_file(file_with("\nlimit = x\n[kafka]\na = b\n")), 0);
	assert_int_equal(config_get_number(scene.config, "limit", 0, 9, &value, &scene.err),
			 ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, ": line 2: limit is \"x\"; it must be"));
	(void)error_set(&scene.err, ERROR_USAGE, "wrong");
	assert_int_equal(config_blame_kafka(scene.config, 0, &scene.err), ERROR_USAGE);
	assert_non_null(strstr(scene.err.text, ": line 4: wrong"));
	/* What did not come from the file has no line. */
	(void)error_set(&scene.err, ERROR_USAGE, "wrong");
	assert_int_equal(config_blame(scene.config, "brokers", &scene.err), ERROR_USAGE);
	assert_string_equal(scene.err.text, "wrong");
	assert_int_equal(config_set(scene.config, "limit", "y", &scene.err), 0);
	assert_int_equal(config_blame(scene.config, "limit", &scene.err), ERROR_USAGE);
	assert_string_equal(scene.err.text, "wrong");
}

static void secret_that_everybody_may_read_is_refused(void **state)
{
	static const char *const secrets[] = {
		"redis-password = s3cret\n",
		"prefix = redis://a:s3cret@b\n",
		"redis = rediss://:s3cret@b\n", /* not a setting of this program */
		"[kafka]\nsasl.password = s3cret\n",
		"[kafka]\nsasl.oauthbearer.client.secret = s3cret\n",
		"[kafka]\nssl.key.pem = s3cret\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		const char *path = file_with(secrets[i]);

		assert_int_equal(chmod(path, 0644), 0);
		assert_int_equal(load_file(path), ERROR_INPUT);
		assert_non_null(strstr(scene.err.text, "holds a password or a key"));
		assert_non_null(strstr(scene.err.text, "run `chmod o-rw /tmp/"));
		assert_null(strstr(scene.err.text, "s3cret"));
		config_free(&scene.config);
		scene.config = config_new(TABLES);
		assert_int_equal(chmod(path, 0640), 0);
		assert_int_equal(load_file(path), 0);
		(void)unlink(path);
	}
}

static void file_without_a_secret_may_be_read_by_everybody(void **state)
{
	const char *path = file_with("redis-password-file = /x\nredis = redis://a@b\n"
				     "[kafka]\nssl.key.location = /x\n");

	(void)state;
	assert_int_equal(chmod(path, 0644), 0);
	assert_int_equal(load_file(path), 0);
}

static void missing_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(load_file("/nonexistent/sharebus.ini"), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "/nonexistent/sharebus.ini: No such file"));
}

/* In a process without the rights of root, if we have them. */
static int load_as_nobody(const char *path)
{
	enum { NOBODY = 65534 };
	pid_t child = fork();
	int status;

	if (!child) {
		if (!getuid() && setuid(NOBODY))
			_exit(1);
		_exit(load_file(path) != ERROR_INPUT ||
		      !strstr(scene.err.text, "sharebus.conf, stands in its place"));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void file_that_may_not_be_read_has_a_remedy(void **state)
{
	const char *path = file_with("prefix = a\n");

	(void)state;
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(load_as_nobody(path), 0);
}

static void directory_in_place_of_the_file_is_refused(void **state)
{
	(void)state;
	assert_int_equal(load_file("/tmp"), ERROR_INPUT);
	assert_string_equal(scene.err.text, "/tmp: Is a directory");
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
		TEST(first_of_two_unknown_keys_is_named),
		TEST(unknown_key_gets_the_nearest_as_a_hint),
		TEST(keys_of_all_programs_are_known),
		TEST(each_key_is_set_once),
		TEST(line_that_is_not_understood_is_named_by_number),
		TEST(indented_line_is_a_line),
		TEST(guarded_setting_of_kafka_is_refused_with_the_reason),
		TEST(too_many_settings_of_kafka_are_refused),
		TEST(whoever_finds_a_wrong_value_can_blame_its_line),
		TEST(secret_that_everybody_may_read_is_refused),
		TEST(file_without_a_secret_may_be_read_by_everybody),
		TEST(missing_file_is_named),
		TEST(file_that_may_not_be_read_has_a_remedy),
		TEST(directory_in_place_of_the_file_is_refused),
		TEST(kafka_lines_are_passed_on_in_order),
		TEST(numbers_within_the_range_are_taken),
		TEST(bad_numbers_are_refused_with_key_value_and_range),
		TEST(number_without_a_value_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
