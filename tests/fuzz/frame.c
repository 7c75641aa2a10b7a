/*
 * A value as it comes off a topic: any bytes are a record of ours, or an
 * error with a sentence.
 */

#include "schemas/codec.h"

#include "tests/fuzz/target.h"

static uint64_t little_endian(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

static void check_record(const struct codec *codec, const struct record *r, const uint8_t *value)
{
	assert(r->type < RECORD_TYPE_COUNT);
	assert(value[0] == 0xc3 && value[1] == 0x01);
	assert(little_endian(value + 2) == codec_fingerprint(codec, r->type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct codec *codec;
	static struct arena arena;
	struct error err = { 0 };
	struct record record;
	int rc = codec ? 0 : codec_new(&codec, &err);

	assert(rc == 0);
	rc = codec_decode(codec, (struct bytes){ data, len }, &arena, &record, &err);
	if (rc)
		assert(rc == ERROR_INPUT && err.code == ERROR_INPUT && err.text[0]);
	else
		check_record(codec, &record, data);
	arena_reset(&arena);
	return 0;
}
