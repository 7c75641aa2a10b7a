#include "schemas/generic.h"

#include "schemas/binding.h"

#include <assert.h>
#include <avro.h>
#include <stdlib.h>

struct generic {
	struct binding *binding;
	avro_value_iface_t *iface;
	avro_value_t value; /* reused for every record */
	avro_reader_t reader;
};

struct decoding {
	struct arena *arena;
	struct error *err;
};

static int read_record(const struct binding *b, avro_value_t *v, uint8_t *to, struct decoding *d);

/* The i-th field of a record or item of an array; the binding and the walk say that it exists. */
static avro_value_t child_value(const avro_value_t *of, size_t i)
{
	avro_value_t v = { 0 };

	(void)avro_value_get_by_index(of, i, &v, NULL);
	assert(v.iface);
	return v;
}

static int read_text(avro_value_t *v, struct bytes *out)
{
	const char *text = NULL;
	size_t size = 0;

	if (avro_value_get_string(v, &text, &size))
		return -1;
	*out = (struct bytes){ (const uint8_t *)text, size - 1 };
	return 0;
}

static int read_raw_id(avro_value_t *v, struct uuid *to)
{
	const void *raw = NULL;
	size_t size = 0;

	if (avro_value_get_fixed(v, &raw, &size) || size != sizeof(to->bytes))
		return -1;
	memcpy(to->bytes, raw, size);
	return 0;
}

static int read_id_text(avro_value_t *v, struct uuid *to)
{
	struct bytes text;

	return read_text(v, &text) || uuid_parse(to, text);
}

static int read_uuid(const struct field *f, const struct field_binding *b, avro_value_t *v,
		     struct uuid *to, struct decoding *d)
{
	if (b->raw_id ? read_raw_id(v, to) : read_id_text(v, to))
		return error_set(d->err, ERROR_INPUT, "field %s is not a UUID", f->name);
	return 0;
}

static int read_enum(const struct field *f, const struct field_binding *b, avro_value_t *v, int *to,
		     struct decoding *d)
{
	int symbol = 0;

	(void)avro_value_get_enum(v, &symbol);
	*to = symbol >= 0 && symbol < SYMBOLS_MAX ? b->from_symbol[symbol] : 0;
	if (!*to)
		return error_set(d->err, ERROR_INPUT, "field %s has the unknown symbol \"%s\"",
				 f->name, avro_schema_enum_get(avro_value_get_schema(v), symbol));
	return 0;
}

static size_t item_size(const struct field *f)
{
	if (f->kind == FIELD_UUIDS)
		return sizeof(struct uuid);
	return f->kind == FIELD_TEXTS ? sizeof(struct bytes) : f->shape->size;
}

static int read_item(const struct field *f, const struct field_binding *b, avro_value_t *v,
		     uint8_t *to, struct decoding *d)
{
	struct bytes text;

	if (f->kind == FIELD_UUIDS)
		return read_uuid(f, b, v, (struct uuid *)(void *)to, d);
	if (f->kind == FIELD_RECORDS)
		return read_record(b->inner, v, to, d);
	if (read_text(v, &text))
		return error_set(d->err, ERROR_INPUT, "field %s is not text", f->name);
	*(struct bytes *)(void *)to = arena_copy(d->arena, text);
	return 0;
}

static int read_array(const struct field *f, const struct field_binding *b, avro_value_t *v,
		      uint8_t *to, struct decoding *d)
{
	size_t size = item_size(f);
	size_t count = 0;
	uint8_t *items;
	int rc = 0;

	(void)avro_value_get_size(v, &count);
	items = arena_zalloc(d->arena, count ? count : 1, size);
	for (size_t i = 0; !rc && i < count; i++) {
		avro_value_t item = child_value(v, i);

		rc = read_item(f, b, &item, items + i * size, d);
	}
	*(void **)(void *)(to + f->offset) = items;
	*(size_t *)(void *)(to + f->count_offset) = count;
	return rc;
}

static void set_missing(const struct field *f, uint8_t *to)
{
	void *at = to + f->offset;

	switch (f->kind) {
	case FIELD_LONG:
		*(int64_t *)at = f->missing;
		break;
	case FIELD_BOOL:
		*(bool *)at = f->missing != 0;
		break;
	case FIELD_ENUM:
		*(int *)at = (int)f->missing;
		break;
	case FIELD_UUID:
	case FIELD_TEXT:
	case FIELD_RECORD:
	case FIELD_POINTER:
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		break; /* the struct was zeroed: nil, absent, empty */
	}
}

