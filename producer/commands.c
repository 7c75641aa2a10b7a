#include "producer/commands.h"

#include "ops/support/nearest.h"
#include "ops/support/version.h"
#include "producer/cli/commands.h"
#include "producer/cli/failure.h"
#include "producer/cli/words.h"
#include "producer/help/completion.h"
#include "producer/help/manual.h"
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
	  .example = "sharing share dev --user alice:admin,bob --group contractor --expires 8h",
	  .run = run_share },
	{ .group = "sharing",
	  .name = "remove",
	  .alias = "unshare",
	  .operands = "<workspace>",
	  .operand_count = 1,
	  .summary = "Stop sharing a workspace with users and groups.",
	  .flags = remove_flags,
	  .example = "sharing remove dev --user alice --group contractor",
	  .run = run_remove },
	{ .group = "sharing",
	  .name = "show",
	  .alias = "status",
	  .operands = "<workspace>",
	  .operand_count = 1,
	  .summary = "Show who a workspace is shared with.",
	  .example = "sharing show erin/dev --wide",
	  .run = run_show },
	{ .name = "list",
	  .operands = "",
	  .summary = "List shared workspaces.",
	  .flags = list_flags,
	  .example = "list --search shared_with_user:alice",
	  .run = run_list },
	{ .group = "handoff",
	  .name = "list",
	  .operands = "",
	  .summary = "List open handoffs that I may see.",
	  .flags = handoff_list_flags,
	  .example = "handoff list --mine",
	  .run = run_handoff_list },
	{ .group = "handoff",
	  .name = "show",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Show one of them, with all that it says.",
	  .example = "handoff show 019a2b3c-4d5e",
	  .run = run_handoff_show },
	{ .group = "handoff",
	  .name = "accept",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Accept what was offered: from now on it is mine to do.",
	  .flags = handoff_answer_flags,
	  .example = "handoff accept 019a2b3c-4d5e",
	  .run = run_handoff_accept },
	{ .group = "handoff",
	  .name = "decline",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Decline what was offered.",
	  .flags = handoff_answer_flags,
	  .example = "handoff decline 019a2b3c-4d5e --note 'ask bob'",
	  .run = run_handoff_decline },
	{ .group = "handoff",
	  .name = "return",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Return what I have accepted to who offered it, who goes on with it.",
	  .flags = handoff_finish_flags,
	  .example = "handoff return 019a2b3c-4d5e --note 'tests are missing'",
	  .run = run_handoff_return },
	{ .group = "handoff",
	  .name = "complete",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Say that what I have accepted is done.",
	  .flags = handoff_finish_flags,
	  .example = "handoff complete 019a2b3c-4d5e --artifact pr=https://git.example/7",
	  .run = run_handoff_complete },
	{ .group = "handoff",
	  .name = "reassign",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Offer what I have accepted to somebody else.",
	  .flags = handoff_reassign_flags,
	  .example = "handoff reassign 019a2b3c-4d5e --to user:bob",
	  .run = run_handoff_reassign },
	{ .group = "handoff",
	  .name = "withdraw",
	  .operands = "<handoff>",
	  .operand_count = 1,
	  .summary = "Take back what was offered.",
	  .flags = handoff_answer_flags,
	  .example = "handoff withdraw 019a2b3c-4d5e",
	  .run = run_handoff_withdraw },
	{ .name = "check",
	  .operands = "<user> <action> <workspace>",
	  .operand_count = 3,
	  .summary = "Ask whether a user may do something.",
	  .print_more = print_actions,
	  .flags = check_flags,
	  .example = "check alice ssh erin/dev",
	  .run = run_check },
	{ .name = "explain",
	  .operands = "<user> <workspace>",
	  .operand_count = 2,
	  .summary = "Show all that gives a user rights, and every policy that takes them away.",
	  .flags = check_flags,
	  .example = "explain alice erin/dev",
	  .run = run_explain },
	{ .group = "directory",
	  .name = "apply",
	  .operands = "<file>",
	  .operand_count = 1,
	  .summary = "Make the index what a file (- is stdin) states, by announcing what differs.",
	  .flags = directory_apply_flags,
	  .example = "directory apply people.json --dry-run",
	  .run = run_directory_apply },
	{ .group = "directory",
	  .name = "show",
	  .operands = "",
	  .summary = "Show what the index holds; -o json: as a file for apply.",
	  .flags = directory_show_flags,
	  .example = "directory show -o json > people.json",
	  .run = run_directory_show },
	{ .group = "topics",
	  .name = "create",
	  .operands = "",
	  .summary = "Create the topics in Kafka.",
	  .flags = topics_flags,
	  .example = "topics create --partitions 12",
	  .run = run_topics_create },
	{ .group = "keys",
	  .name = "create",
	  .operands = "<id>",
	  .operand_count = 1,
	  .summary = "Make a key to sign records with.",
	  .flags = keys_create_flags,
	  .example = "keys create ci --may share,act-as:alice --file /etc/sharebus/keys",
	  .run = run_keys_create },
	{ .group = "keys",
	  .name = "list",
	  .operands = "",
	  .summary = "List the keys of a file, without their secrets.",
	  .flags = keys_list_flags,
	  .example = "keys list --file /etc/sharebus/keys",
	  .run = run_keys_list },
	{ .group = "deadletter",
	  .name = "list",
	  .operands = "",
	  .summary = "List records that the consumer could not read.",
	  .flags = deadletter_list_flags,
	  .example = "deadletter list --limit 20",
	  .run = run_deadletter_list },
	{ .group = "deadletter",
	  .name = "show",
	  .operands = "<position>",
	  .operand_count = 1,
	  .summary = "Show one of them, with all its bytes.",
	  .flags = deadletter_show_flags,
	  .example = "deadletter show 3:17",
	  .run = run_deadletter_show },
	{ .group = "deadletter",
	  .name = "replay",
	  .operands = "<position>...",
	  .operand_count = OPERANDS_ANY,
	  .summary = "Send them again, unchanged.",
	  .flags = deadletter_replay_flags,
	  .example = "deadletter replay 3:17 4:0",
	  .run = run_deadletter_replay },
	{ .group = "deliveries",
	  .name = "list",
	  .operands = "",
	  .summary = "List what the notifier still owes to endpoints.",
	  .flags = deliveries_list_flags,
	  .example = "deliveries list --dead",
	  .run = run_deliveries_list },
	{ .group = "deliveries",
	  .name = "show",
	  .operands = "<delivery>",
	  .operand_count = 1,
	  .summary = "Show one of them, with what it tells.",
	  .example = "deliveries show hook/3-17-0",
	  .run = run_deliveries_show },
	{ .group = "deliveries",
	  .name = "retry",
	  .operands = "<delivery>",
	  .operand_count = 1,
	  .summary = "Have a dead one tried again.",
	  .flags = deliveries_retry_flags,
	  .example = "deliveries retry hook/3-17-0",
	  .run = run_deliveries_retry },
	{ .group = "endpoints",
	  .name = "list",
	  .operands = "",
	  .summary = "List whom the notifier tells, and what it owes them.",
	  .example = "endpoints list -o json",
	  .run = run_endpoints_list },
	{ .group = "endpoints",
	  .name = "test",
	  .operands = "<endpoint>",
	  .operand_count = 1,
	  .summary = "Have the notifier deliver a test, and say what came of it.",
	  .example = "endpoints test hook",
	  .run = run_endpoints_test },
	{ .group = "endpoints",
	  .name = "enable",
	  .operands = "<endpoint>",
	  .operand_count = 1,
	  .summary = "Open an endpoint again that was disabled.",
	  .example = "endpoints enable hook",
	  .run = run_endpoints_enable },
	{ .name = "status",
	  .operands = "",
	  .summary = "Show which process owns which partition, how far it is, and what is wrong.",
	  .flags = status_flags,
	  .at_once = true,
	  .example = "status --stages",
	  .run = run_status },
	{ .name = "watch",
	  .operands = "",
	  .summary = "Show events and notifications as they come.",
	  .flags = watch_flags,
	  .example = "watch --since 1h",
	  .run = run_watch },
	{ .group = "inbox",
	  .name = "list",
	  .operands = "",
	  .summary = "List what you were told, newest first.",
	  .flags = inbox_list_flags,
	  .example = "inbox list --unread",
	  .run = run_inbox_list },
	{ .group = "inbox",
	  .name = "read",
	  .operands = "<id>...",
	  .operand_count = OPERANDS_ANY,
	  .summary = "Show notifications, and mark them as read.",
	  .flags = inbox_read_flags,
	  .example = "inbox read 3-17-1",
	  .run = run_inbox_read },
	{ .group = "inbox",
	  .name = "watch",
	  .operands = "",
	  .summary = "Show what you are told as it comes.",
	  .flags = inbox_watch_flags,
	  .example = "inbox watch --limit 1",
	  .run = run_inbox_watch },
	{ .group = "notifications",
	  .name = "preferences",
	  .operands = "show|set",
	  .operand_count = 1,
	  .summary = "Show or set what you want to be told, and how.",
	  .flags = preferences_flags,
	  .example = "notifications preferences set --off mail:role_changed --mute erin/dev",
	  .run = run_preferences },
	{ .name = "completion",
	  .operands = "bash|zsh|fish",
	  .operand_count = 1,
	  .summary = "Print what completes these commands in a shell.",
	  .bare = true,
	  .example = "completion bash > /etc/bash_completion.d/sharebus",
	  .run = run_completion },
	{ .name = "manual",
	  .operands = "sharebus|sharebus-consumer|sharebus-notifier|sharebus.conf",
	  .operand_count = 1,
	  .summary = "Print a page of the manual, for man -l.",
	  .bare = true,
	  .example = "manual sharebus | man -l -",
	  .run = run_manual },
	{ .name = NULL },
};
enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) - 1 };

