#include "producer/operator/record_json.h"

#include "producer/cli/json.h"

#include <jansson.h>

static json_t *shape_json(const struct record_shape *shape, const uint8_t *from);

static json_t *uuid_json(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return json_string(text);
}

static json_t *item_json(const struct field *f, const uint8_t *item)
{
	if (f->kind == FIELD_UUIDS)
		return uuid_json((const struct uuid *)(const void *)item);
	if (f->kind == FIELD_TEXTS)
		return json_text(*(const struct bytes *)(const void *)item);
	return shape_json(f->shape, item);
}

static size_t item_size(const struct field *f)
{
	if (f->kind == FIELD_UUIDS)
		return sizeof(struct uuid);
	return f->kind == FIELD_TEXTS ? sizeof(struct bytes) : f->shape->size;
}

static json_t *array_json(const struct field *f, const uint8_t *from)
{
	const uint8_t *items = *(const uint8_t *const *)(const void *)(from + f->offset);
	size_t count = *(const size_t *)(const void *)(from + f->count_offset);
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(list, item_json(f, items + i * item_size(f)));
	return list;
}

static json_t *pointer_json(const struct field *f, const uint8_t *from)
{
	return from ? shape_json(f->shape, from) : json_null();
}

static json_t *field_json(const struct field *f, const uint8_t *from)
{
	const void *at = from + f->offset;

	switch (f->kind) {
	case FIELD_UUID:
		return f->optional && uuid_is_nil(at) ? json_null() : uuid_json(at);
	case FIELD_TEXT:
		return json_text(*(const struct bytes *)at);
	case FIELD_LONG:
		return *(const int64_t *)at == ABSENT ? json_null()
						      : json_integer(*(const int64_t *)at);
	case FIELD_BOOL:
		return json_boolean(*(const bool *)at);
	case FIELD_ENUM:
		return *(const int *)at ? json_string(symbol_name(f->symbols, *(const int *)at))
					: json_null();
	case FIELD_RECORD:
		return shape_json(f->shape, at);
	case FIELD_POINTER:
		return pointer_json(f, *(const uint8_t *const *)at);
	case FIELD_RECORDS:
	case FIELD_UUIDS:
	case FIELD_TEXTS:
		break;
	}
	return array_json(f, from);
}

static json_t *shape_json(const struct record_shape *shape, const uint8_t *from)
{
	json_t *o = json_object();

	for (size_t i = 0; i < shape->field_count; i++)
		(void)json_object_set_new(o, shape->fields[i].name,
					  field_json(&shape->fields[i], from));
	return o;
}

json_t *record_json(const struct record *r)
{
	return shape_json(record_shape(r->type), (const uint8_t *)&r->as);
}
