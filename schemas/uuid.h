#ifndef SB_SCHEMAS_UUID_H
#define SB_SCHEMAS_UUID_H

/*
 * Ids as 16 bytes in network order (RFC 9562). Public records and Kafka keys
 * have them as text, Redis and sharing.grants as raw bytes; these functions
 * convert. Any version and variant is accepted: what an id means is its owner's
 * business. Everything here may be called from any thread.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	UUID_TEXT_LEN = 36,                 /* 8-4-4-4-12 hexadecimal digits */
	UUID_TEXT_SIZE = UUID_TEXT_LEN + 1, /* and a NUL */
};

struct uuid {
	uint8_t bytes[16];
};

/*
 * The namespace of every version 5 id that sharebus derives from a name:
 * 04c3f9db-b8ff-43a1-940a-dc1450423e78, a random version 4 UUID drawn once.
 * It never changes, because the derived ids would change with it.
 */
extern const struct uuid UUID_NAMESPACE_SHAREBUS;

/*
 * Reads the 36 characters of the text form, digits in either case. Returns 0;
 * for anything else (braces, "urn:", missing hyphens, blanks around it)
 * ERROR_INPUT, with *out untouched.
 */
MUST_USE int uuid_parse(struct uuid *out, struct bytes text);

/* Writes the text form in lower case, and a NUL. */
void uuid_format(char out[static UUID_TEXT_SIZE], const struct uuid *u);

/* Whether all 128 bits are zero. */
bool uuid_is_nil(const struct uuid *u);

/* Whether both are the same 128 bits. */
bool uuid_equal(const struct uuid *a, const struct uuid *b);

/* Orders two struct uuid by their bytes, as qsort() and bsearch() want it. */
int uuid_compare(const void *a, const void *b);

/* Sorts the ids in that order, drops repeated ones and returns how many are left. */
MUST_USE size_t uuid_sort(struct uuid *list, size_t count);

/*
 * A new version 7 id: unix_ms, milliseconds since 1970 and at most 48 bits,
 * then 74 random bits from the kernel. Ids of the same millisecond have no
 * order. May block once, early after boot, until the kernel has randomness.
 * Returns 0, or ERROR_UNAVAILABLE with *out untouched if the kernel gives none.
 */
MUST_USE int uuid_v7(struct uuid *out, int64_t unix_ms);

/* When a version 7 id was made, ms since 1970; -1 for an id of any other version or variant. */
int64_t uuid_v7_time(const struct uuid *u);

/*
 * The version 5 id of name within the namespace ns: the same two always give
 * the same id. An absent name counts as empty. Returns 0; ERROR_NOMEM; or
 * ERROR_REFUSED where the system's cryptographic policy forbids SHA-1. On
 * failure *out is untouched.
 */
MUST_USE int uuid_v5(struct uuid *out, const struct uuid *ns, struct bytes name);

#endif
