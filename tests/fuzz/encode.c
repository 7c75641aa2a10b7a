/*
 * Records made of the fuzzer's bytes, field by field: what is written is read
 * back as it was, through avro-c, too. `records` comes from the other side, from bytes, and seldom
 * finds two lengths that fit each other.
 */

#include "schemas/codec.h"

#include "tests/fuzz/readers.h"
#include "tests/fuzz/shapes.h"
#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct codec *codec;
	static struct arena arena;
	struct buffer value = { 0 };
	struct error err = { 0 };
	struct record record;
	struct record back;
	bool readable;
	bool agree;
	int rc = codec ? 0 : codec_new(&codec, &err);

	assert(rc == 0);
	make_record(&record, (struct bytes){ data, len }, &arena);
	rc = codec_encode(codec, &record, &value, &err);
	assert(rc == 0);
	rc = codec_decode(codec, buffer_bytes(&value), &arena, &back, &err);
	assert(rc == 0 && back.type == record.type);
	assert(same_record(&record, &back));
	agree = readers_agree(record.type,
			      (struct bytes){ value.data + FRAME_SIZE, value.len - FRAME_SIZE },
			      &arena, &readable);
	assert(agree && readable);
	buffer_done(&value);
	arena_reset(&arena);
	return 0;
}
