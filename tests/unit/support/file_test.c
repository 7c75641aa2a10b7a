/* A file that is written anew, in a folder of the test's own. */

#include "ops/support/file.h"

#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 128, CONTENT_SIZE = 64 };

static char folder[PATH_SIZE];
static char path[PATH_SIZE + 8];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/sharebus-file-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/state", folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void assert_content(const char *wanted)
{
	char content[CONTENT_SIZE] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(read(fd, content, sizeof(content) - 1), strlen(wanted));
	assert_int_equal(close(fd), 0);
	assert_string_equal(content, wanted);
}

static int count_files(void)
{
	DIR *dir = opendir(folder);
	int count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	(void)closedir(dir);
	return count - 2; /* . and .. */
}

static void file_is_its_owners_alone(void **state)
{
	struct stat status;
	struct error err;
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(file_replace(path, bytes_of("one"), &err), 0);
	(void)umask(before);
	assert_content("one");
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

/* Whoever has the old file open goes on reading it: it is not written to. */
static void old_content_is_never_half_overwritten(void **state)
{
	char content[CONTENT_SIZE] = "";
	struct error err;
	int fd;

	(void)state;
	assert_int_equal(file_replace(path, bytes_of("the old content"), &err), 0);
	fd = open(path, O_RDONLY);
	assert_int_equal(file_replace(path, bytes_of("new"), &err), 0);
	assert_int_equal(read(fd, content, sizeof(content) - 1), strlen("the old content"));
	assert_int_equal(close(fd), 0);
	assert_string_equal(content, "the old content");
	assert_content("new");
	assert_int_equal(count_files(), 1);
}

static void file_that_cannot_be_written_is_named(void **state)
{
	struct error err = { 0 };
	char elsewhere[sizeof(path) + 8];

	(void)state;
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/x", path);
	assert_int_equal(file_replace(elsewhere, bytes_of("one"), &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, elsewhere));
}

/* A folder stands where the file should be. */
static void failure_leaves_nothing(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(file_replace(path, bytes_of("one"), &err), ERROR_INPUT);
	assert_int_equal(count_files(), 1);
	assert_int_equal(rmdir(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file_is_its_owners_alone),
		TEST(old_content_is_never_half_overwritten),
		TEST(file_that_cannot_be_written_is_named),
		TEST(failure_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
