#ifndef SB_SCHEMAS_FINGERPRINT_H
#define SB_SCHEMAS_FINGERPRINT_H

/*
 * The identity of an Avro schema: its Parsing Canonical Form and the CRC-64
 * of that, as "Transforming into Parsing Canonical Form" and "Schema
 * Fingerprints" of the Avro 1.12 specification define them. Two schemas with
 * the same fingerprint read the same bytes in the same way, whatever their
 * documentation, defaults, aliases and logical types say. For start-up and
 * for new schemas from a registry; not for the hot path. May be called from
 * any thread.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

#include <stdint.h>

enum {
	/* Records, enums and fixed in one schema. Arbitrary. */
	SCHEMA_NAMES_MAX = 256,
	/* Fields, symbols or branches of one type. Bounds the search for repeated ones. */
	SCHEMA_MEMBERS_MAX = 1024,
	/* Types inside one another. Bounds our recursion. */
	SCHEMA_DEPTH_MAX = 64,
	/* Bytes in one fixed, as in Java. */
	SCHEMA_FIXED_MAX = INT32_MAX,
};

/*
 * Brings a schema's JSON text into canonical form: *out is a NUL-terminated
 * text that the caller frees with free(). In it every name is a full name of
 * [A-Za-z0-9_.], so no string holds an escape, and every type that a name
 * refers to stands before the reference.
 *
 * Returns 0; ERROR_INPUT for what is not JSON, for JSON that is not a schema
 * (missing or malformed attributes that the form keeps, unknown or repeated
 * names, a union directly in a union) and for schemas beyond the limits above;
 * or ERROR_NOMEM. On failure *out is untouched. Attributes that the form drops
 * are not checked.
 */
MUST_USE int canonical_form(char **out, struct bytes json, struct error *err);

/* CRC-64-AVRO, the Rabin fingerprint, of any bytes. Absent counts as empty. */
uint64_t crc64_avro(struct bytes bytes);

/*
 * The CRC-64-AVRO of the canonical form of a schema's JSON text: what follows
 * C3 01, in little-endian order, in the single-object encoding. Fails as
 * canonical_form() does, and leaves *out untouched then.
 */
MUST_USE int schema_fingerprint(uint64_t *out, struct bytes json, struct error *err);

#endif
