#ifndef SB_SCHEMAS_CODEC_H
#define SB_SCHEMAS_CODEC_H

/*
 * Records to bytes and back. Bytes are Avro single-object encoding (Apache
 * Avro 1.11 specification, "Single-object encoding"): C3 01, the CRC-64-AVRO
 * fingerprint of the writer's schema in little-endian order, the Avro binary
 * value. Every schema in schemas/avro/ is compiled in, so reading needs no
 * server.
 *
 * A record that an earlier release wrote is read by its own schema: a field that
 * it lacks is absent, and one that we no longer have is left out. It is always
 * written by the newest.
 *
 * Decoding is safe on hostile bytes, which are checked as walk.h says: those of
 * our own schema while a plan (plan.h) reads them in one pass, those of an
 * earlier one before avro-c sees them.
 *
 * A codec belongs to one thread at a time.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/buffer.h"
#include "ops/support/error.h"
#include "schemas/records.h"

#include <stdint.h>

enum { FRAME_SIZE = 10 }; /* marker and fingerprint */

struct codec;

/* Compiles all schemas. ERROR_REFUSED when one of them does not match its struct. */
MUST_USE int codec_new(struct codec **out, struct error *err);
void codec_free(struct codec **c);

/*
 * Makes the codec read what was written by another schema of that type, in JSON.
 * ERROR_REFUSED when a field has another kind than in the struct.
 */
MUST_USE int codec_learn(struct codec *c, enum record_type type, struct bytes json,
			 struct error *err);

/*
 * Decodes a framed value into *out; texts and arrays in it live in the arena,
 * and nothing points into value. A NUL that is not counted follows each text.
 * ERROR_INPUT, with a sentence that names what is wrong, when value is not
 * framed, has an unknown fingerprint, does not fit its schema, or has a symbol that
 * we do not know; then *out is undefined.
 */
MUST_USE int codec_decode(struct codec *c, struct bytes value, struct arena *arena,
			  struct record *out, struct error *err);

/*
 * Appends the framed value of r to out. ERROR_INPUT, with out untouched, when
 * an enum has a value that the schema lacks. Other fields that are required but
 * absent are written as they are: an empty text, a nil id.
 */
MUST_USE int codec_encode(struct codec *c, const struct record *r, struct buffer *out,
			  struct error *err);

/* The fingerprint of the schema that codec_encode() writes for this type. */
uint64_t codec_fingerprint(const struct codec *c, enum record_type type);

#endif
