#ifndef SB_DIRECTORY_LABEL_H
#define SB_DIRECTORY_LABEL_H

/* Names for ids: what entities are called in files and for people. */

#include "cache/lookup.h"
#include "ops/support/arena.h"
#include "producer/operator/directory/finder.h"

/* Where the names come from, and the arena that holds what is made of them. */
struct labels {
	const struct directory_finder *names;
	struct arena *arena;
	/* Ids of users and organizations whose names others have as well, sorted; may be empty. */
	struct uuid_list doubles;
};

/*
 * Can a directory file refer by this name? Not if it is empty, looks like an id,
 * or has a slash or a zero byte.
 */
bool label_is_usable(struct bytes name);

/*
 * What a directory file calls that user, or organization: the name if it is usable
 * and nobody else's, and the id otherwise. Whoever is deleted has given the name
 * up.
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
