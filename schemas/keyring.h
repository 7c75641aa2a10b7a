#ifndef SB_SCHEMAS_KEYRING_H
#define SB_SCHEMAS_KEYRING_H

/*
 * The keys of a keys file, which is text with one key a line (key.h). Lines that are
 * empty or begin with # say nothing. Anything else is refused, by its line; no message
 * has anything of a line in it, because that may be a secret. Pure.
 */

#include "schemas/key.h"

enum { KEYRING_KEYS_MAX = 1000, KEYRING_TEXT_MAX = 1024 * 1024 };

struct keyring;

/*
 * Reads the text of a keys file, which may have no key. ERROR_INPUT says which line
 * is wrong: also one that repeats the id or the secret of another. ERROR_NOMEM.
 */
MUST_USE int keyring_parse(struct keyring **out, struct bytes text, struct error *err);

/* Wipes the secrets, and sets *k to NULL; accepts NULL. */
void keyring_free(struct keyring **k);

size_t keyring_count(const struct keyring *k);

/* The i-th key, in the order of the file. Borrowed. */
const struct key *keyring_at(const struct keyring *k, size_t i);

/* The key of that id, or NULL. Borrowed. */
const struct key *keyring_find(const struct keyring *k, struct bytes id);

#endif
