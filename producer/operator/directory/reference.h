#ifndef SB_DIRECTORY_REFERENCE_H
#define SB_DIRECTORY_REFERENCE_H

/*
 * The ids by which facts refer to others: a group to its organization and
 * members, a user to organizations, a workspace to its owner and organization.
 * Pure.
 */

#include "producer/operator/directory/facts.h"

struct reference {
	enum directory_kind kind; /* what it must be: a user or an organization */
	const struct uuid *id;
	const char *rule; /* "members are users": what a file may have there */
};

/* How many references a fact has, and the i-th of them, which borrows from it. */
size_t reference_count(const struct record *r);
struct reference reference_at(const struct record *r, size_t i);

/* Has `old`, a fact about the same entity that may be NULL, this reference at the same place? */
bool reference_is_in(const struct reference *ref, const struct record *old);

#endif
