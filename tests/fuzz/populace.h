#ifndef SB_TESTS_FUZZ_POPULACE_H
#define SB_TESTS_FUZZ_POPULACE_H

/*
 * Whom amplify.c shares with: three hundred users, half of them with the longest
 * names, in groups of an organization, and a workspace of the first of them.
 */

#include "cache/directory.h"
#include "cache/workspace.h"
#include "consumer/directory.h"
#include "schemas/codec.h"

enum id_kind { ID_NONE, ID_USER, ID_GROUP, ID_ORGANIZATION, ID_WORKSPACE };

/* All that happens, happens at this time. */
#define NOW_MS ((int64_t)1795512600000)

/* The n-th of a kind, as make_record_of() draws ids. */
struct uuid numbered_id(enum id_kind kind, size_t n);

struct populace {
	struct directory *directory;
	bool changed;       /* since it was filled */
	size_t users;       /* how many the directory has, at most */
	size_t memberships; /* of theirs in organizations, likewise */
};

/* Makes all of them as they are at first. Texts are borrowed from the arena for the call. */
void populace_fill(struct populace *p, struct arena *arena);

/*
 * What consumer/follower.c does with the value of a record under that key; absent: a
 * tombstone. Gathers in changes what that changes for readers.
 */
void populace_follow(struct populace *p, struct codec *codec, struct bytes value,
		     const struct uuid *key, struct projection *changes);

/* How many people the subject is. */
size_t populace_people(const struct populace *p, const struct subject *s);

/* How many members or memberships the entity has. */
size_t populace_weight(const struct populace *p, const struct uuid *id);

/* Registers the workspace, with grants to groups, to users, and to users who do not exist. */
void populace_share(struct workspace *w, size_t grants, struct arena *arena);

#endif
