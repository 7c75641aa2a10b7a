#ifndef SB_SCHEMAS_PLAN_WRITE_H
#define SB_SCHEMAS_PLAN_WRITE_H

/* A struct to bytes, by a plan: Apache Avro 1.11 specification, "Binary encoding". */

#include "ops/support/buffer.h"
#include "schemas/plan.h"

/*
 * Appends the datum that the struct is. ERROR_INPUT, with a sentence that names the
 * field, when an enum has a value that the schema lacks; then out ends with a part of
 * the datum, which the caller cuts off.
 */
MUST_USE int plan_write(const struct plan *p, const void *from, struct buffer *out,
			struct error *err);

#endif
