/* sharebus: finds the command that the first words name, and runs it. */

#include "producer/commands.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/*
 * Whoever starts us may have closed a standard descriptor. The first connection
 * would get its number, and what is printed would go there.
 */
static void open_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) <
		    0) /* then it is the lowest that is free: open() takes it */
			(void)open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* An answer that could not be written was not given: that is no success. */
static enum exit_code close_output(enum exit_code code)
{
	bool failed = ferror(stdout) != 0;

	failed = fclose(stdout) != 0 || failed;
	if (code == EXIT_UNAVAILABLE || !failed)
		return code;
	(void)fprintf(stderr, "sharebus: standard output cannot be written\n");
	return EXIT_UNAVAILABLE;
}

static enum exit_code run_command(const struct command_def *c, int argc, char **argv)
{
	struct session session;
	struct arguments arguments;
	struct error err = { 0 };
	enum exit_code code;
	int rc = session_open(&session, &err);

	if (!rc)
		rc = arguments_read(&arguments, c, &session, argc, argv, &err);
	if (rc < 0)
		complain(&err);
	code = rc < 0 ? EXIT_USAGE : rc ? EXIT_DONE : c->run(&session, &arguments);
	session_close(&session);
	return code;
}

int main(int argc, char **argv)
{
	int words = 0;
	const struct command_def *c = commands_find(argc, argv, &words);

	open_descriptors();
	if (!c)
		return (int)close_output(commands_explain(argc, argv));
	(void)signal(SIGPIPE, SIG_IGN);
	return (int)close_output(run_command(c, argc - words, argv + words));
}
