/* Outcomes are read back from the stream as they were written, or not at all. */

#include "cache/outcomes.h"

#include "tests/unit/unit.h"

static const struct outcome_entry ENTRIES[] = {
	{ 0, { { 1 } }, OUTCOME_APPLIED, REJECT_NONE, 7, { 0 } },
	{ 1, { { 2 } }, OUTCOME_UNCHANGED, REJECT_NONE, 7, { 0 } },
	{ 130, { { 3 } }, OUTCOME_DUPLICATE, REJECT_NONE, 300, { 0 } },
	{ INT64_MAX,
	  { { 4 } },
	  OUTCOME_REJECTED,
	  REJECT_INVALID_COMMAND,
	  INT64_MAX,
	  { (const uint8_t *)"bob may not", 11 } },
	{ 5, { { 0 } }, OUTCOME_UNREADABLE, REJECT_NONE, 0, { 0 } },
};

enum { ENTRY_COUNT = sizeof(ENTRIES) / sizeof(*ENTRIES) };

static void assert_same(const struct outcome_entry *a, const struct outcome_entry *b)
{
	assert_true(a->offset == b->offset);
	assert_true(uuid_equal(&a->command_id, &b->command_id));
	assert_int_equal(a->outcome, b->outcome);
	assert_int_equal(a->code, b->code);
	assert_true(a->version == b->version);
	assert_true(bytes_equal(a->message, b->message));
}

static void outcomes_come_back_in_order(void **state)
{
	struct outcome_entry out;
	struct buffer b;
	struct bytes rest;

	(void)state;
	buffer_init(&b);
	for (size_t i = 0; i < ENTRY_COUNT; i++)
		outcome_append(&b, &ENTRIES[i]);
	rest = buffer_bytes(&b);
	for (size_t i = 0; i < ENTRY_COUNT; i++) {
		assert_true(outcome_take(&rest, &out));
		assert_same(&out, &ENTRIES[i]);
	}
	assert_int_equal(rest.len, 0);
	assert_false(outcome_take(&rest, &out));
	buffer_done(&b);
}

static void outcome_cut_short_anywhere_is_not_taken(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	outcome_append(&b, &ENTRIES[3]);
	for (size_t len = 0; len < b.len; len++) {
		uint8_t *copy = malloc(len ? len : 1);
		struct outcome_entry out;
		struct bytes rest = { copy, len };

		assert_non_null(copy);
		memcpy(copy, b.data, len);
		assert_false(outcome_take(&rest, &out));
		free(copy);
	}
	buffer_done(&b);
}

/* At the end *rest is empty; bytes that are cut short must not look like that. */
static void outcome_cut_short_leaves_rest_and_output_untouched(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b);
	outcome_append(&b, &ENTRIES[3]);
	for (size_t len = 1; len < b.len; len++) {
		struct bytes rest = { b.data, len };
		struct outcome_entry out = ENTRIES[0];

		assert_false(outcome_take(&rest, &out));
		assert_ptr_equal(rest.data, b.data);
		assert_int_equal(rest.len, len);
		assert_same(&out, &ENTRIES[0]);
	}
	buffer_done(&b);
}

static void unknown_outcomes_and_codes_are_not_taken(void **state)
{
	struct outcome_entry wrong[] = { ENTRIES[0], ENTRIES[0], ENTRIES[0] };

	(void)state;
	wrong[0].outcome = (enum outcome)0;
	wrong[1].outcome = (enum outcome)(OUTCOME_UNREADABLE + 1);
	wrong[2].code = REJECT_CODE_COUNT;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct outcome_entry out = ENTRIES[3];
		struct buffer b;
		struct bytes rest;

		buffer_init(&b);
		outcome_append(&b, &wrong[i]);
		rest = buffer_bytes(&b);
		assert_false(outcome_take(&rest, &out));
		assert_int_equal(rest.len, b.len);
		assert_same(&out, &ENTRIES[3]);
		buffer_done(&b);
	}
}

static void long_message_is_cut(void **state)
{
	static uint8_t text[OUTCOME_MESSAGE_MAX + 1];
	struct outcome_entry e = ENTRIES[3];
	struct outcome_entry out;
	struct buffer b;
	struct bytes rest;

	(void)state;
	memset(text, 'x', sizeof(text));
	e.message = (struct bytes){ text, sizeof(text) };
	buffer_init(&b);
	outcome_append(&b, &e);
	rest = buffer_bytes(&b);
	assert_true(outcome_take(&rest, &out));
	assert_int_equal(out.message.len, OUTCOME_MESSAGE_MAX);
	assert_int_equal(rest.len, 0);
	buffer_done(&b);
}

static void names_are_those_of_the_design(void **state)
{
	static const char *const outcomes[] = { "applied", "unchanged", "duplicate", "rejected",
						"unreadable" };
	static const char *const codes[] = { "",
					     "unknown_workspace",
					     "sharing_disabled",
					     "forbidden",
					     "role_ceiling",
					     "unknown_subject",
					     "not_a_member",
					     "own_role",
					     "version_conflict",
					     "already_expired",
					     "too_many_grants",
					     "directory_ahead",
					     "invalid_command",
					     "command_too_old",
					     "too_large",
					     "unsigned",
					     "key_may_not",
					     "beyond_own_expiry",
					     "lifetime_exceeded",
					     "unknown_handoff",
					     "handoff_state",
					     "handoff_not_yours",
					     "too_many_handoffs" };

	(void)state;
	for (int i = OUTCOME_APPLIED; i <= OUTCOME_UNREADABLE; i++)
		assert_string_equal(outcome_name((enum outcome)i), outcomes[i - 1]);
	assert_int_equal(sizeof(codes) / sizeof(*codes), REJECT_CODE_COUNT);
	for (int i = 0; i < REJECT_CODE_COUNT; i++)
		assert_string_equal(reject_code_name((enum reject_code)i), codes[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(outcomes_come_back_in_order),
		cmocka_unit_test(outcome_cut_short_anywhere_is_not_taken),
		cmocka_unit_test(outcome_cut_short_leaves_rest_and_output_untouched),
		cmocka_unit_test(unknown_outcomes_and_codes_are_not_taken),
		cmocka_unit_test(long_message_is_cut),
		cmocka_unit_test(names_are_those_of_the_design),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
