#ifndef SB_DIRECTORY_ENTRY_H
#define SB_DIRECTORY_ENTRY_H

/*
 * The entries of a directory file, one at a time: what keys they may have and
 * what stands there. For names.c and build.c.
 *
 * Functions that take an int *rc do nothing when it is not 0 already, so that
 * several values can be read and then checked once; they set it to ERROR_INPUT
 * with a sentence that names the entry.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stddef.h>

struct json_t;

enum { NAME_MAX_BYTES = 255, ENTRY_PAIR_SIZE = 2 * NAME_MAX_BYTES + 32 };

/* One entry of the file, as messages name it. */
struct entry {
	const char *list; /* "users" */
	size_t index;
	const struct json_t *object;
	const char *name; /* once it is known */
	struct error *err;
};

/* A list of the file: its entries are objects with known keys and a name. */
struct entry_list {
	const char *key;
	const char *name_key;
	const char *const *allowed;
};

extern const struct entry_list organization_list;
extern const struct entry_list user_list;
extern const struct entry_list group_list;
extern const struct entry_list workspace_list;

/* The keys of an entry of a user's organizations. */
extern const char *const membership_keys[];

/* Does something to an entry that has passed the checks that all have. */
typedef int entry_fn(struct entry *e, void *context);

/* Calls fn for each entry of that list, in order, until one fails. */
MUST_USE int entry_visit(const struct json_t *file, const struct entry_list *list, entry_fn *fn,
			 void *context, struct error *err);

/* Returns ERROR_INPUT with `users[2] "bob": what detail`. */
int entry_complain(const struct entry *e, const char *what, const char *detail);

/* A text, or fallback when the key is not there. */
const char *entry_text(const struct entry *e, const char *key, const char *fallback, int *rc);

/* A name: a text that must be there, not empty and without a slash. */
const char *entry_name(const struct entry *e, const char *key, int *rc);

/* The value of one of the symbols, or fallback when the key is not there. */
int entry_symbol(const struct entry *e, const char *key, const char *const *symbols, int fallback,
		 int *rc);

/* A list inside an entry; empty when it is not there. */
const struct json_t *entry_array(const struct entry *e, const char *key, int *rc);

/* The name in an entry of a user's organizations: "acme" or {"name": "acme", "role": …}. */
const char *entry_membership(const struct entry *e, const struct json_t *m, int *rc);

/* ERROR_INPUT unless all keys of the entry are among these; the list ends with NULL. */
int entry_check_keys(const struct entry *e, const char *const *allowed);

/* "first/second" */
const char *entry_pair(char out[static ENTRY_PAIR_SIZE], const char *first, const char *second);

#endif
