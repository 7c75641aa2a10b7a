#include "schemas/binding.h"

#include <avro.h>
#include <stdlib.h>

static int bind_record(struct binding **out, const struct record_shape *shape, avro_schema_t s,
		       struct error *err);

/* An optional field is a union of null and its type, in this order. */
static bool is_optional(avro_schema_t s)
{
	return is_avro_union(s) && avro_schema_union_size(s) == 2 &&
	       is_avro_null(avro_schema_union_branch(s, 0));
}

/* The type that a link names. avro-c's values follow links themselves; bindings cannot. */
static avro_schema_t link_target(avro_schema_t s)
{
	return is_avro_link(s) ? avro_schema_link_target(s) : s;
}

static int bind_symbols(struct field_binding *b, const struct field *f, avro_schema_t s,
			struct error *err)
{
	b->symbol_count = avro_schema_enum_number_of_symbols(s);
	if (b->symbol_count >= SYMBOLS_MAX)
		return error_set(err, ERROR_REFUSED, "enum %s has too many symbols", f->name);
	memset(b->to_symbol, NO_SYMBOL, sizeof(b->to_symbol));
	for (int i = 0; i < b->symbol_count; i++) {
		int value = symbol_parse(f->symbols, avro_schema_enum_get(s, i));

		b->from_symbol[i] = (uint8_t)value;
		if (value)
			b->to_symbol[value] = (int8_t)i;
	}
	return 0;
}

static bool has_kind(const struct field *f, avro_schema_t s)
{
	switch (f->kind) {
	case FIELD_UUID:
		return is_avro_string(s) || is_avro_fixed(s);
	case FIELD_TEXT:
		return is_avro_string(s);
	case FIELD_LONG:
		return is_avro_int64(s);
	case FIELD_BOOL:
		return is_avro_boolean(s);
	case FIELD_ENUM:
		return is_avro_enum(s);
	case FIELD_RECORD:
	case FIELD_POINTER:
		return is_avro_record(s);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		break;
	}
	return is_avro_array(s);
}

/* An id is a string or a fixed of its size; anything else would be written as what it is not. */
static int bind_id(struct field_binding *b, const struct field *f, avro_schema_t s,
		   struct error *err)
{
	b->raw_id = is_avro_fixed(s) && avro_schema_fixed_size(s) == sizeof(struct uuid);
	if (b->raw_id || is_avro_string(s))
		return 0;
	return error_set(err, ERROR_REFUSED,
			 "field %s is neither a string nor a fixed of %zu bytes", f->name,
			 sizeof(struct uuid));
}

/* What an id, a record or the items of an array are. */
static int bind_inner(struct field_binding *b, const struct field *f, avro_schema_t s,
		      struct error *err)
{
	if (is_avro_array(s))
		s = link_target(avro_schema_array_items(s));
	if (f->kind == FIELD_UUID || f->kind == FIELD_UUIDS)
		return bind_id(b, f, s, err);
	if (f->shape ? !is_avro_record(s) : f->kind == FIELD_TEXTS && !is_avro_string(s))
		return error_set(err, ERROR_REFUSED, "field %s has another type than ours",
				 f->name);
	return f->shape ? bind_record(&b->inner, f->shape, s, err) : 0;
}

static int bind_field(struct field_binding *b, const struct field *f, avro_schema_t record,
		      struct error *err)
{
	avro_schema_t s;

	b->index = avro_schema_record_field_get_index(record, f->name);
	if (b->index < 0)
		return 0;
	s = avro_schema_record_field_get_by_index(record, b->index);
	if (f->optional != is_optional(s))
		return error_set(err, ERROR_REFUSED, "field %s is optional on one side only",
				 f->name);
	s = link_target(f->optional ? avro_schema_union_branch(s, 1) : s);
	if (!has_kind(f, s))
		return error_set(err, ERROR_REFUSED, "field %s has another type than ours",
				 f->name);
	return f->kind == FIELD_ENUM ? bind_symbols(b, f, s, err) : bind_inner(b, f, s, err);
}

/* The outputs of a failed one are freed by the caller. */
static int bind_fields(struct binding *b, avro_schema_t s, struct error *err)
{
	int rc = 0;

	b->fields = calloc(b->shape->field_count, sizeof(*b->fields));
	b->schema_name = strdup(avro_schema_name(s));
	b->schema_field_count = avro_schema_record_size(s);
	if (!b->fields || !b->schema_name)
		return error_set(err, ERROR_NOMEM, "out of memory");
	for (size_t i = 0; !rc && i < b->shape->field_count; i++)
		rc = bind_field(&b->fields[i], &b->shape->fields[i], s, err);
	return rc;
}

static int bind_record(struct binding **out, const struct record_shape *shape, avro_schema_t s,
		       struct error *err)
{
	struct binding *b = calloc(1, sizeof(*b));
	int rc;

	if (!b)
		return error_set(err, ERROR_NOMEM, "out of memory");
	b->shape = shape;
	rc = bind_fields(b, s, err);
	if (rc)
		binding_free(&b);
	else
		*out = b;
	return rc;
}

int binding_new(struct binding **out, const struct record_shape *shape, struct bytes json,
		struct error *err)
{
	avro_schema_t s = NULL;
	int rc;

	if (avro_schema_from_json_length((const char *)json.data, json.len, &s))
		return error_set(err, ERROR_REFUSED, "%s", avro_strerror());
	rc = bind_record(out, shape, s, err);
	avro_schema_decref(s);
	return rc;
}

void binding_free(struct binding **bp)
{
	struct binding *b = *bp;

	if (!b)
		return;
	for (size_t i = 0; b->fields && i < b->shape->field_count; i++)
		binding_free(&b->fields[i].inner);
	free(b->fields);
	free(b->schema_name);
	free(b);
	*bp = NULL;
}
