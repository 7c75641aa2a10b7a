#include "producer/cli/json.h"

#include "ops/support/clock.h"
#include "ops/support/memory.h"
#include "ops/support/utf8.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
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

/* What is not UTF-8 becomes "?", byte by byte: the rest still says what it is about. */
static json_t *mended_text(struct bytes text)
{
	char *copy = memory_zalloc(1, text.len + 1);
	json_t *value;

	memcpy(copy, text.data, text.len);
	for (size_t i = 0; i < text.len;) {
		size_t len = utf8_len(text.data + i, text.len - i);

		if (!len)
			copy[i] = '?';
		i += len ? len : 1;
	}
	value = json_stringn(copy, text.len);
	free(copy);
	return value ? value : json_string("?");
}

json_t *json_text(struct bytes text)
{
	json_t *value;

	if (!text.data)
		return json_null();
	value = json_stringn((const char *)text.data, text.len);
	return value ? value : mended_text(text);
}

void json_print(json_t *value)
{
	(void)json_dumpf(value, stdout, JSON_INDENT(2));
	(void)putchar('\n');
	json_decref(value);
}
