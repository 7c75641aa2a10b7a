/*
 * May she? Asks the grant index:
 *
 *	cc -o may may.c $(pkg-config --cflags --libs sharebus)
 *	./may 127.0.0.1:6379 alice ssh erin/dev
 */

#include <sharebus.h>
#include <stdio.h>

static int ask_index(struct sharebus *sb, char **words, struct sharebus_answer *answer)
{
	struct sharebus_question question = { .action = sharebus_action_parse(words[1]) };
	int rc = sharebus_find_user(sb, words[0], &question.user);

	if (!rc)
		rc = sharebus_find_workspace(sb, NULL, words[2], &question.workspace);
	return rc ? rc : sharebus_check(sb, &question, answer);
}

int main(int argc, char **argv)
{
	struct sharebus_answer answer;
	struct sharebus *sb = NULL;
	int rc;

	if (argc != 5) {
		fprintf(stderr, "usage: %s <redis> <user> <action> <workspace>\n", argv[0]);
		return 2;
	}
	if (sharebus_action_parse(argv[3]) == SHAREBUS_ACTION_COUNT) {
		fprintf(stderr, "there is no action %s\n", argv[3]);
		return 3;
	}
	rc = sharebus_open(&sb, &(struct sharebus_options){ .redis = argv[1] });
	if (!rc)
		rc = ask_index(sb, argv + 2, &answer);
	if (rc)
		fprintf(stderr, "%s\n", sharebus_error(sb));
	else
		printf("%s: %s\n", answer.allowed ? "yes" : "no",
		       sharebus_reason_name(answer.reason));
	sharebus_close(&sb);
	return rc ? 3 : !answer.allowed;
}
