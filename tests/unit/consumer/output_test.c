/*
 * The packed outputs of a run: what is packed comes out again, and bytes that end
 * too early are no outputs.
 */

#include "consumer/output.h"

#include "tests/unit/unit.h"

static struct buffer packed;

static int set_up(void **state)
{
	(void)state;
	buffer_init(&packed);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	buffer_done(&packed);
	return 0;
}

static struct output full_output(void)
{
	return (struct output){
		.topic = TOPIC_NOTIFICATIONS,
		.type = RECORD_NOTIFICATION,
		.offset = 1234567890123,
		.n = UINT32_MAX,
		.time = 1795512600007,
		.key = bytes_of("key"),
		.value = { (const uint8_t *)"\xc3\x01\0value", 8 },
		.traceparent = bytes_of("trace"),
		.headers = bytes_of("headers"),
	};
}

static void assert_same_text(struct bytes a, struct bytes b)
{
	assert_true(bytes_equal(a, b));
	assert_int_equal(!a.data, !b.data);
}

static void assert_same(const struct output *a, const struct output *b)
{
	assert_int_equal(a->topic, b->topic);
	assert_int_equal(a->type, b->type);
	assert_true(a->offset == b->offset);
	assert_true(a->n == b->n);
	assert_true(a->time == b->time);
	assert_same_text(a->key, b->key);
	assert_same_text(a->value, b->value);
	assert_same_text(a->traceparent, b->traceparent);
	assert_same_text(a->headers, b->headers);
}

static void outputs_come_back_in_order(void **state)
{
	struct output outputs[] = { full_output(),
				    { .topic = TOPIC_GRANTS, .key = bytes_of("k") },
				    { .topic = TOPIC_DEADLETTER, .value = bytes_of("") } };
	enum { COUNT = sizeof(outputs) / sizeof(*outputs) };
	struct output out;
	struct bytes rest;

	(void)state;
	for (size_t i = 0; i < COUNT; i++)
		output_append(&packed, &outputs[i]);
	rest = buffer_bytes(&packed);
	for (size_t i = 0; i < COUNT; i++) {
		assert_true(output_take(&rest, &out));
		assert_same(&out, &outputs[i]);
	}
	assert_int_equal(rest.len, 0);
	assert_false(output_take(&rest, &out));
}

static void tombstone_is_not_an_empty_value(void **state)
{
	struct output tombstone = { .topic = TOPIC_GRANTS, .key = bytes_of("k") };
	struct output empty = tombstone;
	struct output out;
	struct bytes rest;

	(void)state;
	empty.value = bytes_of("");
	output_append(&packed, &tombstone);
	output_append(&packed, &empty);
	rest = buffer_bytes(&packed);
	assert_true(output_take(&rest, &out));
	assert_null(out.value.data);
	assert_true(output_take(&rest, &out));
	assert_non_null(out.value.data);
	assert_int_equal(out.value.len, 0);
}

static void time_before_1970_comes_back(void **state)
{
	struct output o = full_output();
	struct output out;
	struct bytes rest;

	(void)state;
	o.time = -1;
	output_append(&packed, &o);
	rest = buffer_bytes(&packed);
	assert_true(output_take(&rest, &out));
	assert_same(&out, &o);
}

/* Each prefix has a block of its own size, so that a read past its end is noticed. */
static void output_cut_short_anywhere_touches_nothing(void **state)
{
	struct output o = full_output();

	(void)state;
	output_append(&packed, &o);
	for (size_t len = 0; len < packed.len; len++) {
		uint8_t *copy = exact_copy((struct bytes){ packed.data, len });
		struct bytes rest = { copy, len };
		struct output out;
		struct output before;

		memset(&out, 0x55, sizeof(out));
		memset(&before, 0x55, sizeof(before));
		assert_false(output_take(&rest, &out));
		assert_memory_equal(&out, &before, sizeof(out));
		assert_ptr_equal(rest.data, copy);
		free(copy);
	}
}

/* At the end the rest is empty; after an output that is cut short it must not be. */
static void output_cut_short_differs_from_the_end(void **state)
{
	struct output o = full_output();

	(void)state;
	output_append(&packed, &o);
	for (size_t len = 1; len < packed.len; len++) {
		struct bytes rest = { packed.data, len };
		struct output out;

		assert_false(output_take(&rest, &out));
		assert_ptr_equal(rest.data, packed.data);
		assert_int_equal(rest.len, len);
	}
}

