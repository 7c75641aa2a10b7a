#include "schemas/plan.h"

#include "schemas/varint.h"

#include <assert.h>
#include <stdlib.h>

/* A record within a record has a plan of its own only if it is apart in memory, too. */
static int plan_fields(struct plan *p, const struct binding *b, size_t base, struct error *err);

static int plan_alloc(struct plan **out, size_t size, size_t step_max, struct error *err)
{
	struct plan *p = calloc(1, sizeof(*p));

	assert(step_max);
	if (p)
		p->steps = calloc(step_max, sizeof(*p->steps));
	*out = p;
	if (!p || !p->steps)
		return error_set(err, ERROR_NOMEM, "out of memory");
	p->size = size;
	return 0;
}

/* The fields of the struct and of those that lie in it. */
static size_t count_steps(const struct record_shape *shape)
{
	size_t count = 0;

	for (size_t i = 0; i < shape->field_count; i++)
		count += shape->fields[i].kind == FIELD_RECORD ? count_steps(shape->fields[i].shape)
							       : 1;
	return count;
}

/* What a step writes at most, and how few bytes it may be read from. */
static size_t step_room(const struct step *s)
{
	switch (s->kind) {
	case STEP_RAW_ID:
		return sizeof(struct uuid);
	case STEP_TEXT_ID:
		return 1 + UUID_TEXT_SIZE; /* uuid_format() adds a NUL */
	case STEP_TEXT:
	case STEP_LONG:
		return VARINT_LONG_BYTES;
	case STEP_BOOL:
	case STEP_ENUM:
		return 1;
	case STEP_POINTER:
		return 0;
	case STEP_LIST:
		break;
	}
	return VARINT_LONG_BYTES + 1; /* the count, and the block that ends it */
}

static size_t step_least(const struct step *s)
{
	if (s->optional)
		return 1;
	if (s->kind == STEP_RAW_ID)
		return sizeof(struct uuid);
	return s->kind == STEP_TEXT_ID ? 1 + UUID_TEXT_LEN : 1;
}

static void add_step(struct plan *p, struct step s)
{
	p->steps[p->step_count++] = s;
	p->room += step_room(&s) + s.optional;
	p->least += step_least(&s);
}

static enum step_kind id_kind(const struct field_binding *b)
{
	return b->raw_id ? STEP_RAW_ID : STEP_TEXT_ID;
}

/* The plan for one item of a list that is no record. */
static int plan_item(struct plan **out, const struct field *f, const struct field_binding *b,
		     struct error *err)
{
	bool is_id = f->kind == FIELD_UUIDS;
	int rc = plan_alloc(out, is_id ? sizeof(struct uuid) : sizeof(struct bytes), 1, err);

	if (!rc)
		add_step(*out, (struct step){ .kind = is_id ? id_kind(b) : STEP_TEXT, .field = f });
	return rc;
}

static int plan_inner(struct plan **out, const struct field *f, const struct field_binding *b,
		      struct error *err)
{
	int rc;

	if (!f->shape)
		return plan_item(out, f, b, err);
	rc = plan_alloc(out, f->shape->size, count_steps(f->shape), err);
	return rc ? rc : plan_fields(*out, b->inner, 0, err);
}

static enum step_kind step_kind(const struct field *f, const struct field_binding *b)
{
	switch (f->kind) {
	case FIELD_UUID:
		return id_kind(b);
	case FIELD_TEXT:
		return STEP_TEXT;
	case FIELD_LONG:
		return STEP_LONG;
	case FIELD_BOOL:
		return STEP_BOOL;
	case FIELD_ENUM:
		return STEP_ENUM;
	case FIELD_POINTER:
		return STEP_POINTER;
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
	case FIELD_RECORD: /* has steps of its own instead */
		break;
	}
	return STEP_LIST;
}

static int check_symbols(const struct field *f, const struct field_binding *b, struct error *err)
{
	for (int i = 0; i < b->symbol_count; i++)
		if (!b->from_symbol[i])
			return error_set(err, ERROR_REFUSED,
					 "field %s has a symbol that the struct lacks", f->name);
	return 0;
}

static int plan_field(struct plan *p, const struct field *f, const struct field_binding *b,
		      size_t base, struct error *err)
{
	struct step s = { .kind = step_kind(f, b),
			  .optional = f->optional,
			  .offset = (uint32_t)(base + f->offset),
			  .count_offset = (uint32_t)(base + f->count_offset),
			  .field = f,
			  .binding = b };
	int rc = check_symbols(f, b, err);

	if (rc)
		return rc;
	if (f->kind == FIELD_RECORD)
		return plan_fields(p, b->inner, base + f->offset, err);
	if (s.kind == STEP_POINTER || s.kind == STEP_LIST)
		rc = plan_inner(&s.inner, f, b, err);
	add_step(p, s);
	return rc;
}

/* The struct's field that is the schema's i-th, or as many as there are. */
static size_t find_field(const struct binding *b, size_t i)
{
	size_t at = 0;

	while (at < b->shape->field_count && b->fields[at].index != (int)i)
		at++;
	return at;
}

/* We write whole records, so the struct and the schema must have the same fields. */
static int plan_fields(struct plan *p, const struct binding *b, size_t base, struct error *err)
{
	int rc = 0;

	if (b->schema_field_count != b->shape->field_count)
		return error_set(err, ERROR_REFUSED, "schema %s and its struct differ in fields",
				 b->schema_name);
	for (size_t i = 0; !rc && i < b->schema_field_count; i++) {
		size_t at = find_field(b, i);

		if (at == b->shape->field_count)
			return error_set(err, ERROR_REFUSED,
					 "schema %s has a field that the struct lacks",
					 b->schema_name);
		rc = plan_field(p, &b->shape->fields[at], &b->fields[at], base, err);
	}
	return rc;
}

static void sum_rooms(struct plan *p)
{
	size_t after = 0;

	for (size_t i = p->step_count; i > 0; i--) {
		struct step *s = &p->steps[i - 1];

		s->room_after = (uint32_t)after;
		after += step_room(s) + s->optional;
		if (s->inner)
			sum_rooms(s->inner);
	}
	assert(after == p->room);
}

int plan_new(struct plan **out, const struct record_shape *shape, struct bytes json,
	     struct error *err)
{
	struct binding *b = NULL;
	struct plan *p = NULL;
	int rc = binding_new(&b, shape, json, err);

	if (rc)
		return rc;
	rc = plan_alloc(&p, shape->size, count_steps(shape), err);
	if (!rc)
		rc = plan_fields(p, b, 0, err);
	if (rc) {
		binding_free(&b);
		plan_free(&p);
		return rc;
	}
	p->binding = b;
	sum_rooms(p);
	*out = p;
	return 0;
}

void plan_free(struct plan **pp)
{
	struct plan *p = *pp;

	if (!p)
		return;
	for (size_t i = 0; i < p->step_count; i++)
		plan_free(&p->steps[i].inner);
	binding_free(&p->binding);
	free(p->steps);
	free(p);
	*pp = NULL;
}
