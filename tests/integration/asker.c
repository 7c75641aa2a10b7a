/*
 * Asks libsharebus the same questions again and again, until SIGTERM:
 *
 *	asker <redis> <suspect> <member> <workspace> <control>
 *
 * The workspace is shared with a group at times, but never while the suspect is
 * in the group; so whether the suspect may read the workspace must never be a
 * yes. Two more questions show what the answers rest on. The member is always
 * in the group: whether the member may read the workspace says whether it is
 * shared. The control is always shared with the group: whether the suspect may
 * read the control says whether the suspect is in it. All three answers rest on
 * the same state of the directory, so these two must never both be a yes.
 *
 * Prints one line of JSON: how often it asked, and how often each was a yes.
 */

#include "producer/sharebus.h"

#include <signal.h>
#include <stdio.h>

enum { FORBIDDEN, SHARED, MEMBER, QUESTIONS };
enum { ROUNDS_PER_CLIENT = 500 }; /* then a new client, which remembers nothing */

struct tally {
	unsigned long rounds;
	unsigned long yes[QUESTIONS];
	unsigned long both; /* SHARED and MEMBER in one answer */
	unsigned long unavailable;
	unsigned long clients;
};

static volatile sig_atomic_t stopped;

static void on_signal(int signal_number)
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

static void count_answers(struct tally *t, const struct sharebus_answer answers[QUESTIONS])
{
	t->rounds++;
	for (int i = 0; i < QUESTIONS; i++)
		t->yes[i] += answers[i].allowed;
	t->both += answers[SHARED].allowed && answers[MEMBER].allowed;
}

/* Asks with one client for a while. Every error but SHAREBUS_UNAVAILABLE ends the program. */
static int ask_rounds(const char *redis, const struct sharebus_question questions[QUESTIONS],
		      struct tally *t)
{
	struct sharebus_answer answers[QUESTIONS];
	struct sharebus *sb;
	int rc = sharebus_open(&sb, &(struct sharebus_options){ .redis = redis });

	for (int i = 0; !rc && !stopped && i < ROUNDS_PER_CLIENT; i++) {
		rc = sharebus_check_many(sb, questions, QUESTIONS, answers);
		if (!rc)
			count_answers(t, answers);
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
	(void)signal(SIGTERM, on_signal);
	while (!rc && !stopped)
		rc = ask_rounds(argv[1], questions, &t);
	(void)printf("{\"rounds\": %lu, \"forbidden\": %lu, \"shared\": %lu, \"member\": %lu, "
		     "\"both\": %lu, \"unavailable\": %lu, \"clients\": %lu}\n",
		     t.rounds, t.yes[FORBIDDEN], t.yes[SHARED], t.yes[MEMBER], t.both,
		     t.unavailable, t.clients);
	return rc ? 3 : 0;
}
