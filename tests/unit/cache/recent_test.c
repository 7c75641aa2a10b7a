/* Which commands a workspace remembers, and which ids are older than that memory reaches. */

#include "cache/recent.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

enum { MINUTE_MS = 60 * 1000 };

static const int64_t NOW_MS = 0x019316b3c000;

static struct recent recent;

static int set_up(void **state)
{
	(void)state;
	recent = (struct recent){ 0 };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	recent_done(&recent);
	return 0;
}

/* The id of command n, made at that time; and the same, added when it reached the log. */
static void add(unsigned n, int64_t made, int64_t now)
{
	struct uuid id = made_at(made, n);

	recent_add(&recent, &id, now);
}

static bool holds(unsigned n, int64_t made)
{
	struct uuid id = made_at(made, n);

	return recent_holds(&recent, &id);
}

static bool reaches(int64_t made)
{
	struct uuid id = made_at(made, 9999);

	return recent_reaches(&recent, &id);
}

/* Adds so many commands, n from `from` on, all made and logged at that time. */
static void add_many(unsigned from, unsigned count, int64_t now)
{
	for (unsigned n = from; n < from + count; n++)
		add(n, now, now);
}

static void empty_memory_reaches_back_for_ever(void **state)
{
	(void)state;
	assert_false(holds(1, NOW_MS));
	assert_true(reaches(1));
	assert_int_equal(recent_end(&recent), 0);
}

static void last_sixteen_are_remembered_however_old(void **state)
{
	(void)state;
	add_many(0, RECENT_MIN - 1, 1000);
	add(100, NOW_MS, NOW_MS);
	assert_true(holds(0, 1000));
	assert_true(reaches(1));
	add(101, NOW_MS, NOW_MS);
	assert_false(holds(0, 1000));
	assert_true(holds(1, 1000));
	assert_int_equal(recent.count, RECENT_MIN);
	assert_int_equal(recent.first, 1);
	assert_int_equal(recent_end(&recent), RECENT_MIN + 1);
}

