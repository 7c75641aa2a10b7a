/*
 * An entry of the stream of outcomes. What is read can be named, and packed
 * again it reads the same.
 */

#include "cache/outcomes.h"

#include "tests/fuzz/target.h"

static void check_same(const struct outcome_entry *a, const struct outcome_entry *b)
{
	assert(a->offset == b->offset && a->outcome == b->outcome && a->code == b->code);
	assert(a->version == b->version && uuid_equal(&a->command_id, &b->command_id));
	/* A message that is too long is cut when it is written. */
	assert(b->message.len <= OUTCOME_MESSAGE_MAX && b->message.len <= a->message.len);
	assert(!b->message.len || !memcmp(a->message.data, b->message.data, b->message.len));
	assert(a->message.len > OUTCOME_MESSAGE_MAX || a->message.len == b->message.len);
}

static void check_entry(const struct outcome_entry *e)
{
	struct buffer packed = { 0 };
	struct outcome_entry again;
	struct bytes rest;
	bool taken;

	assert(outcome_name(e->outcome)[0]);
	assert(e->code == REJECT_NONE || reject_code_name(e->code)[0]);
	outcome_append(&packed, e);
	rest = buffer_bytes(&packed);
	taken = outcome_take(&rest, &again);
	assert(taken && !rest.len);
	check_same(e, &again);
	buffer_done(&packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bytes rest = { data, len };
	struct outcome_entry entry;

	while (outcome_take(&rest, &entry)) {
		assert(rest.data + rest.len == data + len);
		check_entry(&entry);
	}
	assert(!rest.len || rest.data + rest.len == data + len);
	return 0;
}
