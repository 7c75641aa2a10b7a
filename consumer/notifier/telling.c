#include "consumer/notifier/telling.h"

const char *telling_type(const struct telling *t)
{
	return record_event_type(t->notification ? RECORD_NOTIFICATION : RECORD_HANDOFF_CHANGED);
}

struct bytes telling_address(const struct telling *t, struct bytes url, struct arena *arena)
{
	bool is_path = url.len && url.data[0] == '/';

	return is_path ? arena_printf(arena, "%s%.*s", t->access_url, BYTES_ARG(url)) : url;
}

int64_t telling_at(const struct telling *t)
{
	return t->notification ? t->notification->at : t->handoff->at;
}
