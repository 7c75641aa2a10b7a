#ifndef SB_TESTS_FUZZ_TARGET_H
#define SB_TESTS_FUZZ_TARGET_H

/*
 * What all fuzz targets share. A target is one function that libFuzzer calls
 * with bytes of its own invention, again and again in one process. It parses
 * them and asserts what must hold of the result; a failed assertion, a report
 * of a sanitizer, a leak or a hang is a finding. It always returns 0.
 */

#include "ops/support/buffer.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/*
 * A copy in a heap block of exactly its size: the address sanitizer sees a read
 * past its end, which it would not in a buffer or arena. The caller frees it.
 */
static inline uint8_t *exact_copy(struct bytes b)
{
	uint8_t *copy = malloc(b.len ? b.len : 1);

	assert(copy);
	if (b.len)
		memcpy(copy, b.data, b.len);
	return copy;
}

/* The same as a C string: up to the first NUL. */
static inline char *text_copy(struct bytes b)
{
	const uint8_t *nul = b.len ? memchr(b.data, 0, b.len) : NULL;
	size_t len = nul ? (size_t)(nul - b.data) : b.len;
	char *copy = calloc(1, len + 1);

	assert(copy);
	if (len)
		memcpy(copy, b.data, len);
	return copy;
}

#endif
