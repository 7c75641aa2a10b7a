#ifndef SB_SCHEMAS_CODEC_H
#define SB_SCHEMAS_CODEC_H

/*
 * Records to bytes and back. Bytes are Avro single-object encoding (Apache
 * Avro 1.11 specification, "Single-object encoding"): C3 01, the CRC-64-AVRO
 * fingerprint of the writer's schema in little-endian order, the Avro binary
 * value. Every schema in schemas/avro/ is compiled in, so reading needs no
 * server.
 *
 * Decoding is safe on hostile bytes: a strict walk (walk.h) checks them
 * against the writer's schema before avro-c sees them.
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
 * Decodes a framed value into *out; texts and arrays in it live in the arena.
 * ERROR_INPUT, with a sentence that names what is wrong, when value is not
 * framed, has an unknown fingerprint, or does not fit its schema; then *out is
 * undefined.
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
