#ifndef SB_DIRECTORY_NAMES_H
#define SB_DIRECTORY_NAMES_H

/* The names in a directory file, and the ids that go with them. */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct json_t;

/*
 * The names that the file defines or mentions: objects whose keys are the
 * names; groups as "organization/name", workspaces as "owner/name". The value
 * is the id as text that the file itself gives, else null; looked up in the
 * index, it becomes the id there; unknown ones stay null.
 */
struct directory_names {
	struct json_t *organizations;
	struct json_t *users;
	struct json_t *groups;
	struct json_t *workspaces;
};

/* Fills *out, which is the caller's: directory_names_done(). */
MUST_USE int directory_names(const struct json_t *file, struct directory_names *out,
			     struct error *err);
void directory_names_done(struct directory_names *n);

#endif
