/*
 * The figures of a consumer's stages, as Redis gives them back. What is read
 * lies within the text, and written again it reads the same.
 */

#include "cache/stages.h"

#include "tests/fuzz/target.h"

static void check_within(struct bytes part, const uint8_t *data, size_t len)
{
	assert(part.data >= data && part.data + part.len <= data + len);
}

static void check_same(const struct stages *a, const struct stages *b)
{
	assert(a->uptime_ms == b->uptime_ms && a->count == b->count);
	assert(bytes_equal(a->instance, b->instance));
	for (size_t i = 0; i < a->count; i++) {
		assert(bytes_equal(a->list[i].name, b->list[i].name));
		assert(a->list[i].turns == b->list[i].turns && a->list[i].us == b->list[i].us);
		assert(a->list[i].max_us == b->list[i].max_us && a->list[i].us >= 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes text = { data, len };
	struct buffer written = { 0 };
	struct stages s;
	struct stages again;
	bool read;

	if (!stages_parse(&s, text))
		return 0;
	check_within(s.instance, data, len);
	for (size_t i = 0; i < s.count; i++)
		check_within(s.list[i].name, data, len);
	stages_format(&written, &s);
	read = stages_parse(&again, buffer_bytes(&written));
	assert(read);
	check_same(&s, &again);
	buffer_done(&written);
	return 0;
}
