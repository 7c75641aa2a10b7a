/*
 * Binds avro-c's generic values to our structs by the tables in records.c.
 * Each schema has one value that is reused for every record; avro-c is only
 * given bytes that passed the walk.
 */

#include "schemas/codec.h"

#include "schemas/avsc.h"
#include "schemas/fingerprint.h"
#include "schemas/walk.h"

#include <assert.h>
#include <avro.h>
#include <errno.h>
#include <stdlib.h>

enum { ENCODE_ROOM = 512, SYMBOLS_MAX = 16, NOT_THERE = -1, NO_SYMBOL = -1 };

/* One struct's fields in one version of a schema. */
struct binding {
	const struct record_shape *shape;
	struct field_binding {
		int index; /* in the writer's record, or NOT_THERE */
		struct binding *inner;
		int8_t from_symbol
			[SYMBOLS_MAX];         /* writer's symbol index -> our value, 0: unknown */
		int8_t to_symbol[SYMBOLS_MAX]; /* our value -> writer's symbol index */
	} * fields;
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
	avro_writer_t writer;
	struct buffer scratch;
};

static const uint8_t MARKER[2] = { 0xc3, 0x01 };

/* ---- binding a schema to a shape ---- */

static void binding_free(struct binding *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->shape->field_count; i++)
		binding_free(b->fields[i].inner);
	free(b->fields);
	free(b);
}

/* The type behind a union with null. */
static avro_schema_t behind_null(avro_schema_t s)
{
	return is_avro_union(s) ? avro_schema_union_branch(s, 1) : s;
}

