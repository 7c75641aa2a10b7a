#ifndef SB_DIRECTORY_ENTRY_H
#define SB_DIRECTORY_ENTRY_H

/*
 * The entries of a directory file: which keys they may have, and their values.
 * For names.c and build.c.
 *
 * Functions that take an int *rc do nothing if it is not 0, so that several
 * values can be read and then checked once. When they fail they set it to
 * ERROR_INPUT, with a sentence that names the entry.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stddef.h>

struct json_t;

enum { NAME_MAX_BYTES = 255, ENTRY_PAIR_SIZE = 2 * NAME_MAX_BYTES + 32 };

/* One entry of the file, with what messages call it. */
struct entry {
	const char *list; /* "users" */
	size_t index;
	const struct json_t *object;
	const char *name; /* NULL until it is known */
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

/* The keys of an element of a user's organizations. */
extern const char *const membership_keys[];

/* Called for an entry that is an object with a name and known keys only. */
typedef int entry_fn(struct entry *e, void *context);

/* Calls fn for each entry of that list, in order, until one fails. */
MUST_USE int entry_visit(const struct json_t *file, const struct entry_list *list, entry_fn *fn,
			 void *context, struct error *err);

/* Sets the error to `users[2] "bob": ` and this text, and returns ERROR_INPUT. */
int entry_complain(const struct entry *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text of that key, or fallback if the entry has no such key. */
const char *entry_text(const struct entry *e, const char *key, const char *fallback, int *rc);

/* The name of that key: a text that must exist, without a slash and not empty. */
const char *entry_name(const struct entry *e, const char *key, int *rc);

/* The number of the symbol of that key, or fallback if the entry has no such key. */
int entry_symbol(const struct entry *e, const char *key, const char *const *symbols, int fallback,
		 int *rc);

/* The list of that key; NULL, which jansson takes for an empty list, if there is no such key. */
const struct json_t *entry_array(const struct entry *e, const char *key, int *rc);

/* The name in an element of a user's organizations: "acme" or {"name": "acme", "role": …}. */
const char *entry_membership(const struct entry *e, const struct json_t *m, int *rc);

/* ERROR_INPUT unless all keys of the entry are among these; the list ends with NULL. */
MUST_USE int entry_check_keys(const struct entry *e, const char *const *allowed);

/* Writes "first/second", and returns it. */
const char *entry_pair(char out[static ENTRY_PAIR_SIZE], const char *first, const char *second);

#endif
