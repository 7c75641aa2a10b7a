#include "consumer/orphans.h"

#include "ops/support/memory.h"

#include <stdlib.h>

enum { NOT_OPEN = -1 };

void orphans_init(struct orphans *o, struct footprint *last)
{
	*o = (struct orphans){ .last = last };
	o->sight = memory_zalloc(last->logs, sizeof(*o->sight));
	o->remains = memory_zalloc(last->logs, sizeof(*o->remains));
	o->open = memory_zalloc(last->logs, sizeof(*o->open));
	o->tried = memory_zalloc(last->logs, sizeof(*o->tried));
	footprint_init(&o->unseen, last->partitions);
	for (size_t i = 0; i < last->logs; i++)
		o->open[i] = NOT_OPEN;
}

void orphans_done(struct orphans *o)
{
	free(o->sight);
	free(o->remains);
	free(o->open);
	free(o->tried);
	footprint_done(&o->unseen);
	*o = (struct orphans){ 0 };
}

static bool log_answers(const struct orphans *o, size_t i)
{
	return o->sight[i].stable != ORPHANS_NO_ANSWER && o->sight[i].real != ORPHANS_NO_ANSWER;
}

static bool is_open(const struct orphans *o, size_t i)
{
	return log_answers(o, i) && o->sight[i].stable < o->sight[i].real;
}

/* What the log has of a transaction whose first record there is that. */
static enum remains remains_since(const struct orphans *o, size_t i, int64_t first)
{
	if (first == FOOTPRINT_NOWHERE)
		return REMAINS_NOTHING;
	if (!log_answers(o, i))
		return REMAINS_UNKNOWN;
	return remains_of(first, o->sight[i].stable, o->sight[i].real);
}

static bool is_unseen(const struct orphans *o, size_t i, int64_t first)
{
	enum remains is = remains_since(o, i, first);

	return is == REMAINS_OPEN || is == REMAINS_HIDDEN || is == REMAINS_UNKNOWN;
}

bool orphans_look(struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++) {
		enum remains unseen = remains_since(o, i, o->unseen.first[i]);

		if (unseen == REMAINS_CLOSED || unseen == REMAINS_NOTHING)
			o->unseen.first[i] = FOOTPRINT_NOWHERE;
		o->remains[i] = remains_since(o, i, o->last->first[i]);
	}
	return remains_are_open(o->remains, o->last->logs);
}

/* Keeps of the last transaction what is still to be committed. */
static void keep_owed(struct orphans *o, enum fate fate)
{
	for (size_t i = 0; i < o->last->logs; i++) {
		int64_t *owed = &o->last->owed[i];

		if (!is_unseen(o, i, *owed))
			*owed = FOOTPRINT_NOWHERE;
		if (*owed == FOOTPRINT_NOWHERE && fate == FATE_COMMITTED &&
		    is_unseen(o, i, o->last->first[i]))
			*owed = o->last->first[i];
		o->last->first[i] = FOOTPRINT_NOWHERE;
	}
}

enum fate orphans_judge(struct orphans *o, bool offsets_count)
{
	enum fate fate = fate_of(o->remains, o->last->logs, offsets_count);

	if (fate != FATE_UNCLEAR)
		keep_owed(o, fate);
	return fate;
}

bool orphans_is_due(const struct orphans *o, size_t i)
{
	enum remains is = remains_since(o, i, o->last->owed[i]);

	return is == REMAINS_OPEN || (is == REMAINS_HIDDEN && o->open[i] == o->sight[i].stable);
}

bool orphans_is_suspect(const struct orphans *o, size_t i)
{
	if (!is_open(o, i) || o->last->owed[i] != FOOTPRINT_NOWHERE)
		return false;
	return !o->tried[i] || o->open[i] == o->sight[i].stable ||
	       o->unseen.first[i] == o->sight[i].stable;
}

bool orphans_has_suspects(const struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++)
		if (orphans_is_suspect(o, i))
			return true;
	return false;
}

int orphans_witness(const struct orphans *o)
{
	int witness = -1;

	for (size_t i = 0; i < o->last->logs; i++)
		if (footprint_log(o->last, i).topic == TOPIC_GRANTS && log_answers(o, i) &&
		    (witness < 0 || !is_open(o, i)))
			witness = (int)i;
	return witness;
}

void orphans_aborted(struct orphans *o)
{
	bool doubted = orphans_has_suspects(o);
	bool complete = !footprint_owes(o->last);

	for (size_t i = 0; i < o->last->logs; i++) {
		doubted = doubted || o->unseen.first[i] != FOOTPRINT_NOWHERE;
		complete = complete && log_answers(o, i);
	}
	for (size_t i = 0; i < o->last->logs; i++) {
		o->tried[i] = log_answers(o, i) && o->last->owed[i] == FOOTPRINT_NOWHERE;
		o->open[i] = is_open(o, i) ? o->sight[i].stable : NOT_OPEN;
	}
	o->state = doubted ? ORPHANS_DOUBTED : complete ? ORPHANS_NONE : ORPHANS_LEFT;
}

/* The latest counts: its marker ends whatever of ours is open before it. */
void orphans_note_unseen(struct orphans *o, const int64_t *first)
{
	for (size_t i = 0; i < o->last->logs; i++) {
		if (first[i] == FOOTPRINT_NOWHERE)
			continue;
		o->unseen.first[i] = first[i];
		if (o->state > ORPHANS_DOUBTED)
			o->state = ORPHANS_DOUBTED;
	}
}
