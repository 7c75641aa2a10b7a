#include "schemas/cloudevent.h"

#include "schemas/bounds.h"

enum { TRACE_ID_AT = 3, PARENT_ID_AT = 36, FLAGS_AT = 53, TRACEPARENT_LEN = 55 };

static bool is_hex(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* All of them hexadecimal digits, and not all zeros? */
static bool is_id(const uint8_t *p, size_t len)
{
	bool any = false;

	for (size_t i = 0; i < len; i++) {
		if (!is_hex(p[i]))
			return false;
		any = any || p[i] != '0';
	}
	return any;
}

static bool is_visible(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return true;
}

static bool has_version_00_form(const uint8_t *p)
{
	return is_hex(p[0]) && is_hex(p[1]) && !(p[0] == 'f' && p[1] == 'f') &&
	       p[TRACE_ID_AT - 1] == '-' && is_id(p + TRACE_ID_AT, 32) &&
	       p[PARENT_ID_AT - 1] == '-' && is_id(p + PARENT_ID_AT, 16) &&
	       p[FLAGS_AT - 1] == '-' && is_hex(p[FLAGS_AT]) && is_hex(p[FLAGS_AT + 1]);
}

bool traceparent_is_valid(struct bytes text)
{
	if (text.len < TRACEPARENT_LEN || text.len > TRACEPARENT_MAX ||
	    !has_version_00_form(text.data))
		return false;
	if (text.len == TRACEPARENT_LEN)
		return true;
	return memcmp(text.data, "00", 2) != 0 && text.data[TRACEPARENT_LEN] == '-' &&
	       is_visible(text);
}

static void add_header(struct cloudevent_headers *h, const char *name, struct bytes value)
{
	h->list[h->count++] = (struct header){ name, value };
}

void cloudevent_headers(struct cloudevent_headers *out, const struct cloudevent *e)
{
	out->count = 0;
	add_header(out, "ce_specversion", bytes_of("1.0"));
	add_header(out, "ce_id", e->id);
	add_header(out, "ce_source", e->source);
	add_header(out, "ce_type", bytes_of(e->type));
	add_header(out, "content-type", bytes_of("application/avro"));
	if (e->traceparent.data)
		add_header(out, HEADER_TRACEPARENT, e->traceparent);
}
