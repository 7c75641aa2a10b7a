#include "schemas/plan_write.h"

#include "schemas/varint.h"

#include <assert.h>

/*
 * Where the writing is. Before each step there is room for what it and the steps
 * after it write at most (plan.h); texts and lists make room for the rest of
 * themselves.
 */
struct writing {
	uint8_t *at;
	uint8_t *end; /* of the buffer's memory */
	struct buffer *out;
	const struct field *wrong; /* has a value that the schema lacks */
};

/* Declared ahead because records contain records. */
static bool write_steps(struct writing *w, const struct plan *p, const uint8_t *from);

static void sync_buffer(struct writing *w)
{
	assert(w->at <= w->end);
	w->out->len = (size_t)(w->at - w->out->data);
}

static void grow_room(struct writing *w, size_t size)
{
	sync_buffer(w);
	w->at = buffer_reserve(w->out, size);
	w->end = w->out->data + w->out->cap;
}

static inline void make_room(struct writing *w, size_t size)
{
	if ((size_t)(w->end - w->at) < size)
		grow_room(w, size);
}

static inline void write_long(struct writing *w, int64_t value)
{
	w->at = varint_put(w->at, value);
}

static inline void write_text(struct writing *w, const struct step *s, const struct bytes *text)
{
	write_long(w, (int64_t)text->len);
	make_room(w, text->len + s->room_after);
	if (text->len)
		memcpy(w->at, text->data, text->len);
	w->at += text->len;
}

static inline void write_raw_id(struct writing *w, const struct uuid *u)
{
	memcpy(w->at, u->bytes, sizeof(u->bytes));
	w->at += sizeof(u->bytes);
}

static inline void write_text_id(struct writing *w, const struct uuid *u)
{
	write_long(w, UUID_TEXT_LEN);
	uuid_format((char *)w->at, u);
	w->at += UUID_TEXT_LEN;
}

static inline bool write_enum(struct writing *w, const struct step *s, int value)
{
	if (value <= 0 || value >= SYMBOLS_MAX || s->binding->to_symbol[value] == NO_SYMBOL) {
		w->wrong = s->field;
		return false;
	}
	write_long(w, s->binding->to_symbol[value]);
	return true;
}

static bool write_pointer(struct writing *w, const struct step *s, const uint8_t *from)
{
	bool good = write_steps(w, s->inner, from);

	make_room(w, s->room_after);
	return good;
}

/* Writes one block with all items, if there are any, and the empty block that ends the array. */
static bool write_list(struct writing *w, const struct step *s, const uint8_t *from)
{
	const uint8_t *item = *(const uint8_t *const *)(const void *)(from + s->offset);
	size_t count = *(const size_t *)(const void *)(from + s->count_offset);
	bool good = true;

	if (count)
		write_long(w, (int64_t)count);
	for (size_t i = 0; good && i < count; i++, item += s->inner->size)
		good = write_steps(w, s->inner, item);
	make_room(w, 1 + (size_t)s->room_after);
	write_long(w, 0);
	return good;
}

static inline bool is_absent(const struct step *s, const void *at)
{
	switch (s->kind) {
	case STEP_RAW_ID:
	case STEP_TEXT_ID:
		return uuid_is_nil(at);
	case STEP_TEXT:
		return !((const struct bytes *)at)->data;
	case STEP_LONG:
		return *(const int64_t *)at == ABSENT;
	case STEP_ENUM:
		return *(const int *)at == 0;
	case STEP_POINTER:
		return !*(const void *const *)at;
	case STEP_BOOL:
	case STEP_LIST:
		break;
	}
	return false;
}

static inline bool write_step(struct writing *w, const struct step *s, const uint8_t *from)
{
	const void *at = from + s->offset;

	switch (s->kind) {
	case STEP_RAW_ID:
		write_raw_id(w, at);
		return true;
	case STEP_TEXT_ID:
		write_text_id(w, at);
		return true;
	case STEP_TEXT:
		write_text(w, s, at);
		return true;
	case STEP_LONG:
		write_long(w, *(const int64_t *)at);
		return true;
	case STEP_BOOL:
		*w->at++ = *(const bool *)at;
		return true;
	case STEP_ENUM:
		return write_enum(w, s, *(const int *)at);
	case STEP_POINTER:
		return write_pointer(w, s, *(const uint8_t *const *)at);
	case STEP_LIST:
		break;
	}
	return write_list(w, s, from);
}

static bool write_steps(struct writing *w, const struct plan *p, const uint8_t *from)
{
	const struct step *end = p->steps + p->step_count;
	bool good = true;

	make_room(w, p->room);
	for (const struct step *s = p->steps; good && s < end; s++) {
		bool absent = s->optional && is_absent(s, from + s->offset);

		if (s->optional)
			write_long(w, absent ? 0 : 1); /* which branch of the union */
		if (!absent)
			good = write_step(w, s, from);
	}
	return good;
}

int plan_write(const struct plan *p, const void *from, struct buffer *out, struct error *err)
{
	struct writing w = { .out = out };

	w.at = buffer_reserve(out, p->room);
	w.end = out->data + out->cap;
	if (write_steps(&w, p, from)) {
		sync_buffer(&w);
		return 0;
	}
	return error_set(err, ERROR_INPUT, "field %s has no value that the schema knows",
			 w.wrong->name);
}