/* made and logged: of the first command, in ms before NOW_MS. */
static void each_is_remembered_for_an_hour_of_the_log(void **state)
{
	static const struct {
		int64_t made;
		int64_t logged;
		bool remembered;
	} cases[] = {
		{ RECENT_SPAN_MS, RECENT_SPAN_MS, false },
		{ RECENT_SPAN_MS - 1, RECENT_SPAN_MS - 1, true },
		/* a command that is late counts from its record, to the minute */
		{ INT64_C(10) * RECENT_SPAN_MS, RECENT_SPAN_MS, false },
		{ INT64_C(10) * RECENT_SPAN_MS, RECENT_SPAN_MS - 1, true },
		{ INT64_C(10) * RECENT_SPAN_MS, RECENT_SPAN_MS + MINUTE_MS, false },
		{ RECENT_BEHIND_MAX_MS, 0, true },
		/* an id that is ahead counts from its own time */
		{ RECENT_SPAN_MS, INT64_C(2) * RECENT_SPAN_MS, false },
		{ RECENT_SPAN_MS - 1, INT64_C(2) * RECENT_SPAN_MS - 1, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		set_up(state);
		add(1, NOW_MS - cases[i].made, NOW_MS - cases[i].logged);
		add_many(100, RECENT_MIN, NOW_MS);
		if (holds(1, NOW_MS - cases[i].made) != cases[i].remembered)
			fail_msg("case %zu", i);
		tear_down(state);
	}
}

static void more_than_a_thousand_are_never_remembered(void **state)
{
	(void)state;
	add_many(0, RECENT_MAX, NOW_MS);
	assert_true(holds(0, NOW_MS));
	assert_true(reaches(1));
	add(5000, NOW_MS + 1, NOW_MS + 1);
	assert_false(holds(0, NOW_MS));
	assert_true(holds(1, NOW_MS));
	assert_int_equal(recent.count, RECENT_MAX);
	assert_false(reaches(NOW_MS));
	assert_true(reaches(NOW_MS + 1));
}

static void ids_as_old_as_a_forgotten_one_are_too_old(void **state)
{
	(void)state;
	add(1, 5000, 5000);
	add(2, 9000, 9000); /* from a clock that is ahead of the others */
	add(3, 7000, 7000);
	add_many(100, RECENT_MIN, NOW_MS);
	assert_int_equal(recent.first, 3);
	assert_int_equal(recent.forgotten, 9000);
	assert_false(reaches(8999));
	assert_false(reaches(9000));
	assert_true(reaches(9001));
}

/*
 * Whatever clocks the ids come from, and in whatever order they arrive: a command
 * that was done is remembered, or its id is too old. This is what rule 11 is for.
 */
static void command_that_was_done_is_remembered_or_too_old(void **state)
{
	enum { COMMANDS = 1500 };
	static struct uuid ids[COMMANDS];
	uint64_t dice = 7;
	int64_t now = NOW_MS;

	(void)state;
	for (unsigned i = 0; i < COMMANDS; i++) {
		int64_t skew;

		dice = dice * 6364136223846793005U + 1442695040888963407U;
		now += (int64_t)(dice >> 60) * 1000;
		skew = (int64_t)(dice >> 33) % (INT64_C(2) * RECENT_SPAN_MS) - RECENT_SPAN_MS;
		ids[i] = made_at(now + skew, i);
		recent_add(&recent, &ids[i], now);
		for (unsigned j = 0; j <= i; j += 1 + j / 4)
			if (!recent_holds(&recent, &ids[j]) && recent_reaches(&recent, &ids[j]))
				fail_msg("command %u would be done again after %u", j, i);
	}
	assert_true(recent.first > 0);
}

/* So authors whose clocks are right are not refused for an author's whose clock is ahead. */
static void nothing_of_the_last_hour_is_too_old_for_a_clock_that_is_ahead(void **state)
{
	int64_t now = NOW_MS;

	(void)state;
	for (unsigned n = 0; n < 500; n++, now += MINUTE_MS) {
		add(2 * n, now + RECENT_AHEAD_MAX_MS, now);
		add(2 * n + 1, now, now);
		if (!reaches(now - RECENT_SPAN_MS + 1))
			fail_msg("at minute %u", n);
	}
	assert_true(recent.first > 0);
}

static void stored_commands_come_back_in_any_order(void **state)
{
	const struct recent_command a = { made_at(1, 1), 3 };
	const struct recent_command b = { made_at(2, 2), 0 };

	(void)state;
	recent.first = 7;
	assert_true(recent_place(&recent, 8, &b));
	assert_false(recent_is_whole(&recent));
	assert_true(recent_place(&recent, 6, &b));
	assert_int_equal(recent.count, 2);
	assert_true(recent_place(&recent, 7, &a));
	assert_true(recent_is_whole(&recent));
	assert_memory_equal(&recent.list[0], &a, sizeof(a));
	assert_memory_equal(&recent.list[1], &b, sizeof(b));
	assert_true(recent_place(&recent, 7 + RECENT_MAX - 1, &a));
	assert_false(recent_place(&recent, 7 + RECENT_MAX, &a));
	assert_int_equal(recent.count, RECENT_MAX);
}

static void stored_commands_beyond_every_bound_are_cut_to_it(void **state)
{
	struct recent_command c = { made_at(5, 1), INT64_MAX };

	(void)state;
	recent_restore(&recent, &c);
	c.late_minutes = INT64_MIN;
	recent_restore(&recent, &c);
	assert_int_equal(recent.list[0].late_minutes, 30 * 24 * 60);
	assert_int_equal(recent.list[1].late_minutes, 0);
	for (int i = 0; i < RECENT_MAX; i++)
		recent_restore(&recent, &c);
	assert_int_equal(recent.count, RECENT_MAX);
	assert_int_equal(recent.forgotten, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(empty_memory_reaches_back_for_ever),
		TEST(last_sixteen_are_remembered_however_old),
		TEST(each_is_remembered_for_an_hour_of_the_log),
		TEST(more_than_a_thousand_are_never_remembered),
		TEST(ids_as_old_as_a_forgotten_one_are_too_old),
		TEST(command_that_was_done_is_remembered_or_too_old),
		TEST(nothing_of_the_last_hour_is_too_old_for_a_clock_that_is_ahead),
		TEST(stored_commands_come_back_in_any_order),
		TEST(stored_commands_beyond_every_bound_are_cut_to_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
