#include "producer/commands.h"

#include "producer/cli/commands.h"
#include "producer/operator/commands.h"
#include "producer/operator/directory/commands.h"

#include <stdio.h>
#include <string.h>

enum { SUMMARY_COLUMN = 32 };

static const struct command_def commands[] = {
	{ .group = "sharing",
	  .name = "share",
	  .alias = "add",
	  .operands = "<workspace>",
	  .operand_count = 1,
	  .summary = "Share a workspace with users and groups.",
	  .flags = share_flags,
	  .run = run_share },
	{ .group = "sharing",
	  .name = "remove",
	  .alias = "unshare",
	  .operands = "<workspace>",
	  .operand_count = 1,
	  .summary = "Stop sharing a workspace with users and groups.",
	  .flags = remove_flags,
	  .run = run_remove },
	{ .group = "sharing",
	  .name = "show",
	  .alias = "status",
	  .operands = "<workspace>",
	  .operand_count = 1,
	  .summary = "Show who a workspace is shared with.",
	  .run = run_show },
	{ .name = "list",
	  .operands = "",
	  .summary = "List shared workspaces.",
	  .flags = list_flags,
	  .run = run_list },
	{ .name = "check",
	  .operands = "<user> <action> <workspace>",
	  .operand_count = 3,
	  .summary = "Ask whether a user may do something.",
	  .print_more = print_actions,
	  .flags = check_flags,
	  .run = run_check },
	{ .name = "explain",
	  .operands = "<user> <workspace>",
	  .operand_count = 2,
	  .summary = "Show all that gives a user rights, and every policy that takes them away.",
	  .flags = check_flags,
	  .run = run_explain },
	{ .group = "directory",
	  .name = "apply",
	  .operands = "<file>",
	  .operand_count = 1,
	  .summary = "Make the index what a file states, by announcing what differs.",
	  .flags = directory_apply_flags,
	  .run = run_directory_apply },
	{ .group = "directory",
	  .name = "show",
	  .operands = "",
	  .summary = "Show what the index holds; -o json: as a file for apply.",
	  .flags = directory_show_flags,
	  .run = run_directory_show },
	{ .group = "topics",
	  .name = "create",
	  .operands = "",
	  .summary = "Create the topics in Kafka.",
	  .flags = topics_flags,
	  .run = run_topics_create },
	{ .group = "deadletter",
	  .name = "list",
	  .operands = "",
	  .summary = "List records that the consumer could not read.",
	  .flags = deadletter_list_flags,
	  .run = run_deadletter_list },
	{ .group = "deadletter",
	  .name = "show",
	  .operands = "<position>",
	  .operand_count = 1,
	  .summary = "Show one of them, with all its bytes.",
	  .flags = deadletter_show_flags,
	  .run = run_deadletter_show },
	{ .group = "deadletter",
	  .name = "replay",
	  .operands = "<position>...",
	  .operand_count = OPERANDS_ANY,
	  .summary = "Send them again, unchanged.",
	  .flags = deadletter_replay_flags,
	  .run = run_deadletter_replay },
	{ .name = "status",
	  .operands = "",
	  .summary = "Show which process owns which partition, how far it is, and what is wrong.",
	  .flags = status_flags,
	  .run = run_status },
	{ .name = "watch",
	  .operands = "",
	  .summary = "Show events and notifications as they come.",
	  .flags = watch_flags,
	  .run = run_watch },
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static bool has_name(const struct command_def *c, const char *word)
{
	return strcmp(c->name, word) == 0 || (c->alias && strcmp(c->alias, word) == 0);
}

static bool is_in_group(const struct command_def *c, const char *group)
{
	return c->group && strcmp(c->group, group) == 0;
}

static bool is_group(const char *word)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (is_in_group(&commands[i], word))
			return true;
	return false;
}

const struct command_def *commands_find(int argc, char **argv, int *words)
{
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_def *c = &commands[i];
		int needed = c->group ? 2 : 1;

		if (argc <= needed || (c->group && !is_in_group(c, argv[1])) ||
		    !has_name(c, argv[needed]))
			continue;
		*words = needed;
		return c;
	}
	return NULL;
}

static void print_line(const struct command_def *c)
{
	int width = printf("  %s%s%s%s%s", c->group ? c->group : "", c->group ? " " : "", c->name,
			   c->operands[0] ? " " : "", c->operands);

	(void)printf("%*s %s", width < SUMMARY_COLUMN + 2 ? SUMMARY_COLUMN + 2 - width : 0, "",
		     c->summary);
	if (c->print_more)
		c->print_more();
	(void)putchar('\n');
}

/* group: only that one's; NULL: all. */
static void print_help(const char *group)
{
	(void)printf(
		"Share Coder workspaces over the bus.\n\nUsage: sharebus <command> [flags]\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		if (!group || is_in_group(&commands[i], group))
			print_line(&commands[i]);
	(void)printf("\n`sharebus <command> --help` tells more. Exit: 0 done, 1 no or rejected,\n"
		     "2 wrong usage, 3 unavailable or timed out.\n");
}

enum exit_code commands_explain(int argc, char **argv)
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
