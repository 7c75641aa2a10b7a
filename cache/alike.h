#ifndef SB_CACHE_ALIKE_H
#define SB_CACHE_ALIKE_H

/*
 * Names that may be alike but for upper and lower case: the index knows names
 * byte by byte, so all names of one length are read. (Those who give new names use
 * ASCII alone, of which either case has as many bytes.)
 *
 * Both functions add to *out, whose memory is the arena's; block, and fail as
 * reader_ask() does. On failure some may have been added.
 */

#include "cache/reader.h"
#include "ops/support/attributes.h"

/* A name that the index knows. */
struct name_bearer {
	struct uuid parent; /* the owner of a workspace; nil of a user */
	struct bytes name;
	struct uuid id;
};

struct name_bearers {
	struct name_bearer *list;
	size_t count;
	size_t cap;
};

/* Adds a bearer, with a copy of the name. */
void alike_add(struct name_bearers *out, const struct name_bearer *b, struct arena *arena);

/* Adds all usernames of that many bytes. */
MUST_USE int alike_usernames(struct reader *r, size_t len, struct arena *arena,
			     struct name_bearers *out, struct error *err);

/* The workspaces of one owner whose names have that many bytes. */
struct owned_length {
	struct uuid owner;
	size_t len;
};

/* Adds all workspaces of these owners and lengths. */
MUST_USE int alike_workspaces(struct reader *r, const struct owned_length *asked, size_t count,
			      struct arena *arena, struct name_bearers *out, struct error *err);

#endif
