/*
 * Binds schemas to our structs by the tables in records.c. avro-c decodes, into
 * one value per schema that is reused for every record, and only ever sees
 * bytes that have passed the walk.
 */

#include "schemas/codec.h"

#include "schemas/avsc.h"
#include "schemas/fingerprint.h"
#include "schemas/walk.h"

#include <assert.h>
#include <avro.h>
#include <stdlib.h>

enum { SYMBOLS_MAX = 16, NOT_THERE = -1, NO_SYMBOL = -1 };

/* One field of a struct in one version of a schema. */
struct field_binding {
	int index;                       /* in the schema's record, or NOT_THERE */
	bool raw_id;                     /* of an id or an array of ids: fixed, not string */
	struct binding *inner;           /* of a record or its array */
	int8_t from_symbol[SYMBOLS_MAX]; /* the schema's symbol -> our value; 0: unknown */
	int8_t to_symbol[SYMBOLS_MAX];   /* our value -> the schema's symbol, or NO_SYMBOL */
};

/* One struct's fields in one version of a schema. */
struct binding {
	const struct record_shape *shape;
	struct field_binding *fields; /* in the struct's order */
	size_t *order;                /* the schema's i-th field is our order[i]-th */
};

struct version {
	enum record_type type;
	uint64_t fingerprint;
	avro_schema_t schema;
	avro_value_iface_t *iface;
	avro_value_t value; /* reused for every record */
	struct walk_schema *walk;
	struct binding *binding;
};

struct codec {
	struct version versions[RECORD_TYPE_COUNT];
	avro_reader_t reader;
};

static const uint8_t MARKER[2] = { 0xc3, 0x01 };

/* ---- binding a schema to a shape ---- */

static void binding_free(struct binding *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->shape->field_count; i++)
		binding_free(b->fields[i].inner);
	free(b->order);
	free(b->fields);
	free(b);
}

/* The type that a union has besides null; any other type as it is. */
static avro_schema_t non_null_type(avro_schema_t s)
{
	return is_avro_union(s) ? avro_schema_union_branch(s, 1) : s;
}

/* The type that a link names. avro-c's values follow links themselves; bindings cannot. */
static avro_schema_t link_target(avro_schema_t s)
{
	return is_avro_link(s) ? avro_schema_link_target(s) : s;
}

static int bind_symbols(struct field_binding *b, const struct field *f, avro_schema_t s,
			struct error *err)
{
	int count = avro_schema_enum_number_of_symbols(s);

	if (count > SYMBOLS_MAX)
		return error_set(err, ERROR_REFUSED, "enum %s has too many symbols", f->name);
	memset(b->to_symbol, NO_SYMBOL, sizeof(b->to_symbol));
	for (int i = 0; i < count; i++) {
		int value = symbol_parse(f->symbols, avro_schema_enum_get(s, i));

		b->from_symbol[i] = (int8_t)value;
		b->to_symbol[value] = (int8_t)i;
	}
	return 0;
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

static int bind_record(struct binding **out, const struct record_shape *shape, avro_schema_t s,
		       struct error *err);

static int bind_field(struct field_binding *b, const struct field *f, avro_schema_t record,
		      struct error *err)
{
	avro_schema_t s;

