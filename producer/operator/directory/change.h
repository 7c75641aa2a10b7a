#ifndef SB_DIRECTORY_CHANGE_H
#define SB_DIRECTORY_CHANGE_H

/* A change of the directory in words: what it is about, what differs, what comes and what goes. */

#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/label.h"

/* A change, with what is needed to name what it mentions. */
struct telling {
	const struct directory_change *change;
	struct labels labels;
};

/* The fact it is about: the old one if there is one, so that renaming keeps the old name. */
const struct record *change_subject(const struct directory_change *c);

/* The differences, as bits of enum directory_difference; 0 if it is created or deleted. */
unsigned change_differences(const struct directory_change *c);

/* The key in a directory file for one difference. */
const char *change_key(enum directory_kind kind, unsigned difference);

/* Does a list differ? Then elements come and go. Otherwise one value replaces another. */
bool change_is_list(unsigned difference);

/* The value of r that differs, as people read it. Not for lists. */
struct bytes change_value(const struct telling *t, const struct record *r, unsigned difference);

/* Elements of a list, as people read them; in the arena. */
struct elements {
	struct bytes *list;
	size_t count;
};

/*
 * The elements that come, and those that go: members of a group, or the
 * organizations of a user, "acme" or "acme:admin". A role that changes goes as
 * it was and comes as it is.
 */
struct elements change_added(const struct telling *t, unsigned difference);
struct elements change_removed(const struct telling *t, unsigned difference);

#endif
