#ifndef SB_DIRECTORY_CHANGE_H
#define SB_DIRECTORY_CHANGE_H

/* A change of the directory in words: what it is about, what differs, who comes and who goes. */

#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/difference.h"
#include "producer/operator/directory/label.h"

/* A change that is told, with what is needed to name whom it mentions. */
struct telling {
	const struct directory_change *change;
	struct labels labels;
};

/* What it is about: the entity as it was, so that a renamed one stands under its old name. */
const struct record *change_subject(const struct directory_change *c);

/* The bits of enum directory_difference that hold; 0 of what is created or deleted. */
unsigned change_differences(const struct directory_change *c);

/* The directory file's key for one difference. */
const char *change_key(enum directory_kind kind, unsigned difference);

/* Is it a list that differs? Then members come and go; else a value was one thing and is another. */
bool change_is_list(unsigned difference);

/* The value in r of what differs, as people read it. For what is no list. */
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
