#ifndef SB_CONSUMER_STEPPING_H
#define SB_CONSUMER_STEPPING_H

/*
 * The steps that handoffs take by a decision, and what becomes of the grants that
 * are there because of them. Used by the sources that decide.
 *
 * A grant is an offer's own if the offer gave it, or raised it from less. It goes
 * with the handoff, back to what was there before. If another open handoff waits
 * for the same one, it stays, and is that one's own from then on. Whoever changes
 * the grant otherwise, by a share or a removal, makes it nobody's own.
 *
 * Pure; all memory is in the world's arena.
 */

#include "consumer/deciding.h"
#include "consumer/handoff.h"

/* What the actor made, given with a step; the event has it, and the handoff has not. */
struct step_artifacts {
	const struct artifact *list;
	size_t count;
};

/* What a grant gives, and until when, as a grant or a wish says it. */
struct offered_access {
	enum role role;
	int64_t until; /* ABSENT: never */
};

/* Begins: a copy of an open handoff, one step further, in that state, without a note. */
struct handoff step_begin(const struct deciding *d, const struct handoff *before,
			  enum handoff_state state);

/*
 * Adds the step to the decision: the handoff becomes *after, whose note is what was
 * said with the step. `previous` is the state before, HANDOFF_NONE of a new one.
 */
void step_add(struct deciding *d, const struct handoff *after, enum handoff_state previous,
	      const struct step_artifacts *made);

/* The handoff's own grant, if it has one, goes: h is as it was before the step. */
void step_take_back(struct deciding *d, const struct handoff *h);

/* Does the grant, which may be NULL, give as much already? */
bool covers_access(const struct grant *g, const struct offered_access *a);

/*
 * Gives that to whom *h waits for now, unless they had as much already, and
 * notes in *h whether the grant is its own. Whether it may be given, the caller
 * has asked. There must be room for a change.
 */
void step_give(struct deciding *d, struct handoff *h, const struct offered_access *a);

/* The subject whose grant the handoff rests on: the holder's, or that of the holder's group. */
struct subject step_rests_on(const struct workspace *w, const struct handoff *h);

/* The subject's grant changes otherwise: no handoff calls it its own any more. */
void step_disown(struct deciding *d, const struct subject *s);

/*
 * The subject loses its grant, or becomes the owner: offers that rest on it end
 * as by that answer, which is of the system's or of whoever takes the grant.
 */
void step_end(struct deciding *d, const struct subject *s, enum answer answer);

/* All open handoffs of the workspace end: it is deleted. */
void step_end_all(struct deciding *d);

#endif
