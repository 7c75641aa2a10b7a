/*
 * Every record: the first byte chooses the type, the rest follows that
 * type's frame. avro-c and the plan make the same of it; what decodes can be
 * encoded, and comes back as it was.
 */

#include "schemas/codec.h"

#include "tests/fuzz/readers.h"
#include "tests/fuzz/shapes.h"
#include "tests/fuzz/target.h"

static void append_frame(struct buffer *b, const struct codec *codec, enum record_type type)
{
	uint64_t fingerprint = codec_fingerprint(codec, type);

	buffer_append(b, "\xc3\x01", 2);
	for (int i = 0; i < 8; i++)
		buffer_append_u8(b, (uint8_t)(fingerprint >> 8 * i));
}

/* Both readers are given the bytes in a place of their own, so that a read past the end shows. */
static bool agree_exact(enum record_type type, struct bytes datum, struct arena *arena,
			bool *readable)
{
	uint8_t *exact = exact_copy(datum);
	bool agree = readers_agree(type, (struct bytes){ exact, datum.len }, arena, readable);

	free(exact);
	return agree;
}

/* Decodes the bytes from a place of their own, so that a read past the end shows. */
static int decode_exact(struct codec *codec, struct bytes value, struct arena *arena,
			struct record *out)
{
	struct error err = { 0 };
	uint8_t *exact = exact_copy(value);
	int rc = codec_decode(codec, (struct bytes){ exact, value.len }, arena, out, &err);

	free(exact);
	if (rc)
		assert(rc == ERROR_INPUT && err.text[0]);
	return rc;
}

static void check_round_trip(struct codec *codec, const struct record *r, struct arena *arena)
{
	struct error err = { 0 };
	struct buffer value = { 0 };
	struct record back;
	int rc = codec_encode(codec, r, &value, &err);

	assert(rc == 0);
	rc = decode_exact(codec, buffer_bytes(&value), arena, &back);
	assert(rc == 0 && back.type == r->type);
	assert(same_record(r, &back));
	buffer_done(&value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct codec *codec;
	static struct arena arena;
	struct error err = { 0 };
	struct bytes rest = { data, len };
	struct buffer value = { 0 };
	struct record record;
	bool readable = false;
	bool agree;
	uint8_t type;
	int rc = codec ? 0 : codec_new(&codec, &err);

	assert(rc == 0);
	if (!bytes_take_u8(&rest, &type))
		return 0;
	type %= RECORD_TYPE_COUNT;
	agree = agree_exact((enum record_type)type, rest, &arena, &readable);
	assert(agree);
	append_frame(&value, codec, (enum record_type)type);
	buffer_append(&value, rest.data, rest.len);
	rc = decode_exact(codec, buffer_bytes(&value), &arena, &record);
	assert(!rc == readable);
	if (readable) {
		assert(record.type == (enum record_type)type);
		check_round_trip(codec, &record, &arena);
	}
	buffer_done(&value);
	arena_reset(&arena);
	return 0;
}
