/*
 * The headers of a record: CloudEvents 1.0, binary mode of the Kafka binding.
 */

#include "schemas/cloudevent.h"

#include "schemas/bounds.h"
#include "tests/unit/unit.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

struct wanted {
	const char *name;
	const char *value;
};

static void assert_headers(const struct cloudevent *e, const struct wanted *wanted, size_t count)
{
	struct cloudevent_headers h;

	cloudevent_headers(&h, e);
	assert_int_equal(h.count, count);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(h.list[i].name, wanted[i].name);
		assert_int_equal(h.list[i].value.len, strlen(wanted[i].value));
		assert_memory_equal(h.list[i].value.data, wanted[i].value, h.list[i].value.len);
	}
}

static void trace_is_passed_through_after_the_required_attributes(void **state)
{
	static const struct wanted wanted[] = {
		{ "ce_specversion", "1.0" },
		{ "ce_id", "3-17-0" },
		{ "ce_source", "sharebus/cluster/sharing.commands" },
		{ "ce_type", "sharebus.sharing_changed.v1" },
		{ "content-type", "application/avro" },
		{ "traceparent", TRACE },
	};
	struct cloudevent e = {
		.type = "sharebus.sharing_changed.v1",
		.id = bytes_of("3-17-0"),
		.source = bytes_of("sharebus/cluster/sharing.commands"),
		.traceparent = bytes_of(TRACE),
	};

	(void)state;
	/* There is room for the two headers of a signature. */
	assert_int_equal(sizeof(wanted) / sizeof(*wanted) + 2, CLOUDEVENT_HEADERS_MAX);
	assert_headers(&e, wanted, sizeof(wanted) / sizeof(*wanted));
}

static void event_without_a_trace_has_the_required_attributes_alone(void **state)
{
	static const struct wanted wanted[] = {
		{ "ce_specversion", "1.0" },
		{ "ce_id", "0-0-0" },
		{ "ce_source", "s" },
		{ "ce_type", "sharebus.progress.v1" },
		{ "content-type", "application/avro" },
	};
	struct cloudevent e = {
		.type = "sharebus.progress.v1",
		.id = bytes_of("0-0-0"),
		.source = bytes_of("s"),
	};

	(void)state;
	assert_headers(&e, wanted, sizeof(wanted) / sizeof(*wanted));
}

static void empty_is_not_absent(void **state)
{
	struct cloudevent e = {
		.type = "t",
		.id = bytes_of("i"),
		.source = bytes_of("s"),
		.traceparent = bytes_of(""),
	};
	struct cloudevent_headers h;

	(void)state;
	cloudevent_headers(&h, &e);
	assert_string_equal(h.list[h.count - 1].name, HEADER_TRACEPARENT);
	assert_int_equal(h.list[h.count - 1].value.len, 0);
}

#define IDS "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static void only_a_traceparent_by_its_grammar_is_valid(void **state)
{
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ "00" IDS, true },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true },
		{ "cc" IDS, true },
		{ "cc" IDS "-what the future holds", false },
		{ "cc" IDS "-what-the-future-holds", true },
		{ "cc" IDS "-\x7f", false },
		{ "cc" IDS "x", false },
		{ "00" IDS "-01", false },
		{ "ff" IDS, false },
		{ "0" IDS, false },
		{ "", false },
		{ "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false },
		{ "00-00000000000000000000000000000000-00f067aa0ba902b7-01", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g", false },
		{ "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01", false },
		{ "00-4bf92f3577b34da6a3ce929d0e0e473\xff-00f067aa0ba902b7-01", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (traceparent_is_valid(bytes_of(cases[i].text)) != cases[i].valid)
			fail_msg("\"%s\"", cases[i].text);
	assert_false(traceparent_is_valid((struct bytes){ 0 }));
}

static void long_traceparent_is_not_valid(void **state)
{
	char text[TRACEPARENT_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "cc" IDS "-", 56);
	text[TRACEPARENT_MAX] = 0;
	assert_true(traceparent_is_valid(bytes_of(text)));
	text[TRACEPARENT_MAX] = 'x';
	text[TRACEPARENT_MAX + 1] = 0;
	assert_false(traceparent_is_valid(bytes_of(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trace_is_passed_through_after_the_required_attributes),
		cmocka_unit_test(event_without_a_trace_has_the_required_attributes_alone),
		cmocka_unit_test(empty_is_not_absent),
		cmocka_unit_test(only_a_traceparent_by_its_grammar_is_valid),
		cmocka_unit_test(long_traceparent_is_not_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
