#ifndef SB_DIRECTORY_ENTRY_H
#define SB_DIRECTORY_ENTRY_H

/*
 * The entries of a directory file: which keys they may have, and their values.
 * Texts are what the consumer takes (schemas/bounds.h): names are of any
 * characters here, and claims.h says which may be given anew.
 *
 * Functions that take an int *rc do nothing if it is not 0, so that several
 * values can be read and then checked once. When they fail they set it to
 * ERROR_INPUT, with a sentence that names the entry.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"
#include "producer/operator/directory/facts.h"
#include "schemas/bounds.h"

struct json_t;

enum { ENTRY_PAIR_SIZE = 2 * NAME_BYTES_MAX + 32 };

/* One entry of the file, with what messages call it. */
struct entry {
	const char *list; /* "users" */
	size_t index;
	const struct json_t *object;
	struct bytes name; /* absent until it is known; NUL-terminated */
	bool has_id;       /* then the name may be anything */
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

/*
 * Called for an entry that is an object with known keys only and a name. Without
 * an id of its own, the name is not empty and has no zero byte.
 */
typedef int entry_fn(struct entry *e, void *context);

/* Calls fn for each entry of that list, in order, until one fails. */
MUST_USE int entry_visit(const struct json_t *file, const struct entry_list *list, entry_fn *fn,
			 void *context, struct error *err);

/*
 * The entry that states a fact of these, for entry_complain(); it has no object. It
 * takes a walk through the facts to number it: only for what is wrong.
 */
struct entry entry_of_fact(const struct directory_facts *facts, const struct record *fact,
			   struct error *err);

/* Sets the error to `users[2] "bob": ` and this text, and returns ERROR_INPUT. */
int entry_complain(const struct entry *e, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text of that key, of at most max bytes and NUL-terminated; absent if there is no such key. */
struct bytes entry_text(const struct entry *e, const char *key, size_t max, int *rc);

/* The same without a zero byte: a word, an id; NULL if there is no such key. */
const char *entry_word(const struct entry *e, const char *key, int *rc);

/* The name or id by which the entry refers to another, which must be there; "" on failure. */
const char *entry_reference(const struct entry *e, const char *key, int *rc);

/* The number of the symbol of that key, or fallback if the entry has no such key. */
int entry_symbol(const struct entry *e, const char *key, const char *const *symbols, int fallback,
		 int *rc);

/* The number of that key, from 1 to max; ABSENT if the entry has no such key, or null there. */
int64_t entry_number(const struct entry *e, const char *key, int64_t max, int *rc);

/* The list of that key; NULL, which jansson takes for an empty list, if there is no such key. */
const struct json_t *entry_array(const struct entry *e, const char *key, int *rc);

/* The username or id in an element of a group's members. */
const char *entry_member(const struct entry *e, const struct json_t *member, int *rc);

/* The name in an element of a user's organizations: "acme" or {"name": "acme", "role": …}. */
const char *entry_membership(const struct entry *e, const struct json_t *m, int *rc);

/* ERROR_INPUT unless all keys of the entry are among these; the list ends with NULL. */
MUST_USE int entry_check_keys(const struct entry *e, const char *const *allowed);

/*
 * Writes a parent and a name below it as one key, "4:acme/devs", and returns it.
 * The length tells them apart, whatever slashes they have.
 */
const char *entry_pair(char out[static ENTRY_PAIR_SIZE], const char *parent, const char *name);

/* The two parts of such a key, borrowed from it. */
struct bytes entry_pair_parent(const char *pair);
const char *entry_pair_name(const char *pair);

#endif
