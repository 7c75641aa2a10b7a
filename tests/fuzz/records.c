/*
 * Every record: the first byte chooses the type, the rest stands behind that
 * type's frame. What decodes can be encoded, and comes back as it was.
 */

#include "schemas/codec.h"

#include "tests/fuzz/target.h"

static bool same_record(const struct record_shape *shape, const uint8_t *a, const uint8_t *b);

static bool same_text(const struct bytes *a, const struct bytes *b)
{
	return bytes_equal(*a, *b) && !a->data == !b->data;
}

static bool same_items(const struct field *f, const uint8_t *a, const uint8_t *b)
{
	const uint8_t *items_a = *(const uint8_t *const *)(const void *)(a + f->offset);
	const uint8_t *items_b = *(const uint8_t *const *)(const void *)(b + f->offset);
	size_t count = *(const size_t *)(const void *)(a + f->count_offset);
	bool same = count == *(const size_t *)(const void *)(b + f->count_offset);

	for (size_t i = 0; same && i < count; i++) {
		if (f->kind == FIELD_RECORDS)
			same = same_record(f->shape, items_a + i * f->shape->size,
					   items_b + i * f->shape->size);
		else if (f->kind == FIELD_UUIDS)
			same = uuid_equal((const struct uuid *)(const void *)items_a + i,
					  (const struct uuid *)(const void *)items_b + i);
		else
			same = same_text((const struct bytes *)(const void *)items_a + i,
					 (const struct bytes *)(const void *)items_b + i);
	}
	return same;
}

static bool same_field(const struct field *f, const uint8_t *a, const uint8_t *b)
{
	const void *at_a = a + f->offset;
	const void *at_b = b + f->offset;

	switch (f->kind) {
	case FIELD_UUID:
		return uuid_equal(at_a, at_b);
	case FIELD_TEXT:
		return same_text(at_a, at_b);
	case FIELD_LONG:
		return *(const int64_t *)at_a == *(const int64_t *)at_b;
	case FIELD_BOOL:
		return *(const bool *)at_a == *(const bool *)at_b;
	case FIELD_ENUM:
		return *(const int *)at_a == *(const int *)at_b;
	case FIELD_RECORD:
		return same_record(f->shape, at_a, at_b);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		return same_items(f, a, b);
	}
	return false;
}

static bool same_record(const struct record_shape *shape, const uint8_t *a, const uint8_t *b)
{
	bool same = true;

	for (size_t i = 0; same && i < shape->field_count; i++)
		same = same_field(&shape->fields[i], a, b);
	return same;
}

static void append_frame(struct buffer *b, const struct codec *codec, enum record_type type)
{
	uint64_t fingerprint = codec_fingerprint(codec, type);

	buffer_append(b, "\xc3\x01", 2);
	for (int i = 0; i < 8; i++)
		buffer_append_u8(b, (uint8_t)(fingerprint >> 8 * i));
}

/* Decodes the bytes from a place of their own, so that a read past the end shows. */
static int decode(struct codec *codec, struct bytes value, struct arena *arena, struct record *out)
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
	rc = decode(codec, buffer_bytes(&value), arena, &back);
	assert(rc == 0 && back.type == r->type);
	assert(same_record(record_shape(r->type), (const uint8_t *)&r->as,
			   (const uint8_t *)&back.as));
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
	uint8_t type;
	int rc = codec ? 0 : codec_new(&codec, &err);

	assert(rc == 0);
	if (!bytes_take_u8(&rest, &type))
		return 0;
	type %= RECORD_TYPE_COUNT;
	append_frame(&value, codec, (enum record_type)type);
	buffer_append(&value, rest.data, rest.len);
	if (!decode(codec, buffer_bytes(&value), &arena, &record)) {
		assert(record.type == (enum record_type)type);
		check_round_trip(codec, &record, &arena);
	}
	buffer_done(&value);
	arena_reset(&arena);
	return 0;
}
