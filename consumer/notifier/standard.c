#include "consumer/notifier/event.h"
#include "consumer/notifier/profiles.h"
#include "consumer/notifier/value.h"

int standard_fill(struct request *r, struct error *err)
{
	(void)err;
	r->body = value_print(event_object(r->telling, r->arena), r->arena);
	return 0;
}
