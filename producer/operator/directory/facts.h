#ifndef SB_DIRECTORY_FACTS_H
#define SB_DIRECTORY_FACTS_H

/*
 * A directory as facts: a record for each organization, user, group and
 * workspace, and one for the switch that turns sharing on and off. A file states
 * facts (build.h), the index holds facts (read.h), and diff.h compares them.
 */

#include "schemas/records.h"

/* In the order in which facts are announced: first what others refer to. */
enum directory_kind {
	DIRECTORY_ORGANIZATIONS,
	DIRECTORY_SWITCH,
	DIRECTORY_USERS,
	DIRECTORY_GROUPS,
	DIRECTORY_WORKSPACES,
	DIRECTORY_KINDS
};

/* What a kind is called: "users", which is also its section in a file, and "user". */
struct directory_kind_words {
	const char *section;
	const char *one;
};

extern const struct directory_kind_words directory_kinds[DIRECTORY_KINDS];

struct directory_facts {
	struct record *list; /* those of a file are in the order of the kinds */
	size_t count;
	/* Only of a file: */
	size_t workspaces; /* how many, at the end of the list */
	unsigned sections; /* 1 << kind for each section that it has */
	bool *derived;     /* is the id of list[i] derived from its name? */
	int64_t now_ms;    /* when it was read */
	/* Only of the index: */
	struct uuid *shadowed; /* ids of what must be announced again: see facts_shadowed() */
	size_t shadowed_count;
	bool all_shadowed; /* all of the directory must be: somebody wants it signed */
};

/*
 * Must ids be unique among these kinds? On the bus and in grants organizations,
 * users and groups are told apart by their ids alone. A workspace may have the id
 * of one of them.
 */
bool directory_shares_ids(enum directory_kind kind);

/*
 * Was a later record under its key passed over? Then the index has the fact, but
 * the topic will lose it. `shadowed` is what facts_shadowed() found, sorted.
 */
bool directory_is_shadowed(const struct record *r, const struct uuid *shadowed, size_t count);

/* An id, and the kinds (1 << kind each) as which it is looked for. */
struct directory_candidate {
	struct uuid id;
	unsigned kinds;
};

/* What a fact is about, also a WorkspaceDeleted. The id of the switch is nil. */
enum directory_kind directory_kind(const struct record *r);
const struct uuid *directory_id(const struct record *r);

/* Is it a user who is deleted, and so without a name? */
bool directory_is_deleted(const struct record *r);

/* Its name; of a user the username; "" of the switch and of a WorkspaceDeleted. */
struct bytes directory_name(const struct record *r);

#endif
