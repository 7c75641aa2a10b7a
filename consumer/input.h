#ifndef SB_CONSUMER_INPUT_H
#define SB_CONSUMER_INPUT_H

/*
 * One record of sharing.commands as a run sees it: what the record says, or why
 * it cannot be read.
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
	struct held_workspace *held; /* the runner's; if readable: the workspace that it is about */
};

/* Where a record was found, among how many partitions of the topic. */
struct input_place {
	int partition;
	int partitions;
};

/*
 * Fills *in from the message, which must outlive it. A record is unreadable when
 * it cannot be decoded, does not belong on sharing.commands, or is about a
 * workspace of another partition: the records of a workspace have one order only
 * because they are on one partition. A hole is unreadable, too.
 */
void input_read(struct input *in, const struct message *m, struct codec *codec,
		const struct input_place *place, struct arena *arena);

/* The workspace that a readable input is about. */
const struct uuid *input_workspace(const struct input *in);

/* Is the readable input a fact, not a command? */
bool input_is_fact(const struct input *in);

/*
 * The headers of an unreadable input's dead letter, packed as output.h says, in
 * the arena: those that the record had, then the reason and the origin. A hole
 * has no time of the broker, but a count of the offsets that it covers.
 */
struct bytes input_dead_letter_headers(const struct input *in, struct arena *arena);

#endif
