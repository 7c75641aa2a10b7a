#include "producer/cli/json.h"

#include "ops/support/clock.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

json_t *id_json(const struct sharebus_id *id)
{
	static const struct sharebus_id none;
	char text[SHAREBUS_ID_SIZE];

	if (memcmp(id, &none, sizeof(none)) == 0)
		return json_null();
	sharebus_format_id(text, id);
	return json_string(text);
}

json_t *time_json(int64_t ms)
{
	char text[RFC3339_SIZE];

	if (!ms)
		return json_null();
	clock_format_rfc3339(text, ms);
	return json_string(text);
}

json_t *json_text(struct bytes text)
{
	json_t *value;

	if (!text.data)
		return json_null();
	value = json_stringn((const char *)text.data, text.len);
	return value ? value : json_string("?");
}

void json_print(json_t *value)
{
	(void)json_dumpf(value, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(value);
}
