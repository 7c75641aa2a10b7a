/*
 * The values of --task and --artifact. What is accepted is put together again from
 * its parts, and is the text itself.
 */

#include "producer/cli/offer.h"

#include "tests/fuzz/target.h"

static void check_task(const char *text, struct arena *arena)
{
	struct sharebus_offer o = { .task_id = NULL };
	struct error err = { 0 };
	struct bytes again;
	int rc = offer_parse_task(&o, text, arena, &err);

	assert((rc == 0) == (o.task_system != SHAREBUS_TASK_NONE));
	if (rc) {
		assert(rc == ERROR_INPUT && err.text[0] && !o.task_id);
		return;
	}
	assert(o.task_id[0] && (!o.task_url || strstr(o.task_url, "://")));
	again = arena_printf(arena, "%s:%s%s%s", sharebus_task_system_name(o.task_system),
			     o.task_id, o.task_url ? "=" : "", o.task_url ? o.task_url : "");
	assert(bytes_equal_text(again, text));
}

static void check_artifact(const char *text, struct arena *arena)
{
	struct sharebus_artifact a = { NULL, NULL };
	struct error err = { 0 };
	int rc = offer_parse_artifact(&a, text, arena, &err);

	if (rc) {
		assert(rc == ERROR_INPUT && err.text[0] && !a.name && !a.url);
		return;
	}
	assert(a.name[0] && a.url[0] && !strchr(a.name, '='));
	assert(bytes_equal_text(arena_printf(arena, "%s=%s", a.name, a.url), text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	char *text = text_copy((struct bytes){ data, len });

	check_task(text, &arena);
	check_artifact(text, &arena);
	free(text);
	arena_reset(&arena);
	return 0;
}