const struct command_def *commands_all(void)
{
	return commands;
}

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

/* ---- the words that name a command ---- */

/* Has the table a flag that begins so and wants a value? The whole name beats a beginning. */
static bool table_wants_value(const struct flag *table, const char *name, size_t len)
{
	for (; table && table->name; table++) {
		bool letter = len == 1 && table->id == name[0];

		if (table->value && (letter || strncmp(table->name, name, len) == 0))
			return true;
	}
	return false;
}

static bool setting_wants_value(const struct config *config, const char *name, size_t len)
{
	const struct config_setting *s;

	for (size_t i = 0; (s = config_setting(config, i)); i++)
		if (s->value && strncmp(s->key, name, len) == 0)
			return true;
	return strncmp("config", name, len) == 0;
}

/* Before the command is known, a flag may be that of any. */
static bool flag_wants_value(const void *config, const char *name, size_t len)
{
	bool wants = len > 1 && setting_wants_value(config, name, len);

	wants = wants || table_wants_value(common_flags, name, len);
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		wants = wants || table_wants_value(commands[i].flags, name, len);
	return wants;
}

/* The indexes of the first two words of argv that are no flags; argc if there are none. */
struct named_words {
	int first;
	int second;
};

static struct named_words find_words(int argc, char *const *argv, const struct config *config)
{
	struct named_words w;

