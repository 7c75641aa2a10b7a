/* sharebus: finds the command that the first words name, and runs it. */

#include "producer/cli/commands.h"
#include "producer/operator/commands.h"
#include "producer/operator/directory/commands.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command_def commands[] = {
	{ "sharing", "share", "add", "<workspace>", 1, "Share a workspace with users and groups.",
	  share_flags, run_share },
	{ "sharing", "remove", "unshare", "<workspace>", 1,
	  "Take sharing back from users and groups.", remove_flags, run_remove },
	{ "sharing", "show", "status", "<workspace>", 1, "Show who a workspace is shared with.",
	  NULL, run_show },
	{ NULL, "list", NULL, "", 0, "List shared workspaces.", list_flags, run_list },
	{ NULL, "check", NULL, "<user> <action> <workspace>", 3,
	  "May she? Actions: read ssh app start stop logs stats update_on_start rename update "
	  "share_use share_admin delete.",
	  check_flags, run_check },
	{ NULL, "explain", NULL, "<user> <workspace>", 2,
	  "Show every path that gives rights and every policy that takes them.", check_flags,
	  run_explain },
	{ "directory", "apply", NULL, "<file>", 1,
	  "Announce what a file states and the index lacks.", directory_apply_flags,
	  run_directory_apply },
	{ "directory", "show", NULL, "", 0, "Show what there is; -o json: as a file for apply.",
	  directory_show_flags, run_directory_show },
	{ "topics", "create", NULL, "", 0, "Create the topics in Kafka.", topics_flags,
	  run_topics_create },
	{ "deadletter", "list", NULL, "", 0, "List records that the consumer could not read.",
	  deadletter_list_flags, run_deadletter_list },
	{ "deadletter", "show", NULL, "<position>", 1, "Show one of them, with all its bytes.",
	  deadletter_show_flags, run_deadletter_show },
	{ "deadletter", "replay", NULL, "<position>...", OPERANDS_ANY,
	  "Send them again, as they came.", deadletter_replay_flags, run_deadletter_replay },
	{ NULL, "status", NULL, "", 0, "Show who works on what, how far, and what is wrong.", NULL,
	  run_status },
	{ NULL, "watch", NULL, "", 0, "Show events and notifications as they come.", watch_flags,
	  run_watch },
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static bool has_name(const struct command_def *c, const char *word)
{
	return strcmp(c->name, word) == 0 || (c->alias && strcmp(c->alias, word) == 0);
}

/* The command that argv[1] and perhaps argv[2] name; *words says how many that took. */
static const struct command_def *find(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_def *c = &commands[i];

		*words = c->group ? 2 : 1;
		if (argc <= *words || (c->group && strcmp(c->group, argv[1]) != 0))
			continue;
		if (has_name(c, argv[*words]))
			return c;
	}
	return NULL;
}

static void print_help(const char *group)
{
	(void)printf(
		"Share Coder workspaces over the bus.\n\nUsage: sharebus <command> [flags]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_def *c = &commands[i];

		if (group && (!c->group || strcmp(c->group, group) != 0))
			continue;
		(void)printf("  %s%s%s%s%-*s %s\n", c->group ? c->group : "", c->group ? " " : "",
			     c->name, c->operands[0] ? " " : "",
			     (int)(32 - strlen(c->name) - (c->operands[0] ? 1 : 0) -
				   (c->group ? strlen(c->group) + 1 : 0)),
			     c->operands, c->summary);
	}
	(void)printf("\n`sharebus <command> --help` tells more. Exit: 0 done, 1 no or rejected,\n"
		     "2 wrong usage, 3 unavailable or timed out.\n");
}

static bool is_group(const char *word)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (commands[i].group && strcmp(commands[i].group, word) == 0)
			return true;
	return false;
}

/* No command was named: help if that is what is wanted, else what is wrong. */
static enum exit_code explain(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "--help";
	bool group = is_group(word);
	const char *last = argc > 2 && group ? argv[2] : word;

	if (strcmp(last, "--help") == 0 || strcmp(last, "-h") == 0 || (group && argc == 2)) {
		print_help(group ? word : NULL);
		return argc > 1 ? EXIT_DONE : EXIT_USAGE;
	}
	(void)fprintf(stderr, "sharebus: there is no command \"%s%s%s\"; see `sharebus --help`\n",
		      word, group ? " " : "", group ? last : "");
	return EXIT_USAGE;
}

/* A closed descriptor would be that of the first connection, and what is printed would go there. */
static void open_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)open("/dev/null", O_RDONLY | O_CLOEXEC); /* the lowest that is free */
}

/* What could not be written was not said: that is no success. */
static enum exit_code close_output(enum exit_code code)
{
	bool failed = ferror(stdout) != 0;

	failed = fclose(stdout) != 0 || failed;
	if (code == EXIT_UNAVAILABLE || !failed)
		return code;
	(void)fprintf(stderr, "sharebus: standard output cannot be written\n");
	return EXIT_UNAVAILABLE;
}

int main(int argc, char **argv)
{
	struct session session;
	struct arguments arguments;
	struct error err = { 0 };
	enum exit_code code;
	int words = 0;
	const struct command_def *c = find(argc, argv, &words);
	int rc;

	open_descriptors();
	if (!c)
		return (int)close_output(explain(argc, argv));
	(void)signal(SIGPIPE, SIG_IGN);
	rc = session_open(&session, &err);
	if (!rc)
		rc = arguments_read(&arguments, c, &session, argc - words, argv + words, &err);
	if (rc < 0)
		complain(&err);
	code = rc < 0 ? EXIT_USAGE : rc ? EXIT_DONE : c->run(&session, &arguments);
	session_close(&session);
	return (int)close_output(code);
}
