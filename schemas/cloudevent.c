#include "schemas/cloudevent.h"

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
