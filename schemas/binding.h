#ifndef SB_SCHEMAS_BINDING_H
#define SB_SCHEMAS_BINDING_H

/*
 * How one version of an Avro schema ties to a struct, field by field, by the tables
 * in records.c. plan.h makes of it how our own version is read and written,
 * generic.h how any other is read.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

enum { SYMBOLS_MAX = 32, NOT_THERE = -1, NO_SYMBOL = -1 };

/* One field of a struct. */
struct field_binding {
	int index;                        /* in the schema's record, or NOT_THERE */
	bool raw_id;                      /* of an id or an array of ids: fixed, not string */
	struct binding *inner;            /* of a record or its array; else NULL */
	int symbol_count;                 /* of an enum; less than SYMBOLS_MAX */
	uint8_t from_symbol[SYMBOLS_MAX]; /* the schema's symbol -> our value; 0: unknown */
	int8_t to_symbol[SYMBOLS_MAX];    /* our value -> the schema's symbol, or NO_SYMBOL */
};

/* One struct. */
struct binding {
	const struct record_shape *shape;
	struct field_binding *fields; /* in the struct's order */
	size_t schema_field_count;    /* of the schema's record */
	char *schema_name;            /* of the schema's record, without its namespace */
};

/*
 * Binds the schema, in JSON, to the shape. *out is the caller's, to be freed with
 * binding_free(); json is not needed afterwards. Fields that only one side has are
 * fine here. ERROR_REFUSED when the schema is none, or a field has another kind than
 * in the struct; ERROR_NOMEM. On failure *out is untouched.
 */
MUST_USE int binding_new(struct binding **out, const struct record_shape *shape, struct bytes json,
			 struct error *err);

/* Frees *b and sets it NULL; NULL is fine. */
void binding_free(struct binding **b);

#endif
