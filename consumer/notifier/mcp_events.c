#include "consumer/notifier/event.h"
#include "consumer/notifier/profiles.h"
#include "consumer/notifier/value.h"

int mcp_events_fill(struct request *r, struct error *err)
{
	const struct telling *t = r->telling;
	struct json_t *body = value_object();

	value_set(body, "eventId", value_text(t->id));
	value_set(body, "name", value_text(event_type(t, r->arena)));
	value_set(body, "timestamp", value_time(telling_at(t)));
	value_set(body, "data", event_data(t, r->arena));
	value_set(body, "cursor", value_string(NULL));
	r->body = value_print(body, r->arena);
	request_header(r, "x-mcp-subscription-id", r->endpoint->name);
	return request_check_size(r, "mcp-events", err);
}
