#ifndef SB_CONSUMER_INPUT_H
#define SB_CONSUMER_INPUT_H

/*
 * One record of sharing.commands as a run sees it: what it says, or why it
 * cannot be read.
 */

#include "consumer/emit.h"
#include "consumer/message.h"
#include "consumer/workspaces.h"

struct input {
	const struct message *message; /* borrowed */
	struct source source;
	bool readable;
	struct record record;        /* if readable; in the run's arena */
	struct bytes why_unreadable; /* if not: a sentence, in the run's arena */
	struct held_workspace *held; /* if readable: the workspace that it is about */
};

/* What a record must fit: the topic has so many partitions, and it came from this one. */
struct input_place {
	int partition;
	int partitions;
};

/*
 * Fills *in from the message. A record that cannot be decoded, that does not
 * belong on sharing.commands, or whose workspace belongs to another partition
 * is unreadable: a workspace has one order because it has one partition.
 */
void input_read(struct input *in, const struct message *m, struct codec *codec,
		const struct input_place *place, struct arena *arena);

/* The workspace that a readable input is about. */
const struct uuid *input_workspace(const struct input *in);

/* Is the readable input a fact, not a command? */
bool input_is_fact(const struct input *in);

/* Packed headers (output.h) for its dead letter: its own ones, then why it is there and from where. */
struct bytes input_dead_letter_headers(const struct input *in, struct arena *arena);

#endif
