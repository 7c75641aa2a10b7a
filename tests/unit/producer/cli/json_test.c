/*
 * Values of the program as JSON: what has none is null.
 */

#include "producer/cli/json.h"

#include "tests/unit/unit.h"

#include <jansson.h>

static void json_of_an_absent_text_is_null(void **state)
{
	json_t *value = json_text((struct bytes){ 0 });

	(void)state;
	assert_true(json_is_null(value));
	json_decref(value);
}

static void json_keeps_nul_and_replaces_what_is_no_utf8(void **state)
{
	json_t *nul = json_text((struct bytes){ (const uint8_t *)"a\0b", 3 });
	json_t *broken = json_text(bytes_of("no \xff, \xc3\xb6"));

	(void)state;
	assert_int_equal(json_string_length(nul), 3);
	assert_string_equal(json_string_value(broken), "no ?, \xc3\xb6");
	json_decref(nul);
	json_decref(broken);
}

static void zero_id_and_time_0_are_null(void **state)
{
	json_t *id = id_json(&(struct sharebus_id){ { 0 } });
	json_t *time = time_json(0);

	(void)state;
	assert_true(json_is_null(id));
	assert_true(json_is_null(time));
	json_decref(id);
	json_decref(time);
}

static void ids_and_times_are_text(void **state)
{
	json_t *id = id_json(&(struct sharebus_id){ { 0xab, 1 } });
	json_t *time = time_json(1795512600007);

	(void)state;
	assert_string_equal(json_string_value(id), "ab010000-0000-0000-0000-000000000000");
	assert_string_equal(json_string_value(time), "2026-11-24T09:30:00.007Z");
	json_decref(id);
	json_decref(time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_of_an_absent_text_is_null),
		cmocka_unit_test(json_keeps_nul_and_replaces_what_is_no_utf8),
		cmocka_unit_test(zero_id_and_time_0_are_null),
		cmocka_unit_test(ids_and_times_are_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
