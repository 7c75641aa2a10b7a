/*
 * What a command line comes to: settings go to the configuration, other flags
 * to whoever takes them, and what is wrong is named.
 */

#include "ops/support/flags.h"

#include "tests/unit/unit.h"

#include <stdio.h>

/* Ids may look like letters that are no flags. */
enum { ID_NAME = 1, ID_LOUD = '@', ID_OUTPUT = 'o', WORDS_MAX = 16 };

#define PREFIX_ENV "SHAREBUS_TEST_PREFIX"

static const struct flag FLAGS[] = {
	{ "name", ID_NAME, "TEXT", "a name" },
	{ "loud", ID_LOUD, NULL, "louder" },
	{ NULL, 0, NULL, NULL },
};
static const struct flag MORE_FLAGS[] = {
	{ "output", ID_OUTPUT, "FORM", "a form" },
	{ NULL, 0, NULL, NULL },
};
static const struct flag *const FLAG_TABLES[] = { FLAGS, MORE_FLAGS, NULL };
static const struct config_setting SETTINGS[] = {
	{ "prefix", "TEXT", PREFIX_ENV, "sb", "prefix of keys" },
	{ "force", NULL, NULL, NULL, "a switch" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting *const SETTING_TABLES[] = { SETTINGS, NULL };

static struct {
	struct config *config;
	struct error err;
	char taken[200]; /* "1=alice 2 " */
	int refused_id;  /* of the flag that is not taken */
	int operands;
	char *argv[WORDS_MAX];
} scene;

static int set_up(void **state)
{
	(void)state;
	memset(&scene, 0, sizeof(scene));
	scene.config = config_new(SETTING_TABLES);
	(void)unsetenv(PREFIX_ENV);
	(void)unsetenv("SHAREBUS_CONFIG");
	(void)setenv("XDG_CONFIG_HOME", "/nonexistent", 1);
	return scene.config ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	config_free(&scene.config);
	return 0;
}

static int take_flag(void *context, int id, const char *value, struct error *err)
{
	size_t len = strlen(scene.taken);

	assert_ptr_equal(context, &scene);
	if (id == scene.refused_id)
		return error_set(err, ERROR_INPUT, "not that");
	(void)snprintf(scene.taken + len, sizeof(scene.taken) - len, "%d%s%s ", id,
		       value ? "=" : "", value ? value : "");
	return 0;
}

/* Reads these words, separated by blanks. */
static int read_words(const char *text)
{
	static char words[200];
	const struct flags flags = { "prog", FLAG_TABLES, scene.config, take_flag, &scene, false };
	int argc = 0;

	(void)snprintf(words, sizeof(words), "prog %s", text);
	for (char *at = words; at; argc++) {
		scene.argv[argc] = at;
		at = strchr(at, ' ');
		if (at)
			*at++ = 0;
	}
	scene.argv[argc] = NULL;
	scene.operands = -1;
	return flags_read(&flags, argc, scene.argv, &scene.operands, &scene.err);
}

static void assert_refused(const char *words, const char *sentence)
{
	assert_int_equal(read_words(words), ERROR_USAGE);
	assert_string_equal(scene.err.text, sentence);
	assert_int_equal(scene.operands, -1);
}

static void setting_goes_to_the_configuration(void **state)
{
	(void)state;
	assert_int_equal(read_words("--prefix=a --prefix b"), 0);
	assert_string_equal(config_get(scene.config, "prefix"), "b");
	assert_string_equal(scene.taken, "");
}

static void setting_without_a_value_says_yes(void **state)
{
	(void)state;
	assert_int_equal(read_words("--force"), 0);
	assert_string_equal(config_get(scene.config, "force"), "yes");
	assert_refused("--force=no", "flag --force takes no value; see `prog --help`");
}

static void other_flags_are_taken_in_order(void **state)
{
	(void)state;
	assert_int_equal(read_words("--name a --loud --output x --name=b"), 0);
	assert_string_equal(scene.taken, "1=a 64 111=x 1=b ");
}

static void id_that_is_a_letter_is_a_short_flag(void **state)
{
	(void)state;
	assert_int_equal(read_words("-o x -oy"), 0);
	assert_string_equal(scene.taken, "111=x 111=y ");
}

static void operands_stand_anywhere(void **state)
{
	(void)state;
	assert_int_equal(read_words("one --loud two -- --three"), 0);
	assert_string_equal(scene.argv[scene.operands], "one");
	assert_string_equal(scene.argv[scene.operands + 1], "two");
	assert_string_equal(scene.argv[scene.operands + 2], "--three");
	assert_null(scene.argv[scene.operands + 3]);
}

static void wrong_flag_is_named(void **state)
{
	(void)state;
	assert_refused("--nonsense", "flag --nonsense is not known; see `prog --help`");
	assert_refused("-x", "flag -x is not known; see `prog --help`");
	assert_refused("--name", "flag --name wants a value; see `prog --help`");
	assert_refused("--prefix", "flag --prefix wants a value; see `prog --help`");
	assert_refused("--loud=1", "flag --loud takes no value; see `prog --help`");
}

static void value_of_a_wrong_flag_is_not_repeated(void **state)
{
	(void)state;
	assert_refused("--pasword=s3cret", "flag --pasword is not known; see `prog --help`");
	assert_refused("-ps3cret", "flag -p is not known; see `prog --help`");
	assert_refused("--loud -ps3cret", "flag -p is not known; see `prog --help`");
	assert_refused("--loud=s3cret", "flag --loud takes no value; see `prog --help`");
}

static void flag_that_is_not_taken_ends_the_reading(void **state)
{
	(void)state;
	scene.refused_id = ID_LOUD;
	assert_int_equal(read_words("--name a --loud --name b"), ERROR_INPUT);
	assert_string_equal(scene.err.text, "not that");
	assert_string_equal(scene.taken, "1=a ");
}

static void help_ends_the_reading(void **state)
{
	(void)state;
	assert_int_equal(read_words("--loud --help --nonsense"), 1);
	assert_int_equal(read_words("-h"), 1);
	assert_int_equal(scene.operands, -1);
}

static void environment_and_default_fill_what_no_flag_says(void **state)
{
	(void)state;
	assert_int_equal(read_words(""), 0);
	assert_string_equal(config_get(scene.config, "prefix"), "sb");
	config_free(&scene.config);
	scene.config = config_new(SETTING_TABLES);
	assert_int_equal(setenv(PREFIX_ENV, "env", 1), 0);
	assert_int_equal(read_words(""), 0);
	assert_string_equal(config_get(scene.config, "prefix"), "env");
}

static void flag_beats_environment_in_naming_the_file(void **state)
{
	(void)state;
	assert_int_equal(setenv("SHAREBUS_CONFIG", "/nonexistent/env", 1), 0);
	assert_int_equal(read_words(""), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "/nonexistent/env: "));
	assert_int_equal(read_words("--config /nonexistent/flag"), ERROR_INPUT);
	assert_non_null(strstr(scene.err.text, "/nonexistent/flag: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(setting_goes_to_the_configuration),
		TEST(setting_without_a_value_says_yes),
		TEST(other_flags_are_taken_in_order),
		TEST(id_that_is_a_letter_is_a_short_flag),
		TEST(operands_stand_anywhere),
		TEST(wrong_flag_is_named),
		TEST(value_of_a_wrong_flag_is_not_repeated),
		TEST(flag_that_is_not_taken_ends_the_reading),
		TEST(help_ends_the_reading),
		TEST(environment_and_default_fill_what_no_flag_says),
		TEST(flag_beats_environment_in_naming_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
