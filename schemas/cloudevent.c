#include "schemas/cloudevent.h"

static void add(struct cloudevent_headers *h, const char *name, struct bytes value)
{
	if (value.data)
		h->list[h->count++] = (struct header){ name, value };
}

void cloudevent_headers(struct cloudevent_headers *out, const struct cloudevent *e)
{
	out->count = 0;
	clock_format_rfc3339(out->time, e->time);
	add(out, "ce_specversion", bytes_of("1.0"));
	add(out, HEADER_CE_ID, e->id);
	add(out, "ce_source", e->source);
	add(out, "ce_type", bytes_of(e->type));
	add(out, "ce_time", (struct bytes){ (const uint8_t *)out->time, RFC3339_SIZE - 1 });
	add(out, "ce_subject", e->subject);
	if (!uuid_is_nil(&e->correlation)) {
		uuid_format(out->correlation, &e->correlation);
		add(out, HEADER_CORRELATION,
		    (struct bytes){ (const uint8_t *)out->correlation, UUID_TEXT_LEN });
	}
	add(out, "ce_causationid", e->causation);
	add(out, "content-type", bytes_of("application/avro"));
	add(out, HEADER_TRACEPARENT, e->traceparent);
}
