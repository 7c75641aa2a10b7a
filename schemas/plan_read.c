#include "schemas/plan_read.h"

#include "ops/support/utf8.h"
#include "schemas/varint.h"
#include "schemas/walk.h"

/*
 * Texts share blocks of this size, so that one of a few bytes does not take the 16
 * that the arena aligns to: two bytes may announce it.
 */
enum { TEXT_BLOCK_BYTES = 512 };

/* Where the reading is. */
struct reading {
	const uint8_t *at;
	const uint8_t *end; /* of the value, or of the sized block it is in */
	struct arena *arena;
	uint8_t *text; /* where the next text goes, */
	size_t text_room;
	uint32_t items_left;
	const struct field *wrong; /* has an id that is none */
};

/* Declared ahead because records contain records. */
static bool read_steps(struct reading *r, const struct plan *p, uint8_t *to);

static size_t bytes_left(const struct reading *r)
{
	return (size_t)(r->end - r->at);
}

static inline bool take_long(struct reading *r, int64_t *out)
{
	if (r->at < r->end && *r->at <= VARINT_SHORT_MAX) {
		*out = zigzag_decode(*r->at++);
		return true;
	}
	return varint_take(&r->at, r->end, VARINT_LONG_BITS, out) == VARINT_TAKEN;
}

/* Takes the index of an enum's symbol or a union's branch, which must be below count. */
static inline bool take_index(struct reading *r, int count, int *out)
{
	int64_t index = 0;

	if (r->at < r->end && *r->at <= VARINT_SHORT_MAX)
		index = zigzag_decode(*r->at++);
	else if (varint_take(&r->at, r->end, VARINT_INT_BITS, &index) != VARINT_TAKEN)
		return false;
	*out = (int)index;
	return index >= 0 && index < count;
}

/* Takes a length and as many bytes, to which *out then points. */
static inline bool take_sized(struct reading *r, struct bytes *out)
{
	int64_t len = 0;

	if (!take_long(r, &len) || (uint64_t)len > bytes_left(r)) /* or below zero */
		return false;
	*out = (struct bytes){ r->at, (size_t)len };
	r->at += len;
	return true;
}

/* Room for a text that has been taken, and its NUL; all the others fit into the bytes left. */
static uint8_t *text_alloc(struct reading *r, size_t size)
{
	size_t all = size + bytes_left(r);
	uint8_t *p;

	if (r->text_room < size) {
		r->text_room = all < TEXT_BLOCK_BYTES    ? all
			       : size < TEXT_BLOCK_BYTES ? TEXT_BLOCK_BYTES
							 : size;
		r->text = arena_alloc(r->arena, r->text_room);
	}
	p = r->text;
	r->text += size;
	r->text_room -= size;
	return p;
}

static bool read_text(struct reading *r, struct bytes *out)
{
	struct bytes text = { 0 };
	uint8_t *copy;

	if (!take_sized(r, &text) || !utf8_is_valid(text.data, text.len))
		return false;
	copy = text_alloc(r, text.len + 1);
	memcpy(copy, text.data, text.len);
	copy[text.len] = 0;
	*out = (struct bytes){ copy, text.len };
	return true;
}

static inline bool read_raw_id(struct reading *r, struct uuid *out)
{
	if (bytes_left(r) < sizeof(out->bytes))
		return false;
	memcpy(out->bytes, r->at, sizeof(out->bytes));
	r->at += sizeof(out->bytes);
	return true;
}

static inline bool read_text_id(struct reading *r, const struct step *s, struct uuid *out)
{
	struct bytes text = { 0 };

	if (!take_sized(r, &text))
		return false;
	if (!uuid_parse(out, text))
		return true;
	r->wrong = s->field;
	return false;
}

/* An optional number that is there is never ABSENT; see records.h. */
static inline bool read_long(struct reading *r, const struct step *s, int64_t *out)
{
	if (!take_long(r, out))
		return false;
	if (s->optional && *out == ABSENT)
		*out = ABSENT + 1;
	return true;
}

static inline bool read_bool(struct reading *r, bool *out)
{
	if (r->at == r->end || *r->at > 1)
		return false;
	*out = *r->at++;
	return true;
}

static inline bool read_enum(struct reading *r, const struct step *s, int *out)
{
	int symbol = 0;

	if (!take_index(r, s->binding->symbol_count, &symbol))
		return false;
	*out = s->binding->from_symbol[symbol];
	return true;
}

static bool read_pointer(struct reading *r, const struct step *s, void **out)
{
	*out = arena_zalloc(r->arena, 1, s->inner->size);
	return read_steps(r, s->inner, *out);
}

/* ---- lists ---- */

