#include "tests/fuzz/shapes.h"

#include "ops/support/buffer.h"

#include <assert.h>

enum {
	TEXT_MAX = 16,
	ITEMS_MAX = 6,
	ABSENT_BYTE = 0xff,
	/* Of large records: a byte from here on is a power of two, the less a number. */
	POWERS_FROM = 96,
	OWN_ITEMS = 4, /* how many items are made of bytes of their own */
	ID_KINDS = 6,
	/* A list of more would be refused by its count; a text may be longer. */
	LIST_BYTES_MAX = 6 * 1024 * 1024,
};

/* Declared ahead, both, because records contain records. */
static bool same_fields(const struct record_shape *shape, const uint8_t *a, const uint8_t *b);
static void make_fields(const struct record_shape *shape, uint8_t *to, struct maker *m);

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

/* Either may be NULL: the record is absent. */
static bool same_pointed(const struct field *f, const uint8_t *a, const uint8_t *b)
{
	return a && b ? same_fields(f->shape, a, b) : a == b;
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
	case FIELD_POINTER:
		return same_pointed(f, items_of(f, a), items_of(f, b));
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

static uint8_t choose_byte(struct maker *m)
{
	uint8_t byte = 0;

	(void)bytes_take_u8(&m->from, &byte);
	return byte;
}

/* How many items of `size` bytes there are: up to `max`, or as many as one byte can say. */
static size_t choose_count(struct maker *m, size_t max, size_t size)
{
	size_t left = size > 1 && m->left > LIST_BYTES_MAX ? LIST_BYTES_MAX : m->left;
	uint8_t byte = choose_byte(m);
	size_t count = byte < POWERS_FROM ? byte : (size_t)1 << (5 + (byte - POWERS_FROM) / 7);

	if (!m->inflates)
		return byte % (max + 1);
	count = count < left / size ? count : left / size;
	m->left -= count * size;
	return count;
}

/* Few different ones, so that they meet; 0 is nil. Those in large records have a number, too. */
static struct uuid make_id(struct maker *m)
{
	struct uuid id = { { choose_byte(m) } };

	if (m->inflates) {
		id.bytes[0] %= ID_KINDS;
		id.bytes[sizeof(id.bytes) - 1] = choose_byte(m);
	}
	return id;
}

/* A long one repeats its first bytes. */
struct bytes make_text(struct maker *m)
{
	size_t len = choose_count(m, TEXT_MAX, 1);
	size_t own = m->inflates && len > OWN_ITEMS ? OWN_ITEMS : len;
	uint8_t *text = arena_zalloc(m->arena, len + 1, 1);

	for (size_t i = 0; i < own; i++)
		text[i] = choose_byte(m) & 0x7f;
	for (size_t done = own; done < len; done *= 2)
		memcpy(text + done, text, done < len - done ? done : len - done);
	return (struct bytes){ text, len };
}

/* Of any length up to all 64 bits. */
static int64_t make_number(struct maker *m)
{
	uint64_t value = 0;

	for (int i = choose_byte(m) % 9; i > 0; i--)
		value = value << 8 | choose_byte(m);
	return (int64_t)value;
}

static int make_symbol(const struct field *f, struct maker *m)
{
	int count = 0;

	while (f->symbols[count])
		count++;
	assert(count);
	return f->optional ? choose_byte(m) % (count + 1) : 1 + choose_byte(m) % count;
}

static void make_item(const struct field *f, void *to, struct maker *m)
{
	if (f->kind == FIELD_RECORDS)
		make_fields(f->shape, to, m);
	else if (f->kind == FIELD_UUIDS)
		*(struct uuid *)to = make_id(m);
	else
		*(struct bytes *)to = make_text(m);
}

/* Adds a number to an id, in its last three bytes. */
static void number_id(struct uuid *id, size_t number)
{
	for (size_t i = sizeof(id->bytes) - 1; i >= sizeof(id->bytes) - 3; i--) {
		number += id->bytes[i];
		id->bytes[i] = (uint8_t)number;
		number >>= 8;
	}
}

static void number_ids(const struct record_shape *shape, uint8_t *record, size_t number)
{
	for (size_t i = 0; i < shape->field_count; i++) {
		const struct field *f = &shape->fields[i];

		if (f->kind == FIELD_UUID)
			number_id((struct uuid *)(void *)(record + f->offset), number);
		else if (f->kind == FIELD_RECORD)
			number_ids(f->shape, record + f->offset, number);
	}
}

/* The items after the first few of a large record are like these, but for the ids in them. */
static void copy_item(const struct field *f, uint8_t *items, size_t i)
{
	size_t size = item_size(f);
	uint8_t *to = items + i * size;

	memcpy(to, items + i % OWN_ITEMS * size, size);
	if (f->kind == FIELD_RECORDS)
		number_ids(f->shape, to, i);
	else if (f->kind == FIELD_UUIDS)
		number_id((struct uuid *)(void *)to, i);
}

/*
 * How many items there are in all, if those that were made took so many bytes besides
 * themselves: those that are like them take as many.
 */
static size_t limit_copies(size_t count, size_t own, size_t taken, struct maker *m)
{
	size_t copies = count - own;
	size_t each = own ? (taken + own - 1) / own : 0;

	if (each && copies > m->left / each)
		copies = m->left / each;
	m->left -= copies * each;
	return own + copies;
}

static void make_items(const struct field *f, uint8_t *record, struct maker *m)
{
	size_t count = choose_count(m, ITEMS_MAX, item_size(f));
	uint8_t *items = arena_zalloc(m->arena, count + 1, item_size(f));
	size_t own = m->inflates && count > OWN_ITEMS ? OWN_ITEMS : count;
	size_t before = m->left;

	for (size_t i = 0; i < own; i++)
		make_item(f, items + i * item_size(f), m);
	count = limit_copies(count, own, before - m->left, m);
	for (size_t i = own; i < count; i++)
		copy_item(f, items, i);
	*(void **)(void *)(record + f->offset) = items;
	*(size_t *)(void *)(record + f->count_offset) = count;
}

/* Those that may be absent, for a byte that says so. */
static bool leave_out(const struct field *f, struct maker *m)
{
	return f->optional && choose_byte(m) == ABSENT_BYTE;
}

static void make_pointed(const struct field *f, void **at, struct maker *m)
{
	if (leave_out(f, m))
		return;
	*at = arena_zalloc(m->arena, 1, f->shape->size);
	make_fields(f->shape, *at, m);
}

static void make_field(const struct field *f, uint8_t *record, struct maker *m)
{
	void *at = record + f->offset;

	switch (f->kind) {
	case FIELD_UUID:
		*(struct uuid *)at = make_id(m);
		return;
	case FIELD_TEXT:
		if (!leave_out(f, m))
			*(struct bytes *)at = make_text(m);
		return;
	case FIELD_LONG:
		*(int64_t *)at = leave_out(f, m) ? ABSENT : make_number(m);
		return;
	case FIELD_BOOL:
		*(bool *)at = choose_byte(m) & 1;
		return;
	case FIELD_ENUM:
		*(int *)at = make_symbol(f, m);
		return;
	case FIELD_RECORD:
		make_fields(f->shape, at, m);
		return;
	case FIELD_POINTER:
		make_pointed(f, at, m);
		return;
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		make_items(f, record, m);
	}
}

static void make_fields(const struct record_shape *shape, uint8_t *to, struct maker *m)
{
	for (size_t i = 0; i < shape->field_count; i++)
		make_field(&shape->fields[i], to, m);
}

void make_record_of(struct record *out, enum record_type type, struct maker *m)
{
	memset(out, 0, sizeof(*out));
	out->type = type;
	make_fields(record_shape(type), (uint8_t *)&out->as, m);
}

void make_record(struct record *out, struct bytes bytes, struct arena *arena)
{
	struct maker m = { .from = bytes, .arena = arena };
	enum record_type type = (enum record_type)(choose_byte(&m) % RECORD_TYPE_COUNT);

	make_record_of(out, type, &m);
}
