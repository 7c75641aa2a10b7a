/*
 * What a notifier says of itself, as Redis gives it back. What is read lies within
 * the text, and written again it reads the same.
 */

#include "cache/notifier_report.h"

#include "tests/fuzz/target.h"

static void check_within(struct bytes part, struct bytes text)
{
	assert(part.data >= text.data && part.data + part.len <= text.data + text.len);
}

static void check_same(const struct notifier_report *a, const struct notifier_report *b)
{
	assert(a->written_ms == b->written_ms && a->uptime_ms == b->uptime_ms);
	assert(a->records == b->records && a->dead == b->dead && a->failed == b->failed);
	assert(bytes_equal(a->instance, b->instance) && bytes_equal(a->trouble, b->trouble));
	assert(bytes_equal(a->group, b->group));
	assert(a->endpoint_count == b->endpoint_count && a->stages.count == b->stages.count);
	for (size_t i = 0; i < a->endpoint_count; i++) {
		const struct told_endpoint *x = &a->endpoints[i];
		const struct told_endpoint *y = &b->endpoints[i];

		assert(x->state == y->state && x->owed == y->owed && x->owed >= 0);
		assert(x->oldest_ms == y->oldest_ms && x->until_ms == y->until_ms);
		assert(bytes_equal(x->name, y->name) && bytes_equal(x->problem, y->problem));
		assert(told_state_name(x->state) && x->name.len);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	struct bytes text = { data, len };
	struct buffer written = { 0 };
	struct notifier_report r;
	struct notifier_report again;
	bool read;

	if (notifier_report_parse(&r, text, &arena)) {
		check_within(r.instance, text);
		check_within(r.group, text);
		for (size_t i = 0; i < r.endpoint_count; i++)
			check_within(r.endpoints[i].problem, text);
		notifier_report_format(&written, &r);
		read = notifier_report_parse(&again, buffer_bytes(&written), &arena);
		assert(read);
		check_same(&r, &again);
	}
	buffer_done(&written);
	arena_reset(&arena);
	return 0;
}
