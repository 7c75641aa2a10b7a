#include "consumer/notifier/event.h"
#include "consumer/notifier/profiles.h"
#include "consumer/notifier/value.h"

int coder_automation_fill(struct request *r, struct error *err)
{
	r->body = value_print(event_object(r->telling, r->arena), r->arena);
	return request_check_size(r, "coder-automation", err);
}
