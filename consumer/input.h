#ifndef SB_CONSUMER_INPUT_H
#define SB_CONSUMER_INPUT_H

/*
 * One record of sharing.commands as a run sees it: what the record says, or why
 * it cannot be read.
 */

#include "consumer/dead_letter.h"
#include "consumer/emit.h"
#include "consumer/message.h"
#include "consumer/workspaces.h"

struct input {
	const struct message *message; /* borrowed */
	struct source source;
	struct author author;
	bool readable;
	struct record record;        /* if readable; in the run's arena */
	struct bytes why_unreadable; /* if not: a sentence, in the run's arena */
	struct held_workspace *held; /* the runner's; if readable: the workspace that it is about */
};

/* What records are read with, and where they were found. All is borrowed. */
struct input_reader {
	struct codec *codec;
	struct signing *signing; /* NULL: no keys are configured */
	int partition;
	int partitions; /* of the topic */
};

/*
 * Fills *in from the message, which must outlive it. A record is unreadable when
 * it is too large or cannot be decoded, does not belong on sharing.commands, is
 * about a workspace of another partition, or is a fact beyond its bounds or not
 * signed as it must be. The
 * records of a workspace have one order only because they are on one partition. A
 * hole is unreadable, too.
 */
void input_read(struct input *in, const struct message *m, const struct input_reader *reader,
		struct arena *arena);

/* The workspace that a readable input is about. */
const struct uuid *input_workspace(const struct input *in);

/* Is the readable input a fact, not a command? */
bool input_is_fact(const struct input *in);

/* An unreadable input as its dead letter is made from it; the list of headers is in the arena. */
struct dead_record input_dead_record(const struct input *in, struct arena *arena);

#endif
