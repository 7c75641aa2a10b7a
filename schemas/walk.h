#ifndef SB_SCHEMAS_WALK_H
#define SB_SCHEMAS_WALK_H

/*
 * The guard in front of avro-c: it checks, with the writer's schema, that bytes
 * from outside are exactly one well-formed datum. avro-c trusts what it reads
 * (lengths, counts, booleans, depth), so it only sees what has passed here.
 * What plan_read.h refuses is walked to say why. The walk allocates nothing, and its work is bounded by the
 * length of the value times a factor that the schema sets.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

enum {
	/*
	 * Items of all arrays and maps in one datum together. Three bytes of
	 * input can announce that many items of a type that takes no bytes, and
	 * a decoder makes room for each, so this bounds its memory to tens of
	 * megabytes. Our largest record is a group with GROUP_MEMBERS_MAX.
	 */
	WALK_ITEMS_MAX = 262144,
	/*
	 * Records, arrays, maps and unions inside one another. Bounds the
	 * stack, of which a level takes some hundred bytes here. Fairly
	 * arbitrary; our own records nest less than 10 levels deep.
	 */
	WALK_DEPTH_MAX = 64,
};

/* A schema compiled for walking. Immutable: any number of threads may share one. */
struct walk_schema;

/*
 * Compiles a schema's JSON text, once per schema. *out is the caller's, to be
 * freed with walk_schema_free(); json is not needed afterwards. Returns 0,
 * ERROR_INPUT for whatever canonical_form() refuses, or ERROR_NOMEM. On failure
 * *out is untouched.
 */
MUST_USE int walk_schema_new(struct walk_schema **out, struct bytes json, struct error *err);

/* Frees *p and sets it NULL; NULL is fine. */
void walk_schema_free(struct walk_schema **p);

/*
 * Checks that value is one datum of the schema in Avro binary encoding, and
 * nothing more:
 *
 * - every length, count and block size fits into the bytes that are left, and
 *   a block that states its size has that size;
 * - a varint of an int, enum or union has at most 5 bytes and 32 bits, any
 *   other at most 10 bytes and 64 bits (within that, a number may be written
 *   with more bytes than it needs, as in Java);
 * - booleans are 0 or 1, strings and map keys are UTF-8 (RFC 3629), enum
 *   indexes and union branches exist;
 * - the limits above hold, and no byte is left over.
 *
 * Map keys may repeat and strings may hold NUL, as Avro allows both. Returns
 * 0, or ERROR_INPUT with a sentence after the path of the record fields that
 * lead there ("subject.kind: …"). Does not block or allocate.
 */
MUST_USE int walk_value(const struct walk_schema *s, struct bytes value, struct error *err);

#endif
