#ifndef SB_CACHE_RECENT_H
#define SB_CACHE_RECENT_H

/*
 * A workspace's memory of commands that were applied or changed nothing (rule
 * 11 in ARCHITECTURE.md), so that none is done a second time. Pure.
 *
 * An id is remembered for an hour after its record's timestamp or the time in
 * the id, whichever is later; the last 16 are kept however old they are, and no
 * more than 1,000. The time in an id, which is a UUID of version 7, protects what
 * has been forgotten: no id that is as old as a forgotten one is taken. So
 * whatever clock the ids come from, a command that was done is either
 * remembered or too old.
 */

#include "schemas/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	RECENT_MIN = 16,
	RECENT_MAX = 1000,
	RECENT_SPAN_MS = 60 * 60 * 1000,
	RECENT_AHEAD_MAX_MS = 60 * 60 * 1000, /* so much an id may be ahead of its record */
};

/* How much an id may lag behind its record: the minutes fit 16 bits. */
#define RECENT_BEHIND_MAX_MS ((int64_t)30 * 24 * 60 * 60 * 1000)

/* Commands are numbered from 0 in the order of the log; the numbers begin anew after a rebuild. */
struct recent {
	struct recent_command *list; /* owned; the oldest first */
	size_t count;
	size_t cap;
	int64_t first;     /* the number of the first in the list */
	int64_t forgotten; /* the latest time in the id of a forgotten command; 0: none */
};

/* Gives the list back and forgets everything. */
void recent_done(struct recent *r);

/* The number that the next command will have. */
int64_t recent_end(const struct recent *r);

/* Has any command been forgotten, here or before a rebuild? */
bool recent_has_forgotten(const struct recent *r);

/* Is the command remembered? */
bool recent_holds(const struct recent *r, const struct uuid *command_id);

/*
 * Would a command with that id, of version 7, still be remembered if it had been
 * done before? If not, it is too old to be taken.
 */
bool recent_reaches(const struct recent *r, const struct uuid *command_id);

/*
 * Remembers a command whose record's timestamp is `now`, and forgets those whose
 * time is over. The time in the id lies within RECENT_AHEAD_MAX_MS and
 * RECENT_BEHIND_MAX_MS of it.
 */
void recent_add(struct recent *r, const struct uuid *command_id, int64_t now);

/* Puts a stored command back, after those that are in the list; forgets the oldest if need be. */
void recent_restore(struct recent *r, const struct recent_command *c);

/*
 * Puts a stored command back by its number, in whatever order they come; one
 * before `first` is left out. False when the number is too high. Once all are
 * there, recent_is_whole() tells whether any was missing.
 */
bool recent_place(struct recent *r, int64_t number, const struct recent_command *c);
bool recent_is_whole(const struct recent *r);

#endif
