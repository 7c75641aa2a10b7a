#ifndef SB_TESTS_FUZZ_SHAPES_H
#define SB_TESTS_FUZZ_SHAPES_H

/*
 * Records of any type by the tables of schemas/records.h: whether two are the
 * same, and one made of a fuzzer's bytes.
 */

#include "ops/support/arena.h"
#include "schemas/records.h"

/* Whether every field is the same; absent and empty differ. The types must be the same. */
bool same_record(const struct record *a, const struct record *b);

/*
 * Fills *out, in the arena: the type and each choice from the front of bytes,
 * zeros once they are used up. Whatever is required is there, and texts are
 * ASCII, NUL included; so the record can be encoded.
 */
void make_record(struct record *out, struct bytes bytes, struct arena *arena);

/*
 * The same of a given type, and as large as it is told: a few bytes say how many
 * items there are and what the first of them are like, as a packed batch does.
 */
struct maker {
	struct bytes from; /* what is left of the fuzzer's bytes */
	struct arena *arena;
	bool inflates; /* a text or a list may be as long as `left` allows; else it is short */
	size_t left;   /* bytes that texts and lists may still take in memory */
};

void make_record_of(struct record *out, enum record_type type, struct maker *m);

/* A text alone. */
struct bytes make_text(struct maker *m);

#endif