	b->index = avro_schema_record_field_get_index(record, f->name);
	if (b->index < 0)
		return 0;
	s = avro_schema_record_field_get_by_index(record, b->index);
	if (f->optional != is_avro_union(s))
		return error_set(err, ERROR_REFUSED, "field %s is optional on one side only",
				 f->name);
	s = link_target(non_null_type(s));
	if (f->kind == FIELD_ENUM)
		return bind_symbols(b, f, s, err);
	if (f->kind == FIELD_RECORDS || f->kind == FIELD_UUIDS)
		s = link_target(avro_schema_array_items(s));
	if (f->kind == FIELD_UUID || f->kind == FIELD_UUIDS)
		return bind_id(b, f, s, err);
	return f->shape ? bind_record(&b->inner, f->shape, s, err) : 0;
}

/* We write whole records, so the struct and the schema must have the same fields. */
static int bind_order(struct binding *b, avro_schema_t s, struct error *err)
{
	const char *name = avro_schema_name(s);

	if (avro_schema_record_size(s) != b->shape->field_count)
		return error_set(err, ERROR_REFUSED, "schema %s and its struct differ in fields",
				 name);
	for (size_t i = 0; i < b->shape->field_count; i++) {
		if (b->fields[i].index == NOT_THERE)
			return error_set(err, ERROR_REFUSED, "schema %s has no field %s", name,
					 b->shape->fields[i].name);
		b->order[b->fields[i].index] = i;
	}
	return 0;
}

static int bind_record(struct binding **out, const struct record_shape *shape, avro_schema_t s,
		       struct error *err)
{
	struct binding *b = calloc(1, sizeof(*b));
	int rc = 0;