static void topic_and_type_must_be_of_an_output(void **state)
{
	struct output wrong[] = { full_output(), full_output(), full_output() };

	(void)state;
	wrong[0].topic = TOPIC_COUNT;
	wrong[1].type = RECORD_TYPE_COUNT;
	wrong[2].topic = TOPIC_DELIVERIES; /* the consumer writes none */
	for (size_t i = 0; i < 3; i++) {
		struct output out;
		struct bytes rest;

		buffer_clear(&packed);
		output_append(&packed, &wrong[i]);
		rest = buffer_bytes(&packed);
		assert_false(output_take(&rest, &out));
		assert_int_equal(rest.len, packed.len);
	}
}

static void head_says_what_the_run_covers(void **state)
{
	static const struct run_range ranges[] = { { 0, 1, 0 },
						   { 100, 300, 2 },
						   { 5, INT64_MAX, INT64_MAX } };

	(void)state;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		struct run_range range = { 0 };
		struct output o = full_output();
		struct output out;
		struct bytes rest;

		buffer_clear(&packed);
		outputs_begin(&packed, &ranges[i]);
		output_append(&packed, &o);
		rest = buffer_bytes(&packed);
		assert_true(outputs_open(&rest, &range));
		assert_true(range.begin == ranges[i].begin);
		assert_true(range.applied == ranges[i].applied);
		assert_true(range.log == ranges[i].log);
		assert_true(output_take(&rest, &out));
		assert_same(&out, &o);
	}
}

static void run_may_end_earlier_than_its_head_said(void **state)
{
	struct output o = full_output();
	struct run_range range;
	struct output out;
	struct bytes rest;

	(void)state;
	outputs_begin(&packed, &(struct run_range){ 100, INT64_MAX, 3 });
	output_append(&packed, &o);
	outputs_end_at(&packed, 101);
	rest = buffer_bytes(&packed);
	assert_true(outputs_open(&rest, &range));
	assert_true(range.begin == 100 && range.applied == 101 && range.log == 3);
	assert_true(output_take(&rest, &out));
	assert_same(&out, &o);
}

static void head_of_another_packing_is_refused(void **state)
{
	struct run_range range;
	struct bytes rest;

	(void)state;
	outputs_begin(&packed, &(struct run_range){ 1, 2, 3 });
	packed.data[0]++;
	rest = buffer_bytes(&packed);
	assert_false(outputs_open(&rest, &range));
}

static void head_cut_short_anywhere_touches_nothing(void **state)
{
	(void)state;
	outputs_begin(&packed, &(struct run_range){ 1000, 2000, 3000 });
	for (size_t len = 0; len < packed.len; len++) {
		struct bytes rest = { packed.data, len };
		struct run_range range = { 7, 8, 9 };

		assert_false(outputs_open(&rest, &range));
		assert_int_equal(rest.len, len);
		assert_true(range.begin == 7 && range.applied == 8 && range.log == 9);
	}
}

/* The same offset of two logs is two records. */
static void id_of_an_output_names_its_log(void **state)
{
	char id[OUTPUT_ID_SIZE];

	(void)state;
	output_format_id(id, 3, 0, 17, 2);
	assert_string_equal(id, "3-17-2");
	output_format_id(id, 3, 1, 17, 2);
	assert_string_equal(id, "3-17-2-1");
	output_format_id(id, INT32_MAX, INT64_MAX, INT64_MAX, UINT32_MAX);
	assert_string_equal(id, "2147483647-9223372036854775807-4294967295-9223372036854775807");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(outputs_come_back_in_order),
		TEST(tombstone_is_not_an_empty_value),
		TEST(time_before_1970_comes_back),
		TEST(output_cut_short_anywhere_touches_nothing),
		TEST(output_cut_short_differs_from_the_end),
		TEST(topic_and_type_must_be_of_an_output),
		TEST(head_says_what_the_run_covers),
		TEST(run_may_end_earlier_than_its_head_said),
		TEST(id_of_an_output_names_its_log),
		TEST(head_of_another_packing_is_refused),
		TEST(head_cut_short_anywhere_touches_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
