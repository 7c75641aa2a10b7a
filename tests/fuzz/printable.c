/*
 * Text from elsewhere on its way to a terminal: what comes out is UTF-8 (asked
 * of jansson, which has a decoder of its own), without anything that a terminal
 * obeys, and is not changed by being made printable again.
 */

#include "producer/cli/text.h"

#include "producer/cli/json.h"

#include "tests/fuzz/target.h"

#include <jansson.h>

/* In UTF-8, so that all the bytes the first one announces are there. */
static void check_no_controls(const uint8_t *text)
{
	for (const uint8_t *p = text; *p; p++) {
		assert(*p >= 0x20 && *p != 0x7f);
		assert(p[0] != 0xc2 || p[1] >= 0xa0); /* C1 */
		assert(p[0] != 0xe2 || p[1] != 0x80 || p[2] < 0xa8 || p[2] > 0xae);
		assert(p[0] != 0xe2 || p[1] != 0x81 || p[2] < 0xa6 || p[2] > 0xa9);
	}
}

static void check_json(struct bytes text)
{
	json_t *value = json_text(text);
	char *dump = json_dumps(value, JSON_ENCODE_ANY);

	assert(dump);
	free(dump);
	json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	struct bytes out = printable((struct bytes){ data, len }, &arena);
	json_t *utf8 = json_stringn((const char *)out.data, out.len);

	assert(out.len <= len && strlen((const char *)out.data) == out.len);
	assert(utf8);
	json_decref(utf8);
	check_no_controls(out.data);
	assert(bytes_equal(printable(out, &arena), out));
	check_json((struct bytes){ data, len });
	arena_reset(&arena);
	return 0;
}
