#ifndef SB_CACHE_HANDOFFS_H
#define SB_CACHE_HANDOFFS_H

/*
 * The open handoffs of one workspace: deep copies, a few at most. What may become
 * of them is for decisions to say. No I/O. A process without memory aborts
 * (memory.h).
 */

#include "ops/support/arena.h"
#include "schemas/records.h"

#include <stdbool.h>
#include <stddef.h>

/* All zero is the start. */
struct handoffs {
	struct handoff *list; /* owned; one for each id, in no order */
	size_t count;
	size_t cap;
};

/* Gives all memory back; *h is as at the start. */
void handoffs_done(struct handoffs *h);

/* The handoff of that id, or NULL. Borrowed until the handoffs change. */
struct handoff *handoffs_find(const struct handoffs *h, const struct uuid *id);

/* Adds a copy, or replaces the handoff of the same id, whose texts it may borrow. */
void handoffs_put(struct handoffs *h, const struct handoff *one);

/* Removes the handoff of that id, if there is one. */
void handoffs_drop(struct handoffs *h, const struct uuid *id);

/* The bytes of memory that they take. */
size_t handoffs_memory(const struct handoffs *h);

/* A copy whose texts and lists are in the arena. */
struct handoff handoff_copy(const struct handoff *h, struct arena *arena);

/* Is the state one after which nothing follows? */
bool handoff_is_final(enum handoff_state state);

/* Whom it waits for: the user who accepted it, else whom it is offered to. */
struct subject handoff_holder(const struct handoff *h);

/* When its time is over, ms since 1970; ABSENT: never, or it does not end by itself as it stands. */
int64_t handoff_end(const struct handoff *h);

#endif
