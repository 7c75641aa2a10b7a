#ifndef SB_DIRECTORY_FACTS_H
#define SB_DIRECTORY_FACTS_H

/*
 * A directory as facts: one record for each organization, user, group and
 * workspace, and one for the deployment's switch. A file states some
 * (build.h), the index holds some (read.h), and diff.h compares them.
 */

#include "schemas/records.h"

/* In the order in which they are announced: what is referred to comes first. */
enum directory_kind {
	DIRECTORY_ORGANIZATIONS,
	DIRECTORY_SWITCH,
	DIRECTORY_USERS,
	DIRECTORY_GROUPS,
	DIRECTORY_WORKSPACES,
	DIRECTORY_KINDS
};

/* "users", as the file calls its section, and "user". */
struct directory_kind_words {
	const char *section;
	const char *one;
};

extern const struct directory_kind_words directory_kinds[DIRECTORY_KINDS];

struct directory_facts {
	struct record *list; /* those of a file: in the order of the kinds */
	size_t count;
	size_t workspaces; /* of a file: so many of them, at the end */
	unsigned sections; /* of a file: 1 << kind for each section that it has */
	bool *derived;     /* of a file: the id of list[i] comes from the name alone */
	int64_t now_ms;    /* of a file: when it was read */
};

/*
 * Is it among those that are told apart by their ids alone, on the bus and in
 * grants? Organizations, users and groups are; a workspace may have the id of
 * one of them.
 */
bool directory_shares_ids(enum directory_kind kind);

/* What a fact is about; a WorkspaceDeleted, too. The switch has the nil id. */
enum directory_kind directory_kind(const struct record *r);
const struct uuid *directory_id(const struct record *r);

/* Its name, a user's username; "" of the switch and of a WorkspaceDeleted. */
struct bytes directory_name(const struct record *r);

#endif
