#ifndef SB_DIRECTORY_LABEL_H
#define SB_DIRECTORY_LABEL_H

/* Names for ids: what entities are called in files and for people. */

#include "ops/support/arena.h"
#include "producer/operator/directory/finder.h"

/* Where the names come from, and the arena that holds what is made of them. */
struct labels {
	const struct directory_finder *names;
	struct arena *arena;
};

/*
 * The name of that user, or organization, if a directory file can say it: whoever
 * is deleted has given the name up, and a name that looks like an id would be
 * read as one. Else the id.
 */
struct bytes label_user(const struct labels *l, const struct uuid *id);
struct bytes label_organization(const struct labels *l, const struct uuid *id);

/* The name of that user for people to read: a deleted user still has one. */
struct bytes label_person(const struct labels *l, const struct uuid *id);

/* What an entity is called: "alice", "acme/contractor", "erin/dev"; "" of the switch. */
struct bytes label_record(const struct labels *l, const struct record *r);

/* Orders two names by their bytes. */
int label_compare(struct bytes a, struct bytes b);

#endif
