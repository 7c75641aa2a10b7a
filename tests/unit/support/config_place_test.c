/* Where the configuration file is looked for, and in which order. Folders are the test's own. */

#include "ops/support/config_place.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NAME_SIZE = 64, LONGER_SIZE = NAME_SIZE + 40 };

static struct {
	char home[NAME_SIZE];
	char other[NAME_SIZE]; /* XDG_CONFIG_HOME */
	char in_home[LONGER_SIZE];
	char in_other[LONGER_SIZE];
	char buffer[PATH_MAX];
} scene;

static void make_folder(char out[NAME_SIZE])
{
	(void)snprintf(out, NAME_SIZE, "/tmp/sharebus-place-XXXXXX");
	assert_non_null(mkdtemp(out));
}

static void make_below(const char *folder, const char *below)
{
	char path[LONGER_SIZE];

	(void)snprintf(path, sizeof(path), "%s%s", folder, below);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_file(const char *path)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
}

static int set_up(void **state)
{
	(void)state;
	make_folder(scene.home);
	make_folder(scene.other);
	make_below(scene.home, "/.config");
	make_below(scene.home, "/.config/sharebus");
	make_below(scene.other, "/sharebus");
	(void)snprintf(scene.in_home, LONGER_SIZE, "%s/.config/sharebus/sharebus.conf", scene.home);
	(void)snprintf(scene.in_other, LONGER_SIZE, "%s/sharebus/sharebus.conf", scene.other);
	(void)unsetenv("SHAREBUS_CONFIG");
	(void)unsetenv("XDG_CONFIG_HOME");
	return setenv("HOME", scene.home, 1);
}

static void remove_below(const char *folder, const char *below)
{
	char path[LONGER_SIZE];

	(void)snprintf(path, sizeof(path), "%s%s", folder, below);
	(void)rmdir(path);
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(scene.in_home);
	(void)unlink(scene.in_other);
	remove_below(scene.home, "/.config/sharebus");
	remove_below(scene.home, "/.config");
	remove_below(scene.home, "");
	remove_below(scene.other, "/sharebus");
	remove_below(scene.other, "");
	return 0;
}

/* No file of the user's: that of the system, if this machine has one. */
static void assert_not_of_the_user(void)
{
	const char *found = config_place(scene.buffer);

	if (found)
		assert_string_equal(found, "/etc/sharebus/sharebus.conf");
}

static void variable_names_the_file_there_or_not(void **state)
{
	(void)state;
	make_file(scene.in_home);
	assert_int_equal(setenv("SHAREBUS_CONFIG", "/nonexistent/x.conf", 1), 0);
	assert_string_equal(config_place(scene.buffer), "/nonexistent/x.conf");
	assert_int_equal(setenv("SHAREBUS_CONFIG", "", 1), 0);
	assert_string_equal(config_place(scene.buffer), scene.in_home);
}

static void file_in_the_users_folder_is_found(void **state)
{
	(void)state;
	assert_not_of_the_user();
	make_file(scene.in_home);
	assert_string_equal(config_place(scene.buffer), scene.in_home);
}

static void other_folder_replaces_the_one_in_home(void **state)
{
	(void)state;
	make_file(scene.in_home);
	assert_int_equal(setenv("XDG_CONFIG_HOME", scene.other, 1), 0);
	assert_not_of_the_user();
	make_file(scene.in_other);
	assert_string_equal(config_place(scene.buffer), scene.in_other);
}

/* The XDG specification says so. */
static void folder_that_is_not_from_the_root_counts_as_not_set(void **state)
{
	(void)state;
	make_file(scene.in_home);
	assert_int_equal(setenv("XDG_CONFIG_HOME", "tmp", 1), 0);
	assert_string_equal(config_place(scene.buffer), scene.in_home);
	assert_int_equal(setenv("XDG_CONFIG_HOME", "", 1), 0);
	assert_string_equal(config_place(scene.buffer), scene.in_home);
	assert_int_equal(setenv("HOME", "tmp", 1), 0);
	assert_not_of_the_user();
	assert_int_equal(unsetenv("HOME"), 0);
	assert_not_of_the_user();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(variable_names_the_file_there_or_not),
		TEST(file_in_the_users_folder_is_found),
		TEST(other_folder_replaces_the_one_in_home),
		TEST(folder_that_is_not_from_the_root_counts_as_not_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
