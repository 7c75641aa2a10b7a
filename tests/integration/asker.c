/*
 * Asks libsharebus the same questions again and again, until SIGTERM:
 *
 *	asker <redis> <suspect> <member> <workspace> <control>
 *
 * May the suspect read the workspace, which is shared with a group now and
 * then, but never while she is in it? That must never be a yes. So that it is
 * known what the answers have seen, two more are asked with it: may the member,
 * who always is in that group, read the workspace (then it is shared), and may
 * the suspect read the control, which is always shared with the group (then she
 * is in it)? As each answer rests on one state of the directory, which is the
 * same for all three, never may both be so.
 *
 * Prints one line of JSON: how often it asked, and how often each was so.
 */

#include "producer/sharebus.h"

#include <signal.h>
#include <stdio.h>

enum { FORBIDDEN, SHARED, MEMBER, QUESTIONS };
enum { ROUNDS_A_CLIENT = 500 }; /* then another one, which knows nothing */

struct tally {
	unsigned long rounds;
	unsigned long yes[QUESTIONS];
	unsigned long both; /* shared, and a member */
	unsigned long unavailable;
	unsigned long clients;
};

static volatile sig_atomic_t stopped;

static void stop(int signal_number)
{
	(void)signal_number;
	stopped = 1;
}

static int read_ids(char **words, struct sharebus_question questions[QUESTIONS])
{
	struct sharebus_id ids[4];

	for (int i = 0; i < 4; i++)
		if (sharebus_parse_id(&ids[i], words[i]))
			return -1;
	questions[FORBIDDEN] = (struct sharebus_question){ ids[0], ids[2], SHAREBUS_READ };
	questions[SHARED] = (struct sharebus_question){ ids[1], ids[2], SHAREBUS_READ };
	questions[MEMBER] = (struct sharebus_question){ ids[0], ids[3], SHAREBUS_READ };
	return 0;
}

static void count(struct tally *t, const struct sharebus_answer answers[QUESTIONS])
{
	t->rounds++;
	for (int i = 0; i < QUESTIONS; i++)
		t->yes[i] += answers[i].allowed;
	t->both += answers[SHARED].allowed && answers[MEMBER].allowed;
}

/* With one client, for a while. Only that the index does not stand still is forgiven. */
static int ask(const char *redis, const struct sharebus_question questions[QUESTIONS],
	       struct tally *t)
{
	struct sharebus_answer answers[QUESTIONS];
	struct sharebus *sb;
	int rc = sharebus_open(&sb, &(struct sharebus_options){ .redis = redis });

	for (int i = 0; !rc && !stopped && i < ROUNDS_A_CLIENT; i++) {
		rc = sharebus_check_many(sb, questions, QUESTIONS, answers);
		if (!rc)
			count(t, answers);
		t->unavailable += rc == SHAREBUS_UNAVAILABLE;
		rc = rc == SHAREBUS_UNAVAILABLE ? 0 : rc;
	}
	if (rc)
		(void)fprintf(stderr, "asker: %s\n", sharebus_error(sb));
	sharebus_close(&sb);
	t->clients++;
	return rc;
}

int main(int argc, char **argv)
{
	struct sharebus_question questions[QUESTIONS];
	struct tally t = { 0 };
	int rc = 0;

	if (argc != 6 || read_ids(argv + 2, questions)) {
		(void)fprintf(stderr, "usage: asker <redis> <suspect> <member> <workspace> "
				      "<control>, the last four by their ids\n");
		return 2;
	}
	(void)signal(SIGTERM, stop);
	while (!rc && !stopped)
		rc = ask(argv[1], questions, &t);
	(void)printf("{\"rounds\": %lu, \"forbidden\": %lu, \"shared\": %lu, \"member\": %lu, "
		     "\"both\": %lu, \"unavailable\": %lu, \"clients\": %lu}\n",
		     t.rounds, t.yes[FORBIDDEN], t.yes[SHARED], t.yes[MEMBER], t.both,
		     t.unavailable, t.clients);
	return rc ? 3 : 0;
}
