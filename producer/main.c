/* sharebus: finds the command that the first words name, and runs it. */

#include "producer/bus.h"
#include "producer/commands.h"

#include "producer/cli/failure.h"
#include "producer/cli/words.h"
#include "producer/operator/inside.h"

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

static enum exit_code run_command(struct session *s, const struct command_def *c, int argc,
				  char **argv)
{
	struct arguments arguments;
	struct error err = { 0 };
	bool json = words_want_json(argc, argv);
	int rc = arguments_read(&arguments, c, s, argc, argv, &err);

	if (!rc)
		rc = bus_check(s->config, &err);
	if (!rc && s->wait_given && !c->at_once)
		rc = inside_bear_with_servers(s, &err);
	if (rc < 0 && json) /* also when the flag stands after the wrong one */
		s->output = OUTPUT_JSON;
	if (rc < 0)
		return failure_report_usage(s, &err);
	arguments.commands = commands_all();
	return rc ? EXIT_DONE : c->run(s, &arguments);
}

static enum exit_code run_words(struct session *s, int argc, char **argv)
{
	const struct command_def *c = commands_take(&argc, argv, s->config);

	if (c)
		return run_command(s, c, argc, argv);
	s->output = words_want_json(argc, argv) ? OUTPUT_JSON : OUTPUT_TABLE;
	return commands_explain(s, argc, argv);
}

int main(int argc, char **argv)
{
	struct session session;
	struct error err = { 0 };
	enum exit_code code;

	open_descriptors();
	(void)signal(SIGPIPE, SIG_IGN);
	if (session_open(&session, &err))
		code = failure_report(&session, &err);
	else
		code = run_words(&session, argc, argv);
	session_close(&session);
	return (int)close_output(code);
}
