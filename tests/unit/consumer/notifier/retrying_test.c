/* When something is tried again, and what a reply means: tables. */

#include "consumer/notifier/backoff.h"
#include "consumer/notifier/reply.h"
#include "consumer/notifier/retry_after.h"
#include "consumer/notifier/step.h"

#include "tests/unit/unit.h"

static void backoff_is_anything_up_to_a_bound_that_doubles(void **state)
{
	static const struct {
		int64_t failures;
		int64_t max;
	} rows[] = { { 1, 1000 },    { 2, 2000 },    { 3, 4000 },        { 4, 8000 },
		     { 10, 512000 }, { 11, 900000 }, { 1000000, 900000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(backoff_ms(rows[i].failures, 0), 1);
		assert_int_equal(backoff_ms(rows[i].failures, (uint64_t)rows[i].max - 1),
				 rows[i].max);
		assert_int_equal(backoff_ms(rows[i].failures, (uint64_t)rows[i].max), 1);
	}
}

static void chances_follow_from_the_seed(void **state)
{
	uint64_t one = 7;
	uint64_t other = 7;
	uint64_t first = backoff_draw(&one);

	(void)state;
	assert_true(first == backoff_draw(&other));
	assert_true(first != backoff_draw(&one));
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	enum { HOUR_MS = 3600 * 1000 };
	/* Sun, 06 Nov 1994 08:49:37 GMT */
	const int64_t then_ms = INT64_C(784111777000);
	static const struct {
		const char *value;
		int64_t before_ms; /* now is so long before that date */
		int64_t wait_ms;
	} rows[] = {
		{ NULL, 0, -1 },
		{ "", 0, -1 },
		{ "0", 0, 0 },
		{ "120", 0, 120000 },
		{ "120 ", 0, 120000 },
		{ "99999999999", 0, HOUR_MS },
		{ "9999999999999999999999", 0, -1 },
		{ "-1", 0, -1 },
		{ "1.5", 0, -1 },
		{ "soon", 0, -1 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 5000, 5000 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", -5000, 0 },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", (int64_t)2 * HOUR_MS, HOUR_MS },
		{ "Sun, 06 Foo 1994 08:49:37 GMT", 5000, -1 },
		{ "Sun, 06 Nov 1994 08:49:37 CET", 5000, -1 },
		{ "Sun, 06 Nov 1994 8:49:37 GMT", 5000, -1 },
		{ "Sunday, 06-Nov-94 08:49:37 GMT", 5000, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(
			retry_after_ms(bytes_of(rows[i].value), then_ms - rows[i].before_ms),
			rows[i].wait_ms);
}

static void dates_are_those_of_the_calendar(void **state)
{
	static const struct {
		const char *value;
		int64_t midnight_ms;
	} rows[] = {
		{ "Sun, 01 Mar 2026 00:00:05 GMT", INT64_C(1772323200000) },
		{ "Thu, 29 Feb 2024 00:00:05 GMT", INT64_C(1709164800000) },
		{ "Mon, 01 Jan 2024 00:00:05 GMT", INT64_C(1704067200000) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(retry_after_ms(bytes_of(rows[i].value), rows[i].midnight_ms),
				 5000);
}

static void only_2xx_is_a_success(void **state)
{
	(void)state;
	for (long status = 100; status < 600; status++) {
		bool good = status >= 200 && status < 300;

		assert_int_equal(reply_judge_http(PROFILE_STANDARD, STAGE_WHOLE, status) ==
					 REPLY_DELIVERED,
				 good);
		assert_int_not_equal(reply_judge_http(PROFILE_STANDARD, STAGE_SENT, status),
				     REPLY_DELIVERED);
	}
}

static void status_means_something_to_each_profile(void **state)
{
	static const struct {
		enum profile profile;
		enum stage stage;
		long status;
		enum reply reply;
	} rows[] = {
		{ PROFILE_STANDARD, STAGE_NOTHING_SENT, 0, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_SENT, 0, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_WHOLE, 302, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_WHOLE, 400, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_WHOLE, 401, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_WHOLE, 404, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_WHOLE, 409, REPLY_AGAIN },
		{ PROFILE_STANDARD, STAGE_WHOLE, 410, REPLY_DISABLE },
		{ PROFILE_STANDARD, STAGE_WHOLE, 413, REPLY_REFUSED },
		{ PROFILE_STANDARD, STAGE_WHOLE, 429, REPLY_BUSY },
		{ PROFILE_STANDARD, STAGE_WHOLE, 503, REPLY_AGAIN },
		{ PROFILE_CODER_AUTOMATION, STAGE_NOTHING_SENT, 0, REPLY_AGAIN },
		{ PROFILE_CODER_AUTOMATION, STAGE_SENT, 0, REPLY_UNSURE },
		{ PROFILE_CODER_AUTOMATION, STAGE_SENT, 401, REPLY_UNSURE },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 202, REPLY_DELIVERED },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 401, REPLY_DISABLE },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 403, REPLY_DISABLE },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 404, REPLY_DISABLE },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 409, REPLY_BUSY },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 413, REPLY_REFUSED },
		{ PROFILE_CODER_AUTOMATION, STAGE_WHOLE, 500, REPLY_AGAIN },
		{ PROFILE_A2A_PUSH, STAGE_WHOLE, 410, REPLY_DISABLE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(reply_judge_http(rows[i].profile, rows[i].stage, rows[i].status),
				 rows[i].reply);
}

static void mail_servers_and_programs_have_codes_of_their_own(void **state)
{
	(void)state;
	assert_int_equal(reply_judge_smtp(STAGE_WHOLE, 250), REPLY_DELIVERED);
	assert_int_equal(reply_judge_smtp(STAGE_SENT, 250), REPLY_AGAIN);
	assert_int_equal(reply_judge_smtp(STAGE_SENT, 450), REPLY_AGAIN);
	assert_int_equal(reply_judge_smtp(STAGE_SENT, 535), REPLY_AGAIN);
	assert_int_equal(reply_judge_smtp(STAGE_SENT, 550), REPLY_REFUSED);
	assert_int_equal(reply_judge_smtp(STAGE_NOTHING_SENT, 0), REPLY_AGAIN);
	assert_int_equal(reply_judge_exit(0), REPLY_DELIVERED);
	assert_int_equal(reply_judge_exit(75), REPLY_AGAIN);
	assert_int_equal(reply_judge_exit(1), REPLY_REFUSED);
}

static void step_follows_from_the_reply(void **state)
{
	static const struct endpoint e = { .max_attempts = 3, .give_up_ms = 10000 };
	static const struct {
		struct attempted is;
		struct step step; /* with the least chance */
	} rows[] = {
		{ { REPLY_DELIVERED, 1, 0, -1 }, { STEP_DONE, true, 0 } },
		{ { REPLY_AGAIN, 1, 0, -1 }, { STEP_RETRY, true, 1 } },
		{ { REPLY_AGAIN, 2, 9999, 5000 }, { STEP_RETRY, true, 5000 } },
		{ { REPLY_AGAIN, 3, 0, -1 }, { STEP_DEAD, true, 0 } },
		{ { REPLY_AGAIN, 1, 10000, -1 }, { STEP_DEAD, true, 0 } },
		{ { REPLY_BUSY, 30, 0, 7 }, { STEP_RETRY, true, 7 } },
		{ { REPLY_BUSY, 1, 10000, 7 }, { STEP_DEAD, true, 0 } },
		{ { REPLY_REFUSED, 1, 0, -1 }, { STEP_DEAD, true, 0 } },
		{ { REPLY_FORMLESS, 1, 0, -1 }, { STEP_DEAD, true, 0 } },
		{ { REPLY_UNSURE, 1, 0, -1 }, { STEP_DEAD, true, 0 } },
		{ { REPLY_DISABLE, 1, 0, -1 }, { STEP_HOLD, true, 0 } },
		{ { REPLY_OWN, 3, 99999, -1 }, { STEP_RETRY, false, 1 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct step is = step_after(&e, &rows[i].is, 0);

		assert_int_equal(is.kind, rows[i].step.kind);
		assert_int_equal(is.counts, rows[i].step.counts);
		assert_int_equal(is.wait_ms, rows[i].step.wait_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(backoff_is_anything_up_to_a_bound_that_doubles),
		cmocka_unit_test(chances_follow_from_the_seed),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(dates_are_those_of_the_calendar),
		cmocka_unit_test(only_2xx_is_a_success),
		cmocka_unit_test(status_means_something_to_each_profile),
		cmocka_unit_test(mail_servers_and_programs_have_codes_of_their_own),
		cmocka_unit_test(step_follows_from_the_reply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
