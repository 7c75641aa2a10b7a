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
	bool any = false;

	for (size_t i = 0; i < o->last->logs; i++) {
		enum remains unseen = remains_since(o, i, o->unseen.owed[i]);

		if (unseen == REMAINS_CLOSED || unseen == REMAINS_NOTHING)
			o->unseen.owed[i] = FOOTPRINT_NOWHERE;
		o->remains[i] = remains_since(o, i, o->last->first[i]);
		any = any || o->remains[i] != REMAINS_NOTHING;
	}
	return any;
}

/* Keeps what is still to be committed; of several in a log the latest, see markers.h. */
static void keep_owed(struct orphans *o, enum fate fate)
{
	for (size_t i = 0; i < o->last->logs; i++) {
		int64_t *owed = &o->last->owed[i];

		if (fate == FATE_COMMITTED && is_unseen(o, i, o->last->first[i]))
			*owed = o->last->first[i];
		else if (!is_unseen(o, i, *owed))
			*owed = FOOTPRINT_NOWHERE;
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
	return remains_since(o, i, o->last->owed[i]) == REMAINS_OPEN;
}

bool orphans_is_suspect(const struct orphans *o, size_t i)
{
	if (!is_open(o, i) || o->last->owed[i] != FOOTPRINT_NOWHERE)
		return false;
	return !o->tried[i] || o->open[i] == o->sight[i].stable ||
	       o->unseen.owed[i] == o->sight[i].stable;
}

bool orphans_has_suspects(const struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++)
		if (orphans_is_suspect(o, i))
			return true;
	return false;
}

/* How well would the log do as a witness? 0: not at all. */
static int rank_witness(const struct orphans *o, size_t i)
{
	enum { OPEN = 1, GRANTS = 1, CLOSED = 3 };

	if (!log_answers(o, i) || o->last->owed[i] != FOOTPRINT_NOWHERE)
		return 0;
	return (is_open(o, i) ? OPEN : CLOSED) +
	       (footprint_log(o->last, i).topic == TOPIC_GRANTS ? GRANTS : 0);
}

int orphans_witness(const struct orphans *o)
{
	int witness = -1;
	int best = 0;

	for (size_t i = 0; i < o->last->logs; i++) {
		if (rank_witness(o, i) <= best)
			continue;
		best = rank_witness(o, i);
		witness = (int)i;
	}
	return witness;
}

void orphans_aborted(struct orphans *o)
{
	bool doubted = orphans_has_suspects(o);
	bool complete = !footprint_owes(o->last);

	for (size_t i = 0; i < o->last->logs; i++) {
		doubted = doubted || o->unseen.owed[i] != FOOTPRINT_NOWHERE;
		complete = complete && log_answers(o, i);
	}
	for (size_t i = 0; i < o->last->logs; i++) {
		o->tried[i] =
			o->last->owed[i] == FOOTPRINT_NOWHERE && (o->tried[i] || log_answers(o, i));
		o->open[i] = is_open(o, i) ? o->sight[i].stable : NOT_OPEN;
	}
	o->state = doubted ? ORPHANS_DOUBTED : complete ? ORPHANS_NONE : ORPHANS_LEFT;
}

int orphans_blind_log(const struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++)
		if (o->remains[i] == REMAINS_HIDDEN || o->remains[i] == REMAINS_UNKNOWN)
			return (int)i;
	return -1;
}

int orphans_hidden_log(const struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++)
		if (o->last->owed[i] != FOOTPRINT_NOWHERE || o->unseen.owed[i] != FOOTPRINT_NOWHERE)
			return (int)i;
	return -1;
}

bool orphans_are_hidden(const struct orphans *o)
{
	return orphans_hidden_log(o) >= 0;
}

bool orphans_let_commit(const struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++)
		if (o->last->first[i] != FOOTPRINT_NOWHERE && !o->tried[i])
			return false;
	return true;
}

/* The latest counts: its marker ends whatever of ours is open before it. */
void orphans_note_unseen(struct orphans *o, const int64_t *first)
{
	for (size_t i = 0; i < o->last->logs; i++) {
		if (first[i] == FOOTPRINT_NOWHERE)
			continue;
		o->unseen.owed[i] = first[i];
		if (o->state > ORPHANS_DOUBTED)
			o->state = ORPHANS_DOUBTED;
	}
}