	w.first = words_next(argc, argv, 1, flag_wants_value, config);
	w.second = words_next(argc, argv, w.first < argc ? w.first + 1 : argc, flag_wants_value,
			      config);
	return w;
}

static bool is_named(const struct command_def *c, const char *first, const char *second)
{
	if (!c->group)
		return has_name(c, first);
	return second && is_in_group(c, first) && has_name(c, second);
}

/* `help X` is `X --help`. */
static void turn_help(int argc, char **argv, const struct config *config)
{
	static char flag[] = "--help";
	int first = words_next(argc, argv, 1, flag_wants_value, config);

	if (first < argc && strcmp(argv[first], "help") == 0)
		argv[first] = flag;
}

const struct command_def *commands_take(int *argc, char **argv, const struct config *config)
{
	struct named_words w;

	turn_help(*argc, argv, config);
	w = find_words(*argc, argv, config);
	for (size_t i = 0; w.first < *argc && i < COMMAND_COUNT; i++) {
		const struct command_def *c = &commands[i];

		if (!is_named(c, argv[w.first], w.second < *argc ? argv[w.second] : NULL))
			continue;
		if (c->group)
			words_drop(argc, argv, w.second);
		words_drop(argc, argv, w.first);
		return c;
	}
	return NULL;
}

/* ---- help ---- */

