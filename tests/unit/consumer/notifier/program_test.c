/* What a program gets of ours: what is told, and nothing else. */

#include "consumer/notifier/program.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <unistd.h>

enum { TIMEOUT_MS = 30000, OURS = 77 };

static void run_shell(const char *script, struct bytes input, struct ended *out)
{
	static char shell[] = "/bin/sh";
	static char flag[] = "-c";
	char text[256];
	char *const argv[] = { shell, flag, text, NULL };
	atomic_bool stop = false;
	struct error err = { 0 };

	assert_true(strlen(script) < sizeof(text));
	memcpy(text, script, strlen(script) + 1);
	assert_int_equal(program_run(argv, input, TIMEOUT_MS, &stop, out, &err), 0);
}

static void program_reads_its_input_and_its_exit_is_known(void **state)
{
	struct ended end;

	(void)state;
	run_shell("cat; exit 3", bytes_of("told"), &end);
	assert_string_equal(end.output, "told");
	assert_int_equal(end.status, 3);
}

/* As libraries open files: they stay open in what is executed. */
static void program_has_none_of_our_files(void **state)
{
	struct ended end;
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(dup2(fd, OURS), OURS);
	run_shell("test ! -e /proc/$$/fd/77 || echo it is there", bytes_of(""), &end);
	assert_string_equal(end.output, "");
	(void)close(OURS);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_reads_its_input_and_its_exit_is_known),
		cmocka_unit_test(program_has_none_of_our_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
