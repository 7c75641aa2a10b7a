/*
 * A schema from elsewhere: JSON, then a NUL, then a value. Whatever compiles
 * has a canonical form that is its own, and walks any value without harm.
 */

#include "schemas/fingerprint.h"
#include "schemas/walk.h"

#include "tests/fuzz/target.h"

static void check_form(struct bytes json, const char *form)
{
	struct error err = { 0 };
	uint64_t fingerprint = 0;
	char *again = NULL;
	int rc = canonical_form(&again, bytes_of(form), &err);

	assert(rc == 0 && !strcmp(form, again));
	rc = schema_fingerprint(&fingerprint, json, &err);
	assert(rc == 0 && fingerprint == crc64_avro(bytes_of(form)));
	free(again);
}

static void walk_with(struct bytes json, struct bytes value)
{
	struct walk_schema *s = NULL;
	struct error err = { 0 };
	int rc = walk_schema_new(&s, json, &err);

	assert(rc == 0);
	rc = walk_value(s, value, &err);
	if (rc)
		assert(rc == ERROR_INPUT && err.text[0]);
	walk_schema_free(&s);
	assert(!s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const uint8_t *nul = len ? memchr(data, 0, len) : NULL;
	struct bytes json = { data, nul ? (size_t)(nul - data) : len };
	struct bytes value = { nul ? nul + 1 : NULL, nul ? len - json.len - 1 : 0 };
	uint8_t *exact = exact_copy(json);
	struct error err = { 0 };
	char *form = NULL;
	int rc;

	json.data = exact;
	rc = canonical_form(&form, json, &err);
	if (rc) {
		assert(rc == ERROR_INPUT && err.text[0] && !form);
	} else {
		check_form(json, form);
		walk_with(json, value);
	}
	free(form);
	free(exact);
	return 0;
}
