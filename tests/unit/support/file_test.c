/* A file that is written anew, in a folder of the test's own. */

#include "ops/support/file.h"

#include "tests/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static int append(const char *line)
{
	struct file_appending f;
	int rc = file_append_begin(&f, path, NULL);

	if (rc)
		return rc;
	rc = file_append_line(&f, bytes_of(line), NULL);
	file_append_end(&f);
	return rc;
}

static void lines_are_appended_whole(void **state)
{
	struct file_appending f;
	struct stat status;
	struct error err;
	mode_t before = umask(0);

	(void)state;
	assert_int_equal(append("one\n"), 0);
	(void)umask(before);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(append("two"), 0);
	assert_int_equal(append("three\n"), 0);
	assert_content("one\ntwo\nthree\n");
	assert_int_equal(file_append_begin(&f, folder, &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, folder));
}

/* It may lead to a file of somebody else's choice, and what is appended may be a secret. */
static void link_is_not_followed(void **state)
{
	struct file_appending f;
	struct error err;

	(void)state;
	assert_int_equal(symlink("/tmp/sharebus-file-elsewhere", path), 0);
	assert_int_equal(file_append_begin(&f, path, &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "is a symbolic link"));
	assert_int_equal(access("/tmp/sharebus-file-elsewhere", F_OK), -1);
}

/* Appends a line that says how long the file was; each process is to see all before it. */
static void append_length(void)
{
	struct file_appending f;
	struct stat status;
	char line[16];
	int rc = file_append_begin(&f, path, NULL);

	if (!rc && fstat(f.fd, &status))
		rc = -1;
	(void)snprintf(line, sizeof(line), "%06d\n", rc ? 0 : (int)status.st_size);
	if (!rc)
		rc = file_append_line(&f, bytes_of(line), NULL);
	_exit(rc ? 1 : 0);
}

static void those_who_append_at_once_wait_for_each_other(void **state)
{
	enum { PROCESSES = 8, ROUNDS = 20, LINE = 7 };
	char content[PROCESSES * LINE + 1];

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		int fd;

		for (int i = 0; i < PROCESSES; i++)
			if (!fork())
				append_length();
		for (int i = 0; i < PROCESSES; i++) {
			int status = 1;

			assert_true(wait(&status) > 0);
			assert_int_equal(status, 0);
		}
		fd = open(path, O_RDONLY);
		assert_int_equal(read(fd, content, sizeof(content)), PROCESSES * LINE);
		assert_int_equal(close(fd), 0);
		for (int i = 0; i < PROCESSES; i++)
			assert_int_equal(strtol(content + (ptrdiff_t)i * LINE, NULL, 10), i * LINE);
		assert_int_equal(unlink(path), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file_is_its_owners_alone),
		TEST(old_content_is_never_half_overwritten),
		TEST(file_that_cannot_be_written_is_named),
		TEST(failure_leaves_nothing),
		TEST(lines_are_appended_whole),
		TEST(link_is_not_followed),
		TEST(those_who_append_at_once_wait_for_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
