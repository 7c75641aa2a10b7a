/*
 * The strict walk: the first byte is passed over (so the seeds are those of
 * `records`), the rest is held against every schema there is. What passes,
 * avro-c must decode, from the first byte to the last.
 */

#include "schemas/walk.h"

#include "schemas/avsc.h"

#include "tests/fuzz/target.h"

#include <avro.h>

enum { SCHEMAS_MAX = 64 };

struct schema {
	struct walk_schema *walk;
	avro_value_t value;
};

static size_t compile_all(struct schema list[static SCHEMAS_MAX])
{
	struct error err = { 0 };
	size_t count = 0;

	for (const struct avsc *a = avsc_files; a->name; a++) {
		struct schema *s = &list[count++];
		avro_schema_t avro = NULL;
		int rc = walk_schema_new(&s->walk, a->json, &err);

		assert(count <= SCHEMAS_MAX && rc == 0);
		rc = avro_schema_from_json_length((const char *)a->json.data, a->json.len, &avro);
		assert(rc == 0);
		rc = avro_generic_value_new(avro_generic_class_from_schema(avro), &s->value);
		assert(rc == 0);
	}
	return count;
}

/* avro-c cannot be asked whether it has read everything, so one more datum follows the value. */
static void check_decodes(struct schema *s, struct bytes value, avro_value_t *boolean)
{
	struct buffer longer = { 0 };
	avro_reader_t reader;
	int rc;

	buffer_append(&longer, value.data, value.len);
	buffer_append_u8(&longer, 1);
	reader = avro_reader_memory((const char *)longer.data, (int64_t)longer.len);
	rc = avro_value_read(reader, &s->value);
	assert(rc == 0);
	rc = avro_value_read(reader, boolean);
	assert(rc == 0);
	rc = avro_value_read(reader, boolean);
	assert(rc != 0);
	avro_reader_free(reader);
	buffer_done(&longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct schema schemas[SCHEMAS_MAX];
	static avro_value_t boolean;
	static size_t count;
	struct bytes value = { data, len };
	uint8_t unused;

	if (!count) {
		count = compile_all(schemas);
		(void)avro_generic_boolean_new(&boolean, 0);
	}
	(void)bytes_take_u8(&value, &unused);
	for (size_t i = 0; i < count; i++) {
		struct error err = { 0 };
		int rc = walk_value(schemas[i].walk, value, &err);

		if (rc)
			assert(rc == ERROR_INPUT && err.text[0]);
		else
			check_decodes(&schemas[i], value, &boolean);
	}
	return 0;
}