static void print_line(const struct command_def *c)
{
	int width = printf("  %s%s%s%s%s", c->group ? c->group : "", c->group ? " " : "", c->name,
			   c->operands[0] ? " " : "", c->operands);

	if (width > SUMMARY_COLUMN)
		width = printf("\n") - 1;
	(void)printf("%*s%s", SUMMARY_COLUMN + 2 - width, "", c->summary);
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
	(void)printf("\n`sharebus <command> --help` tells more. `sharebus --version`\n"
		     "which one it is. Exit: 0 done, 1 no or rejected, 2 wrong usage,\n"
		     "3 unavailable or timed out, 4 a name is not known.\n");
}

static bool has_flag(int argc, char *const *argv, const char *flag)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], flag) == 0)
			return true;
	return false;
}

/* What somebody may have meant. */
struct hint {
	const char *group; /* NULL: in none */
	const char *name;  /* NULL: the group itself */
	size_t distance;
};

static void try_hint(struct hint *best, const char *word, const char *meant,
		     const struct hint *candidate)
{
	size_t distance = nearest_distance(word, meant);

	if (distance >= best->distance)
		return;
	*best = *candidate;
	best->distance = distance;
}

/* With a group, one of its commands; else a command, a group, or a command whose group was left out. */
static struct hint find_hint(const char *first, const char *second)
{
	struct hint best = { .distance = NEAREST_FAR };

	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		const struct command_def *c = &commands[i];
		const struct hint itself = { c->group, c->name, 0 };
		const struct hint group = { c->group, NULL, 0 };

		if (second && !is_in_group(c, first))
			continue;
		if (!second && c->group)
			try_hint(&best, first, c->group, &group);
		try_hint(&best, second ? second : first, c->name, &itself);
		if (c->alias && (second || !c->group))
			try_hint(&best, second ? second : first, c->alias, &itself);
	}
	return best;
}

/* Says what is wrong with words that name no command; second may be NULL. */
static enum exit_code complain_unknown(const struct session *s, const char *first,
				       const char *second)
{
	struct error err = { 0 };
	struct hint hint;

	if (!first) {
		(void)error_set(&err, ERROR_USAGE, "no command is given; see `sharebus --help`");
		return failure_report(s, &err);
	}
	(void)error_set(&err, ERROR_USAGE, "there is no command \"%s%s%s\"; see `sharebus --help`",
			first, second ? " " : "", second ? second : "");
	hint = find_hint(first, second);
	if (hint.distance != NEAREST_FAR)
		(void)error_set(&err, ERROR_USAGE,
				"there is no command \"%s%s%s\"; did you mean \"%s%s%s\"?", first,
				second ? " " : "", second ? second : "",
				hint.group ? hint.group : "", hint.group && hint.name ? " " : "",
				hint.name ? hint.name : "");
	return failure_report(s, &err);
}

enum exit_code commands_explain(const struct session *s, int argc, char **argv)
{
	const struct named_words w = find_words(argc, argv, s->config);
	const char *first = w.first < argc ? argv[w.first] : NULL;
	const char *second = first && is_group(first) && w.second < argc ? argv[w.second] : NULL;
	const bool asked = has_flag(argc, argv, "--help") || has_flag(argc, argv, "-h");

	if (!first && has_flag(argc, argv, "--version")) {
		(void)printf("sharebus %s\n", version_text());
		return EXIT_DONE;
	}
	if (argc == 1 || (!first && asked) || (first && is_group(first) && !second)) {
		print_help(first);
		return asked ? EXIT_DONE : EXIT_USAGE;
	}
	return complain_unknown(s, first, second);
}