/* The name of a link is resolved by avro-c's value layer; ours needs its target. */
static avro_schema_t target(avro_schema_t s)
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
	s = target(behind_null(s));
	if (f->kind == FIELD_ENUM)
		return bind_symbols(b, f, s, err);
	if (f->kind == FIELD_RECORDS)
		s = target(avro_schema_array_items(s));
	return f->shape ? bind_record(&b->inner, f->shape, s, err) : 0;
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
	if (!b->fields) {
		free(b);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	for (size_t i = 0; !rc && i < shape->field_count; i++)
		rc = bind_field(&b->fields[i], &shape->fields[i], s, err);
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

/* The i-th field of a record or item of an array; it is there, for the walk and the schema say so. */
static avro_value_t child(const avro_value_t *of, size_t i)
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

static int read_uuid(const struct field *f, avro_value_t *v, struct uuid *to, struct decoding *d)
{
	struct bytes text;

	if (read_text(v, &text) || uuid_parse(to, text))
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
		return read_uuid(f, v, (struct uuid *)(void *)to, d);
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
		avro_value_t item = child(v, i);

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

static int read_present(const struct field *f, const struct field_binding *b, avro_value_t *v,
			uint8_t *to, struct decoding *d)
{
	void *at = to + f->offset;
	struct bytes text = { 0 };
	int flag = 0;

	switch (f->kind) {
	case FIELD_UUID:
		return read_uuid(f, v, at, d);
	case FIELD_TEXT:
		(void)read_text(v, &text);
		*(struct bytes *)at = arena_copy(d->arena, text);
		return 0;
	case FIELD_LONG:
		return avro_value_get_long(v, (int64_t *)at);
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
	v = child(record, (size_t)b->index);
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

static int unframe(struct codec *c, struct bytes value, struct version **out, struct error *err)
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

	if (unframe(c, value, &v, err))
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

struct encoding {
	struct buffer *scratch;
	struct error *err;
};

static int write_record(const struct binding *b, avro_value_t *v, const uint8_t *from,
			struct encoding *e);

static int write_uuid(avro_value_t *v, const struct uuid *u)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, u);
	return avro_value_set_string_len(v, text, sizeof(text));
}

/* avro-c wants a terminated text and its NUL counted; ours has none. */
static int write_text(avro_value_t *v, struct bytes text, struct encoding *e)
{
	buffer_clear(e->scratch);
	buffer_append(e->scratch, text.data, text.len);
	buffer_append_u8(e->scratch, 0);
	return avro_value_set_string_len(v, (char *)e->scratch->data, e->scratch->len);
}

static int write_enum(const struct field *f, const struct field_binding *b, avro_value_t *v,
		      int value, struct encoding *e)
{
	if (value <= 0 || value >= SYMBOLS_MAX || b->to_symbol[value] == NO_SYMBOL)
		return error_set(e->err, ERROR_INPUT, "field %s has no value that the schema knows",
				 f->name);
	return avro_value_set_enum(v, b->to_symbol[value]);
}

static int write_item(const struct field *f, const struct field_binding *b, avro_value_t *v,
		      const uint8_t *from, struct encoding *e)
{
	if (f->kind == FIELD_UUIDS)
		return write_uuid(v, (const struct uuid *)(const void *)from);
	if (f->kind == FIELD_TEXTS)
		return write_text(v, *(const struct bytes *)(const void *)from, e);
	return write_record(b->inner, v, from, e);
}

static int write_array(const struct field *f, const struct field_binding *b, avro_value_t *v,
		       const uint8_t *from, struct encoding *e)
{
	const uint8_t *items = *(const uint8_t *const *)(const void *)(from + f->offset);
	size_t count = *(const size_t *)(const void *)(from + f->count_offset);
	size_t size = item_size(f);
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		avro_value_t item;

		rc = avro_value_append(v, &item, NULL);
		if (!rc)
			rc = write_item(f, b, &item, items + i * size, e);
	}
	return rc;
}

static bool is_absent(const struct field *f, const uint8_t *from)
{
	const void *at = from + f->offset;

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

static int write_present(const struct field *f, const struct field_binding *b, avro_value_t *v,
			 const uint8_t *from, struct encoding *e)
{
	const void *at = from + f->offset;

	switch (f->kind) {
	case FIELD_UUID:
		return write_uuid(v, at);
	case FIELD_TEXT:
		return write_text(v, *(const struct bytes *)at, e);
	case FIELD_LONG:
		return avro_value_set_long(v, *(const int64_t *)at);
	case FIELD_BOOL:
		return avro_value_set_boolean(v, *(const bool *)at);
	case FIELD_ENUM:
		return write_enum(f, b, v, *(const int *)at, e);
	case FIELD_RECORD:
		return write_record(b->inner, v, at, e);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		return write_array(f, b, v, from, e);
	}
	return ERROR_INPUT;
}

static int write_field(const struct field *f, const struct field_binding *b, avro_value_t *record,
		       const uint8_t *from, struct encoding *e)
{
	avro_value_t v = child(record, (size_t)b->index);
	avro_value_t branch;

	if (!f->optional)
		return write_present(f, b, &v, from, e);
	if (avro_value_set_branch(&v, is_absent(f, from) ? 0 : 1, &branch))
		return ERROR_INPUT;
	if (is_absent(f, from))
		return avro_value_set_null(&branch);
	return write_present(f, b, &branch, from, e);
}

static int write_record(const struct binding *b, avro_value_t *v, const uint8_t *from,
			struct encoding *e)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < b->shape->field_count; i++)
		rc = write_field(&b->shape->fields[i], &b->fields[i], v, from, e);
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

/* Writes the value behind what out holds, growing out until it fits. */
static int append_value(struct codec *c, avro_value_t *v, struct buffer *out)
{
	size_t room = ENCODE_ROOM;
	int rc;

	do {
		uint8_t *p = buffer_reserve(out, room);

		avro_writer_memory_set_dest(c->writer, (const char *)p, (int64_t)room);
		rc = avro_value_write(c->writer, v);
		room *= 4;
	} while (rc == ENOSPC);
	if (!rc)
		out->len += (size_t)avro_writer_tell(c->writer);
	return rc;
}

int codec_encode(struct codec *c, const struct record *r, struct buffer *out, struct error *err)
{
	struct version *v = &c->versions[r->type];
	size_t before = out->len;
	struct error inner = { 0 };
	struct encoding e = { &c->scratch, &inner };
	int rc;

	rc = avro_value_reset(&v->value);
	if (!rc)
		rc = write_record(v->binding, &v->value, (const uint8_t *)&r->as, &e);
	if (!rc) {
		append_frame(out, v->fingerprint);
		rc = append_value(c, &v->value, out);
	}
	if (!rc)
		return 0;
	out->len = before;
	return error_set(err, ERROR_INPUT, "%s cannot be encoded: %s", record_name(r->type),
			 inner.code ? inner.text : avro_strerror());
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

/* Every field of the struct must be in the schema that we write. */
static int check_complete(const struct binding *b, const char *name, struct error *err)
{
	for (size_t i = 0; i < b->shape->field_count; i++)
		if (b->fields[i].index == NOT_THERE)
			return error_set(err, ERROR_REFUSED, "schema %s has no field %s", name,
					 b->shape->fields[i].name);
	return 0;
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
	rc = bind_record(&v->binding, record_shape(type), v->schema, err);
	return rc ? rc : check_complete(v->binding, name, err);
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
	c->writer = avro_writer_memory("", 0);
	if (!c->reader || !c->writer)
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
	buffer_done(&c->scratch);
	if (c->reader)
		avro_reader_free(c->reader);
	if (c->writer)
		avro_writer_free(c->writer);
	free(c);
	*cp = NULL;
}
