#ifndef SB_SCHEMAS_PLAN_H
#define SB_SCHEMAS_PLAN_H

/*
 * How a record is read and written by the newest version of its schema: a list of
 * steps in the order of the bytes, each of which fills or takes one place of the
 * struct. Records within a record are part of its list. There is no tree between
 * bytes and struct: plan_read.h and plan_write.h go through the steps.
 *
 * avro-c remains the authority: the unit tests and the fuzzer compare what plans and
 * avro-c (generic.h) make of the same bytes.
 *
 * A plan never changes: any number of threads may share one.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/binding.h"

enum step_kind {
	STEP_RAW_ID,  /* struct uuid <-> its 16 bytes */
	STEP_TEXT_ID, /* struct uuid <-> string of 36 characters */
	STEP_TEXT,
	STEP_LONG,
	STEP_BOOL,
	STEP_ENUM,
	STEP_POINTER, /* pointer to one struct, for which `inner` is the plan; always optional */
	STEP_LIST,    /* pointer and count; each item by `inner` */
};

struct step {
	enum step_kind kind;
	bool optional;
	uint32_t offset;       /* in the struct that the plan is for */
	uint32_t count_offset; /* of the size_t that goes with a list */
	uint32_t room_after;   /* bytes that the steps after this one write at most: see `room` */
	const struct field *field;
	const struct field_binding *binding; /* has the symbols of an enum */
	struct plan *inner;
};

struct plan {
	struct step *steps;
	size_t step_count;
	size_t size; /* of the struct */
	/* The fewest bytes that a record takes: bounds how many items may be announced. */
	size_t least;
	/*
	 * The most that its steps write, where texts, lists and pointers count with
	 * nothing but their numbers: a writer makes room once for as many steps as
	 * possible.
	 */
	size_t room;
	struct binding *binding; /* of the outermost, which owns what the steps refer to */
};

/*
 * Plans the record by its newest schema, in JSON. *out is the caller's, to be freed
 * with plan_free(); json is not needed afterwards. ERROR_REFUSED when the struct and
 * the schema do not have the same fields and symbols, or as binding_new() fails;
 * ERROR_NOMEM. On failure *out is untouched.
 */
MUST_USE int plan_new(struct plan **out, const struct record_shape *shape, struct bytes json,
		      struct error *err);

/* Frees *p and sets it NULL; NULL is fine. */
void plan_free(struct plan **p);

#endif
