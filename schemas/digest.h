#ifndef SB_SCHEMAS_DIGEST_H
#define SB_SCHEMAS_DIGEST_H

/* The SHA-256 of bytes, by which people recognize a record that was not kept whole. */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"

enum { SHA256_TEXT_SIZE = 65 }; /* 64 hexadecimal digits in lower case, and a NUL */

/*
 * Writes the SHA-256 of the bytes as text; absent counts as empty. Returns 0, or
 * ERROR_REFUSED where the system's cryptographic policy forbids it.
 * On failure `out` is untouched.
 */
MUST_USE int sha256_text(char out[static SHA256_TEXT_SIZE], struct bytes bytes);

#endif