/* A list that is being read. */
struct list {
	uint8_t *items;
	size_t count;
	size_t cap;
};

/*
 * Takes the head of a block: how many items follow, 0 after the last block. A
 * negative count is followed by the block's size, and *end is then where the
 * block must end; otherwise it is NULL.
 */
static bool take_block(struct reading *r, uint64_t *count, const uint8_t **end)
{
	struct bytes block = { 0 };
	int64_t number = 0;

	*end = NULL;
	if (!take_long(r, &number))
		return false;
	*count = number < 0 ? -(uint64_t)number : (uint64_t)number;
	if (number >= 0)
		return true;
	if (!take_sized(r, &block))
		return false;
	r->at = block.data;
	*end = block.data + block.len;
	return true;
}

/* Makes room for count more items, if as many can be in the bytes that are left. */
static bool extend_list(struct reading *r, const struct plan *item, struct list *l, uint64_t count)
{
	if (count > r->items_left || count * item->least > bytes_left(r))
		return false;
	r->items_left -= (uint32_t)count;
	if (!l->cap) { /* nearly always there is one block */
		l->cap = count;
		l->items = arena_alloc(r->arena, count * item->size);
	}
	l->items = arena_grow(r->arena, l->items, &l->cap, l->count + count, item->size);
	memset(l->items + l->count * item->size, 0, count * item->size);
	return true;
}

static bool read_items(struct reading *r, const struct plan *item, struct list *l, uint64_t count)
{
	bool good = extend_list(r, item, l, count);

	for (uint64_t i = 0; good && i < count; i++)
		good = read_steps(r, item, l->items + l->count++ * item->size);
	return good;
}

/* Reads a block, whose items may not reach past its size and must fill it. */
static bool read_block(struct reading *r, const struct plan *item, struct list *l, uint64_t count,
		       const uint8_t *end)
{
	const uint8_t *outer = r->end;
	bool good;

	if (!end)
		return read_items(r, item, l, count);
	r->end = end;
	good = read_items(r, item, l, count) && r->at == end;
	r->end = outer;
	return good;
}

static bool read_list(struct reading *r, const struct step *s, uint8_t *to)
{
	const uint8_t *end = NULL;
	struct list l = { 0 };
	uint64_t count = 0;

	do {
		if (!take_block(r, &count, &end) || !read_block(r, s->inner, &l, count, end))
			return false;
	} while (count);
	*(void **)(void *)(to + s->offset) = l.items;
	*(size_t *)(void *)(to + s->count_offset) = l.count;
	return true;
}

/* ---- records ---- */

/* The struct is zeroed, which is absent for all others. */
static void set_missing(const struct step *s, void *at)
{
	if (s->kind == STEP_LONG)
		*(int64_t *)at = s->field->missing;
	else if (s->kind == STEP_ENUM)
		*(int *)at = (int)s->field->missing;
}

static inline bool read_step(struct reading *r, const struct step *s, uint8_t *to)
{
	void *at = to + s->offset;

	switch (s->kind) {
	case STEP_RAW_ID:
		return read_raw_id(r, at);
	case STEP_TEXT_ID:
		return read_text_id(r, s, at);
	case STEP_TEXT:
		return read_text(r, at);
	case STEP_LONG:
		return read_long(r, s, at);
	case STEP_BOOL:
		return read_bool(r, at);
	case STEP_ENUM:
		return read_enum(r, s, at);
	case STEP_POINTER:
		return read_pointer(r, s, at);
	case STEP_LIST:
		return read_list(r, s, to);
	}
	return false;
}

/* `to` is zeroed. */
static bool read_steps(struct reading *r, const struct plan *p, uint8_t *to)
{
	const struct step *end = p->steps + p->step_count;

	for (const struct step *s = p->steps; s < end; s++) {
		int branch = 1;

		if (s->optional && !take_index(r, 2, &branch))
			return false;
		if (!branch)
			set_missing(s, to + s->offset);
		else if (!read_step(r, s, to))
			return false;
	}
	return true;
}

int plan_read(const struct plan *p, struct bytes value, struct arena *arena, void *to,
	      struct error *err)
{
	struct reading r = { .at = value.data, .arena = arena, .items_left = WALK_ITEMS_MAX };

	/* An absent value has no address to add to. */
	r.end = value.data ? value.data + value.len : NULL;
	memset(to, 0, p->size);
	if (read_steps(&r, p, to) && r.at == r.end)
		return 0;
	if (r.wrong)
		return error_set(err, ERROR_INPUT, "field %s is not a UUID", r.wrong->name);
	return error_set(err, ERROR_INPUT, "the value does not fit its schema");
}
