#include "consumer/notifier/value.h"

#include "ops/support/clock.h"
#include "ops/support/memory.h"
#include "schemas/records.h"

#include <jansson.h>

struct json_t *value_object(void)
{
	return memory_must(json_object());
}

struct json_t *value_array(void)
{
	return memory_must(json_array());
}

struct json_t *value_text(struct bytes text)
{
	json_t *value;

	if (!text.data)
		return json_null();
	value = json_stringn((const char *)text.data, text.len);
	return value ? value : value_string("?");
}

struct json_t *value_string(const char *text)
{
	return text ? memory_must(json_string(text)) : json_null();
}

struct json_t *value_uuid(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	if (uuid_is_nil(id))
		return json_null();
	uuid_format(text, id);
	return value_string(text);
}

struct json_t *value_time(int64_t ms)
{
	char text[RFC3339_SIZE];

	if (ms == ABSENT)
		return json_null();
	clock_format_rfc3339(text, ms);
	return value_string(text);
}

struct json_t *value_number(int64_t number)
{
	return number == ABSENT ? json_null() : memory_must(json_integer(number));
}

void value_set(struct json_t *object, const char *name, struct json_t *value)
{
	if (json_object_set_new(object, name, value))
		(void)memory_must(NULL);
}

void value_append(struct json_t *array, struct json_t *value)
{
	if (json_array_append_new(array, value))
		(void)memory_must(NULL);
}

struct bytes value_print(struct json_t *value, struct arena *arena)
{
	char *text = memory_must(json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS));
	struct bytes copy = arena_copy(arena, bytes_of(text));

	free(text);
	json_decref(value);
	return copy;
}