/* An optional number that is there is never ABSENT; see records.h. */
static int read_long(const struct field *f, avro_value_t *v, int64_t *out)
{
	int rc = avro_value_get_long(v, out);

	if (!rc && f->optional && *out == ABSENT)
		*out = ABSENT + 1;
	return rc;
}

static int read_pointer(const struct field *f, const struct field_binding *b, avro_value_t *v,
			uint8_t **out, struct decoding *d)
{
	*out = arena_zalloc(d->arena, 1, f->shape->size);
	return read_record(b->inner, v, *out, d);
}

static int read_present(const struct field *f, const struct field_binding *b, avro_value_t *v,
			uint8_t *to, struct decoding *d)
{
	void *at = to + f->offset;
	struct bytes text = { 0 };
	int flag = 0;

	switch (f->kind) {
	case FIELD_UUID:
		return read_uuid(f, b, v, at, d);
	case FIELD_TEXT:
		(void)read_text(v, &text);
		*(struct bytes *)at = arena_copy(d->arena, text);
		return 0;
	case FIELD_LONG:
		return read_long(f, v, at);
	case FIELD_BOOL:
		(void)avro_value_get_boolean(v, &flag);
		*(bool *)at = flag != 0;
		return 0;
	case FIELD_ENUM:
		return read_enum(f, b, v, at, d);
	case FIELD_RECORD:
		return read_record(b->inner, v, at, d);
	case FIELD_POINTER:
		return read_pointer(f, b, v, at, d);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		return read_array(f, b, v, to, d);
	}
	return error_set(d->err, ERROR_INPUT, "field %s cannot be read", f->name);
}

static int read_field(const struct field *f, const struct field_binding *b, avro_value_t *record,
		      uint8_t *to, struct decoding *d)
{
	avro_value_t branch = { 0 };
	avro_value_t v;
	int choice = 1;

	if (b->index == NOT_THERE) {
		set_missing(f, to);
		return 0;
	}
	v = child_value(record, (size_t)b->index);
	if (!f->optional)
		return read_present(f, b, &v, to, d);
	(void)avro_value_get_discriminant(&v, &choice);
	if (choice == 0) {
		set_missing(f, to);
		return 0;
	}
	(void)avro_value_get_current_branch(&v, &branch);
	assert(branch.iface);
	return read_present(f, b, &branch, to, d);
}

static int read_record(const struct binding *b, avro_value_t *v, uint8_t *to, struct decoding *d)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < b->shape->field_count; i++)
		rc = read_field(&b->shape->fields[i], &b->fields[i], v, to, d);
	return rc;
}

int generic_read(struct generic *g, struct bytes datum, struct arena *arena, void *to,
		 struct error *err)
{
	struct decoding d = { arena, err };

	avro_reader_memory_set_source(g->reader, (const char *)datum.data, (int64_t)datum.len);
	if (avro_value_read(g->reader, &g->value))
		return error_set(err, ERROR_INPUT, "it cannot be decoded");
	memset(to, 0, g->binding->shape->size);
	return read_record(g->binding, &g->value, to, &d);
}

static int open_class(struct generic *g, struct bytes json, struct error *err)
{
	avro_schema_t s = NULL;
	int rc = 0;

	if (avro_schema_from_json_length((const char *)json.data, json.len, &s))
		return error_set(err, ERROR_REFUSED, "%s", avro_strerror());
	g->iface = avro_generic_class_from_schema(s);
	g->reader = avro_reader_memory("", 0);
	if (!g->iface || !g->reader || avro_generic_value_new(g->iface, &g->value))
		rc = error_set(err, ERROR_REFUSED, "%s", avro_strerror());
	avro_schema_decref(s);
	return rc;
}

int generic_new(struct generic **out, const struct record_shape *shape, struct bytes json,
		struct error *err)
{
	struct generic *g = calloc(1, sizeof(*g));
	int rc;

	if (!g)
		return error_set(err, ERROR_NOMEM, "out of memory");
	rc = binding_new(&g->binding, shape, json, err);
	if (!rc)
		rc = open_class(g, json, err);
	if (rc)
		generic_free(&g);
	else
		*out = g;
	return rc;
}

void generic_free(struct generic **gp)
{
	struct generic *g = *gp;

	if (!g)
		return;
	if (g->value.iface)
		avro_value_decref(&g->value);
	if (g->iface)
		avro_value_iface_decref(g->iface);
	if (g->reader)
		avro_reader_free(g->reader);
	binding_free(&g->binding);
	free(g);
	*gp = NULL;
}
