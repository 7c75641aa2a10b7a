#include "tests/fuzz/shapes.h"

#include "ops/support/buffer.h"

#include <assert.h>

enum { TEXT_MAX = 16, ITEMS_MAX = 6, ABSENT_BYTE = 0xff };

/* Declared ahead, both, because records contain records. */
static bool same_fields(const struct record_shape *shape, const uint8_t *a, const uint8_t *b);
static void make_fields(const struct record_shape *shape, uint8_t *to, struct bytes *from,
			struct arena *arena);

/* ---- comparing ---- */

static bool same_text(const struct bytes *a, const struct bytes *b)
{
	return bytes_equal(*a, *b) && !a->data == !b->data;
}

static const uint8_t *items_of(const struct field *f, const uint8_t *record)
{
	return *(const uint8_t *const *)(const void *)(record + f->offset);
}

static size_t count_of(const struct field *f, const uint8_t *record)
{
	return *(const size_t *)(const void *)(record + f->count_offset);
}

static size_t item_size(const struct field *f)
{
	if (f->kind == FIELD_RECORDS)
		return f->shape->size;
	return f->kind == FIELD_UUIDS ? sizeof(struct uuid) : sizeof(struct bytes);
}

static bool same_item(const struct field *f, const void *a, const void *b)
{
	if (f->kind == FIELD_RECORDS)
		return same_fields(f->shape, a, b);
	return f->kind == FIELD_UUIDS ? uuid_equal(a, b) : same_text(a, b);
}

static bool same_items(const struct field *f, const uint8_t *a, const uint8_t *b)
{
	size_t count = count_of(f, a);
	bool same = count == count_of(f, b);

	for (size_t i = 0; same && i < count; i++)
		same = same_item(f, items_of(f, a) + i * item_size(f),
				 items_of(f, b) + i * item_size(f));
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
		return same_fields(f->shape, at_a, at_b);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		break;
	}
	return same_items(f, a, b);
}

static bool same_fields(const struct record_shape *shape, const uint8_t *a, const uint8_t *b)
{
	bool same = true;

	for (size_t i = 0; same && i < shape->field_count; i++)
		same = same_field(&shape->fields[i], a, b);
	return same;
}

bool same_record(const struct record *a, const struct record *b)
{
	return same_fields(record_shape(a->type), (const uint8_t *)&a->as, (const uint8_t *)&b->as);
}

/* ---- making ---- */

static uint8_t choose_byte(struct bytes *from)
{
	uint8_t byte = 0;

	(void)bytes_take_u8(from, &byte);
	return byte;
}

/* Few different ones, so that they meet; 0 is nil. */
static struct uuid make_id(struct bytes *from)
{
	return (struct uuid){ { choose_byte(from) } };
}

static struct bytes make_text(struct bytes *from, struct arena *arena)
{
	size_t len = choose_byte(from) % (TEXT_MAX + 1);
	uint8_t *text = arena_zalloc(arena, TEXT_MAX, 1);

	for (size_t i = 0; i < len; i++)
		text[i] = choose_byte(from) & 0x7f;
	return (struct bytes){ text, len };
}

/* Of any length up to all 64 bits. */
static int64_t make_number(struct bytes *from)
{
	uint64_t value = 0;

	for (int i = choose_byte(from) % 9; i > 0; i--)
		value = value << 8 | choose_byte(from);
	return (int64_t)value;
}

static int make_symbol(const struct field *f, struct bytes *from)
{
	int count = 0;

	while (f->symbols[count])
		count++;
	assert(count);
	return f->optional ? choose_byte(from) % (count + 1) : 1 + choose_byte(from) % count;
}

static void make_item(const struct field *f, void *to, struct bytes *from, struct arena *arena)
{
	if (f->kind == FIELD_RECORDS)
		make_fields(f->shape, to, from, arena);
	else if (f->kind == FIELD_UUIDS)
		*(struct uuid *)to = make_id(from);
	else
		*(struct bytes *)to = make_text(from, arena);
}

static void make_items(const struct field *f, uint8_t *record, struct bytes *from,
		       struct arena *arena)
{
	size_t count = choose_byte(from) % (ITEMS_MAX + 1);
	uint8_t *items = arena_zalloc(arena, ITEMS_MAX, item_size(f));

	for (size_t i = 0; i < count; i++)
		make_item(f, items + i * item_size(f), from, arena);
	*(void **)(void *)(record + f->offset) = items;
	*(size_t *)(void *)(record + f->count_offset) = count;
}

/* Those that may be absent, for a byte that says so. */
static bool leave_out(const struct field *f, struct bytes *from)
{
	return f->optional && choose_byte(from) == ABSENT_BYTE;
}

static void make_field(const struct field *f, uint8_t *record, struct bytes *from,
		       struct arena *arena)
{
	void *at = record + f->offset;

	switch (f->kind) {
	case FIELD_UUID:
		*(struct uuid *)at = make_id(from);
		return;
	case FIELD_TEXT:
		if (!leave_out(f, from))
			*(struct bytes *)at = make_text(from, arena);
		return;
	case FIELD_LONG:
		*(int64_t *)at = leave_out(f, from) ? ABSENT : make_number(from);
		return;
	case FIELD_BOOL:
		*(bool *)at = choose_byte(from) & 1;
		return;
	case FIELD_ENUM:
		*(int *)at = make_symbol(f, from);
		return;
	case FIELD_RECORD:
		make_fields(f->shape, at, from, arena);
		return;
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		make_items(f, record, from, arena);
	}
}

static void make_fields(const struct record_shape *shape, uint8_t *to, struct bytes *from,
			struct arena *arena)
{
	for (size_t i = 0; i < shape->field_count; i++)
		make_field(&shape->fields[i], to, from, arena);
}

void make_record(struct record *out, struct bytes bytes, struct arena *arena)
{
	memset(out, 0, sizeof(*out));
	out->type = (enum record_type)(choose_byte(&bytes) % RECORD_TYPE_COUNT);
	make_fields(record_shape(out->type), (uint8_t *)&out->as, &bytes, arena);
}
