/*
 * The unsent outputs of a run, as Redis gives them back. What is read lies
 * within the bytes, and packed again it reads the same.
 */

#include "consumer/output.h"

#include "tests/fuzz/target.h"

static void check_within(struct bytes part, struct bytes whole)
{
	assert(!part.data ||
	       (part.data >= whole.data && part.data + part.len <= whole.data + whole.len));
}

static void check_same_text(struct bytes a, struct bytes b)
{
	assert(bytes_equal(a, b) && !a.data == !b.data);
}

static void check_same(const struct output *a, const struct output *b)
{
	assert(a->topic == b->topic && a->type == b->type && a->offset == b->offset);
	assert(a->n == b->n && a->time == b->time);
	check_same_text(a->key, b->key);
	check_same_text(a->value, b->value);
	check_same_text(a->traceparent, b->traceparent);
	check_same_text(a->headers, b->headers);
}

static void check_output(const struct output *o, struct bytes packed)
{
	assert(o->topic < TOPIC_COUNT && o->type < RECORD_TYPE_COUNT);
	check_within(o->key, packed);
	check_within(o->value, packed);
	check_within(o->traceparent, packed);
	check_within(o->headers, packed);
}

static void check_reads_the_same(struct bytes first, struct bytes second)
{
	struct run_range range;
	struct run_range range_again;
	struct output o;
	struct output again;
	bool more = outputs_open(&first, &range) && outputs_open(&second, &range_again);

	assert(more && range.begin == range_again.begin && range.applied == range_again.applied &&
	       range.log == range_again.log);
	while (output_take(&first, &o)) {
		more = output_take(&second, &again);
		assert(more);
		check_same(&o, &again);
	}
	assert(!output_take(&second, &again) && !second.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct bytes packed = { data, len };
	struct bytes rest = packed;
	struct buffer again = { 0 };
	struct run_range range;
	struct output o;

	if (!outputs_open(&rest, &range))
		return 0;
	outputs_begin(&again, &range);
	while (output_take(&rest, &o)) {
		check_output(&o, packed);
		output_append(&again, &o);
	}
	check_within(rest, packed);
	check_reads_the_same(packed, buffer_bytes(&again));
	buffer_done(&again);
	return 0;
}