	if (!b)
		return error_set(err, ERROR_NOMEM, "out of memory");
	b->shape = shape;
	b->fields = calloc(shape->field_count, sizeof(*b->fields));
	b->order = calloc(shape->field_count, sizeof(*b->order));
	if (!b->fields || !b->order) {
		free(b->fields);
		free(b->order);
		free(b);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	for (size_t i = 0; !rc && i < shape->field_count; i++)
		rc = bind_field(&b->fields[i], &shape->fields[i], s, err);
	if (!rc)
		rc = bind_order(b, s, err);
	if (rc)
		binding_free(b);
	else
		*out = b;
	return rc;
}

/* ---- decoding ---- */

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
		return error_set(d->err, ERROR_INPUT, "field %s has an unknown symbol", f->name);
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

static uint64_t read_fingerprint(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

static struct version *find_version(struct codec *c, uint64_t fingerprint)
{
	for (int i = 0; i < RECORD_TYPE_COUNT; i++)
		if (c->versions[i].fingerprint == fingerprint)
			return &c->versions[i];
	return NULL;
}

static int take_frame(struct codec *c, struct bytes value, struct version **out, struct error *err)
{
	uint64_t fingerprint;

	if (!value.data)
		return error_set(err, ERROR_INPUT, "the record has no value");
	if (value.len < FRAME_SIZE || memcmp(value.data, MARKER, sizeof(MARKER)) != 0)
		return error_set(err, ERROR_INPUT,
				 "the value does not begin with Avro's single-object marker");
	fingerprint = read_fingerprint(value.data + sizeof(MARKER));
	*out = find_version(c, fingerprint);
	if (!*out)
		return error_set(err, ERROR_INPUT, "no schema has the fingerprint %016llx",
				 (unsigned long long)fingerprint);
	return 0;
}

int codec_decode(struct codec *c, struct bytes value, struct arena *arena, struct record *out,
		 struct error *err)
{
	struct decoding d = { arena, err };
	struct version *v = NULL;
	struct bytes body;

	if (take_frame(c, value, &v, err))
		return ERROR_INPUT;
	assert(v);
	body = (struct bytes){ value.data + FRAME_SIZE, value.len - FRAME_SIZE };
	if (walk_value(v->walk, body, err))
		return error_prefix(err, "%s", record_name(v->type));
	avro_reader_memory_set_source(c->reader, (const char *)body.data, (int64_t)body.len);
	if (avro_value_read(c->reader, &v->value))
		return error_set(err, ERROR_INPUT, "%s cannot be decoded", record_name(v->type));
	out->type = v->type;
	memset(&out->as, 0, v->binding->shape->size);
	if (read_record(v->binding, &v->value, (uint8_t *)&out->as, &d))
		return error_prefix(err, "%s", record_name(v->type));
	return 0;
}

/* ---- encoding ---- */

/*
 * Encoding goes straight from the struct to Avro's binary form (Apache Avro
 * 1.11 specification, "Binary encoding"). Through avro-c's generic values it
 * takes four times as long, most of it to allocate and free array items. In the
 * tests avro-c reads what is written here.
 */
struct encoding {
	struct buffer *out;
	struct error *err;
};

static int write_record(const struct binding *b, const uint8_t *from, const struct encoding *e);

static void write_long(struct buffer *out, int64_t value)
{
	buffer_append_varint(out, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void write_text(struct buffer *out, struct bytes text)
{
	write_long(out, (int64_t)text.len);
	buffer_append(out, text.data, text.len);
}

static void write_uuid(const struct field_binding *b, const struct uuid *u, struct buffer *out)
{
	if (b->raw_id) {
		buffer_append(out, u->bytes, sizeof(u->bytes));
		return;
	}
	write_long(out, UUID_TEXT_LEN);
	uuid_format((char *)buffer_reserve(out, UUID_TEXT_SIZE), u);
	out->len += UUID_TEXT_LEN;
}

static int write_enum(const struct field *f, const struct field_binding *b, int value,
		      const struct encoding *e)
{
	if (value <= 0 || value >= SYMBOLS_MAX || b->to_symbol[value] == NO_SYMBOL)
		return error_set(e->err, ERROR_INPUT, "field %s has no value that the schema knows",
				 f->name);
	write_long(e->out, b->to_symbol[value]);
	return 0;
}

static int write_item(const struct field *f, const struct field_binding *b, const uint8_t *from,
		      const struct encoding *e)
{
	if (f->kind == FIELD_RECORDS)
		return write_record(b->inner, from, e);
	if (f->kind == FIELD_UUIDS)
		write_uuid(b, (const struct uuid *)(const void *)from, e->out);
	else
		write_text(e->out, *(const struct bytes *)(const void *)from);
	return 0;
}

/* Writes one block with all items, if there are any, and the empty block that ends the array. */
static int write_array(const struct field *f, const struct field_binding *b, const uint8_t *from,
		       const struct encoding *e)
{
	const uint8_t *items = *(const uint8_t *const *)(const void *)(from + f->offset);
	size_t count = *(const size_t *)(const void *)(from + f->count_offset);
	size_t size = item_size(f);
	int rc = 0;

	if (count)
		write_long(e->out, (int64_t)count);
	for (size_t i = 0; !rc && i < count; i++)
		rc = write_item(f, b, items + i * size, e);
	write_long(e->out, 0);
	return rc;
}

static bool is_absent(const struct field *f, const void *at)
{
	switch (f->kind) {
	case FIELD_UUID:
		return uuid_is_nil(at);
	case FIELD_TEXT:
		return !((const struct bytes *)at)->data;
	case FIELD_LONG:
		return *(const int64_t *)at == ABSENT;
	case FIELD_ENUM:
		return *(const int *)at == 0;
	case FIELD_BOOL:
	case FIELD_RECORD:
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		break;
	}
	return false;
}

static int write_field(const struct field *f, const struct field_binding *b, const uint8_t *from,
		       const struct encoding *e)
{
	const void *at = from + f->offset;

	if (f->optional) {
		bool absent = is_absent(f, at);

		write_long(e->out, absent ? 0 : 1); /* which branch of the union */
		if (absent)
			return 0;
	}
	switch (f->kind) {
	case FIELD_UUID:
		write_uuid(b, at, e->out);
		return 0;
	case FIELD_TEXT:
		write_text(e->out, *(const struct bytes *)at);
		return 0;
	case FIELD_LONG:
		write_long(e->out, *(const int64_t *)at);
		return 0;
	case FIELD_BOOL:
		buffer_append_u8(e->out, *(const bool *)at);
		return 0;
	case FIELD_ENUM:
		return write_enum(f, b, *(const int *)at, e);
	case FIELD_RECORD:
		return write_record(b->inner, at, e);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		break;
	}
	return write_array(f, b, from, e);
}

/* Writes the fields in the schema's order. */
static int write_record(const struct binding *b, const uint8_t *from, const struct encoding *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < b->shape->field_count; i++)
		rc = write_field(&b->shape->fields[b->order[i]], &b->fields[b->order[i]], from, e);
	return rc;
}

static void append_frame(struct buffer *out, uint64_t fingerprint)
{
	uint8_t *p = buffer_reserve(out, FRAME_SIZE);

	memcpy(p, MARKER, sizeof(MARKER));
	for (int i = 0; i < 8; i++)
		p[2 + i] = (uint8_t)(fingerprint >> (8 * i));
	out->len += FRAME_SIZE;
}

int codec_encode(struct codec *c, const struct record *r, struct buffer *out, struct error *err)
{
	const struct version *v = &c->versions[r->type];
	const struct encoding e = { out, err };
	size_t before = out->len;

	append_frame(out, v->fingerprint);
	if (!write_record(v->binding, (const uint8_t *)&r->as, &e))
		return 0;
	out->len = before;
	return error_prefix(err, "%s cannot be encoded", record_name(r->type));
}

uint64_t codec_fingerprint(const struct codec *c, enum record_type type)
{
	return c->versions[type].fingerprint;
}

/* ---- lifecycle ---- */

static int find_avsc(const char *name, struct bytes *json, struct error *err)
{
	for (const struct avsc *a = avsc_files; a->name; a++) {
		if (strcmp(a->name, name) != 0)
			continue;
		*json = a->json;
		return 0;
	}
	return error_set(err, ERROR_REFUSED, "there is no schema %s", name);
}

static int version_open(struct version *v, enum record_type type, struct error *err)
{
	const char *name = record_name(type);
	struct bytes json = { 0 };
	int rc;

	v->type = type;
	rc = find_avsc(name, &json, err);
	if (!rc)
		rc = schema_fingerprint(&v->fingerprint, json, err);
	if (!rc)
		rc = walk_schema_new(&v->walk, json, err);
	if (rc)
		return rc;
	if (avro_schema_from_json_length((const char *)json.data, json.len, &v->schema))
		return error_set(err, ERROR_REFUSED, "schema %s: %s", name, avro_strerror());
	v->iface = avro_generic_class_from_schema(v->schema);
	if (!v->iface || avro_generic_value_new(v->iface, &v->value))
		return error_set(err, ERROR_REFUSED, "schema %s: %s", name, avro_strerror());
	return bind_record(&v->binding, record_shape(type), v->schema, err);
}

static void version_close(struct version *v)
{
	binding_free(v->binding);
	if (v->value.iface)
		avro_value_decref(&v->value);
	if (v->iface)
		avro_value_iface_decref(v->iface);
	if (v->schema)
		avro_schema_decref(v->schema);
	walk_schema_free(&v->walk);
}

int codec_new(struct codec **out, struct error *err)
{
	struct codec *c = calloc(1, sizeof(*c));
	int rc = 0;

	if (!c)
		return error_set(err, ERROR_NOMEM, "out of memory");
	c->reader = avro_reader_memory("", 0);
	if (!c->reader)
		rc = error_set(err, ERROR_NOMEM, "out of memory");
	for (int i = 0; !rc && i < RECORD_TYPE_COUNT; i++)
		rc = version_open(&c->versions[i], (enum record_type)i, err);
	if (rc)
		codec_free(&c);
	else
		*out = c;
	return rc;
}

void codec_free(struct codec **cp)
{
	struct codec *c = *cp;

	if (!c)
		return;
	for (int i = 0; i < RECORD_TYPE_COUNT; i++)
		version_close(&c->versions[i]);
	if (c->reader)
		avro_reader_free(c->reader);
	free(c);
	*cp = NULL;
}
