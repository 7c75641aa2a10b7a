#ifndef SB_SCHEMAS_GENERIC_H
#define SB_SCHEMAS_GENERIC_H

/*
 * Reads any version of a record through avro-c: into its generic value, and from
 * there into our struct. It takes ten times what a plan takes, so it serves for what
 * earlier releases wrote; and in the tests it is what plans are held against.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

/* One version of one record's schema. Belongs to one thread at a time. */
struct generic;

/*
 * Compiles a schema's JSON text. *out is the caller's, to be freed with
 * generic_free(); json is not needed afterwards. Fails as binding_new() does.
 */
MUST_USE int generic_new(struct generic **out, const struct record_shape *shape, struct bytes json,
			 struct error *err);

/* Frees *g and sets it NULL; NULL is fine. */
void generic_free(struct generic **g);

/*
 * Reads a datum that has passed walk_value() into the struct at `to`; texts and
 * arrays in it live in the arena. A field that the schema lacks is absent.
 * ERROR_INPUT, with a sentence that names the field, when an id is none or a symbol
 * is not known; then *to is undefined.
 */
MUST_USE int generic_read(struct generic *g, struct bytes datum, struct arena *arena, void *to,
			  struct error *err);

#endif
