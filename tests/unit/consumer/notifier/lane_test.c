/* Which parcel is next, and when; and when an endpoint is left alone. */

#include "consumer/notifier/lane.h"
#include "consumer/notifier/tally.h"

#include "tests/unit/unit.h"

#include <stdio.h>

enum { NOW_MS = 100000 };

static char plain_name[] = "plain";
static char ordered_name[] = "ordered";
static const struct endpoint plain = { .name = plain_name };
static const struct endpoint ordered = { .name = ordered_name, .ordered = true };
static struct host_use host;
static int64_t since;

static struct parcel *add_parcel(struct lane *l, uint8_t recipient, int64_t due_ms)
{
	char id[32];
	struct load *load;
	struct parcel *p;

	(void)snprintf(id, sizeof(id), "0-%lld-0", (long long)++since);
	load = load_new(0, bytes_of(id), bytes_of("value"), (struct bytes){ 0 });
	load->recipient.bytes[0] = recipient;
	p = parcel_new(l->endpoint->name, load);
	p->since = since;
	p->due_ms = due_ms;
	lane_add(l, p);
	return p;
}

static void earliest_comes_first_and_not_before_its_time(void **state)
{
	struct lane l;
	struct parcel *late;
	struct parcel *early;
	struct parcel *next;

	(void)state;
	lane_init(&l, &plain, &host);
	late = add_parcel(&l, 1, NOW_MS + 20);
	early = add_parcel(&l, 1, NOW_MS + 10);
	next = add_parcel(&l, 1, NOW_MS + 10);
	assert_string_equal(early->key, "plain/0-2-0");
	assert_null(lane_next(&l, NOW_MS));
	assert_int_equal(lane_due_ms(&l, NOW_MS), NOW_MS + 10);
	assert_ptr_equal(lane_next(&l, NOW_MS + 10), early);
	assert_ptr_equal(lane_next(&l, NOW_MS + 10), next);
	assert_null(lane_next(&l, NOW_MS + 10));
	assert_int_equal(host.moving, 2);
	lane_return(&l, early, NOW_MS + 30);
	assert_ptr_equal(lane_next(&l, NOW_MS + 30), late);
	lane_done(&l);
	assert_int_equal(host.moving, 0);
}

static void no_more_than_eight_move_at_once_to_a_host(void **state)
{
	struct lane one;
	struct lane other;

	(void)state;
	lane_init(&one, &plain, &host);
	lane_init(&other, &plain, &host);
	for (int i = 0; i < 20; i++)
		(void)add_parcel(i % 2 ? &one : &other, 1, NOW_MS);
	for (int i = 0; i < HOST_MOVING_MAX; i++)
		assert_non_null(lane_next(i % 2 ? &one : &other, NOW_MS));
	assert_null(lane_next(&one, NOW_MS));
	assert_null(lane_next(&other, NOW_MS));
	lane_done(&one);
	assert_non_null(lane_next(&other, NOW_MS));
	lane_done(&other);
}

static void ordered_lane_keeps_the_order_of_each_recipient(void **state)
{
	struct lane l;
	struct parcel *first;
	struct parcel *second;
	struct parcel *third;
	struct parcel *another;

	(void)state;
	lane_init(&l, &ordered, NULL);
	first = add_parcel(&l, 1, NOW_MS);
	second = add_parcel(&l, 1, NOW_MS);
	third = add_parcel(&l, 1, NOW_MS);
	another = add_parcel(&l, 2, NOW_MS);
	assert_ptr_equal(lane_next(&l, NOW_MS), first);
	assert_ptr_equal(lane_next(&l, NOW_MS), another);
	assert_null(lane_next(&l, NOW_MS));
	lane_return(&l, first, NOW_MS + 1000);
	assert_null(lane_next(&l, NOW_MS)); /* the second does not overtake it */
	lane_end(&l, second);               /* somebody has taken it off */
	assert_ptr_equal(lane_next(&l, NOW_MS + 1000), first);
	lane_end(&l, first);
	assert_ptr_equal(lane_next(&l, NOW_MS + 1000), third);
	lane_done(&l);
}

static void what_was_owed_first_comes_first_whenever_it_is_added(void **state)
{
	struct lane l;
	struct parcel *second;
	struct parcel *first;

	(void)state;
	lane_init(&l, &ordered, NULL);
	since = 10;
	second = add_parcel(&l, 1, NOW_MS);
	since = 5; /* it was tried again, and so stands in the ledger after the second */
	first = add_parcel(&l, 1, NOW_MS + 1000);
	assert_null(lane_next(&l, NOW_MS));
	assert_ptr_equal(lane_next(&l, NOW_MS + 1000), first);
	since = 0;
	(void)add_parcel(&l, 1, NOW_MS); /* does not overtake what is on its way */
	assert_null(lane_next(&l, NOW_MS + 1000));
	lane_end(&l, first);
	lane_end(&l, lane_next(&l, NOW_MS + 1000));
	assert_ptr_equal(lane_next(&l, NOW_MS + 1000), second);
	since = 11;
	first = add_parcel(&l, 1, NOW_MS);
	lane_end(&l, second);
	assert_ptr_equal(lane_next(&l, NOW_MS), first);
	lane_done(&l);
}

static void held_lane_stores_what_waits_and_if_ordered_what_is_on_its_way(void **state)
{
	const struct endpoint *endpoints[] = { &plain, &ordered };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct lane l;
		struct parcel *waits;
		struct parcel *moves;

		lane_init(&l, endpoints[i], NULL);
		moves = add_parcel(&l, 1, NOW_MS);
		assert_ptr_equal(lane_next(&l, NOW_MS), moves);
		waits = add_parcel(&l, 1, NOW_MS);
		assert_true(lane_must_store(&l, waits));
		assert_int_equal(lane_must_store(&l, moves), endpoints[i]->ordered);
		waits->stored = true;
		l.stored = 1;
		assert_false(lane_must_store(&l, waits));
		lane_return(&l, moves, NOW_MS);
		assert_true(lane_must_store(&l, moves));
		lane_done(&l);
	}
}

/* The ledger has what was written last at its end, which is what was tried last. */
static void ordered_lane_keeps_the_order_of_what_comes_back_from_the_ledger(void **state)
{
	static const int64_t owed[] = { 20, 40, 30, 0 }; /* since when, in the ledger's order */
	struct lane l;
	struct parcel *of[4];
	struct parcel *late;

	(void)state;
	lane_init(&l, &ordered, NULL);
	for (size_t i = 0; i < 4; i++) {
		since = owed[i];
		of[i] = add_parcel(&l, 1, i == 3 ? NOW_MS + 1000 : NOW_MS);
	}
	assert_null(lane_next(&l, NOW_MS)); /* the first waits, and the others for it */
	assert_ptr_equal(lane_next(&l, NOW_MS + 1000), of[3]);
	lane_end(&l, of[3]);
	assert_ptr_equal(lane_next(&l, NOW_MS), of[0]);
	since = 10;
	late = add_parcel(&l, 1, NOW_MS);
	assert_null(lane_next(&l, NOW_MS)); /* what is on its way is not called back */
	lane_end(&l, of[0]);
	assert_ptr_equal(lane_next(&l, NOW_MS), late);
	lane_end(&l, late);
	assert_ptr_equal(lane_next(&l, NOW_MS), of[2]);
	lane_end(&l, of[2]);
	assert_ptr_equal(lane_next(&l, NOW_MS), of[1]);
	lane_end(&l, of[1]);
	assert_null(l.chains);
	lane_done(&l);
}

static void heap_gives_everything_back_in_order(void **state)
{
	struct lane l;
	int64_t before = 0;

	(void)state;
	lane_init(&l, &plain, NULL);
	for (int64_t i = 0; i < 1000; i++)
		(void)add_parcel(&l, 1, NOW_MS + i * 7919 % 1000);
	for (struct parcel *p = l.first; p;) {
		struct parcel *next = p->next;

		if (p->since % 3 == 0)
			lane_end(&l, p);
		p = next;
	}
	while (l.waiting) {
		struct parcel *p = lane_next(&l, NOW_MS + 1000);

		assert_non_null(p);
		assert_true(p->due_ms >= before);
		before = p->due_ms;
		lane_end(&l, p);
	}
	assert_null(l.first);
	lane_done(&l);
}

/* ---- circuits ---- */

static void fail_times(struct circuit *c, int times, int64_t now_ms)
{
	for (int i = 0; i < times; i++)
		(void)circuit_note(c, REPLY_AGAIN, -1, 0, now_ms);
}

/* Stores parcels until there is no room; how many there were. Each keeps so many bytes more. */
static size_t fill_lane(struct lane *l, const struct lane *all, size_t count, size_t bytes)
{
	static const uint8_t filling[LANES_STORED_BYTES_MAX / 100];
	const struct bytes value = { filling, bytes };
	size_t before = l->stored;

	while (lane_has_room(l, all, count)) {
		struct load *load = load_new(0, bytes_of("0-0-0"), value, (struct bytes){ 0 });
		struct parcel *p = parcel_new(l->endpoint->name, load);

		lane_add(l, p);
		lane_store(l, p);
	}
	return l->stored - before;
}

enum { MANY = 64 };

static void many_lanes_that_wait_leave_room_to_others(void **state)
{
	struct lane all[MANY];
	size_t stored = 0;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		lane_init(&all[i], &plain, NULL);
	for (size_t i = 0; i < 10; i++)
		stored += fill_lane(&all[i], all, MANY, 0);
	assert_int_equal(stored, LANES_STORED_MAX);
	for (size_t i = 10; i < MANY; i++)
		stored += fill_lane(&all[i], all, MANY, 0);
	assert_int_equal(all[MANY - 1].stored, LANES_STORED_MAX / 2 / MANY);
	assert_true(stored <= LANES_STORED_MAX + LANES_STORED_MAX / 2);
	assert_false(lanes_are_full(all, MANY));
	for (size_t i = 0; i < MANY; i++)
		lane_done(&all[i]);
	assert_int_equal(all[0].stored, 0);
	assert_int_equal(all[0].stored_bytes, 0);
}

static void large_parcels_that_wait_leave_room_to_others(void **state)
{
	struct lane all[2];
	size_t bytes = LANES_STORED_BYTES_MAX / 100;

	(void)state;
	lane_init(&all[0], &plain, NULL);
	lane_init(&all[1], &plain, NULL);
	assert_in_range(fill_lane(&all[0], all, 2, bytes), 90, 100);
	assert_in_range(fill_lane(&all[1], all, 2, bytes), 20, 26);
	assert_false(lanes_are_full(all, 2));
	while (!lanes_are_full(all, 2)) { /* what comes back from the ledger has no share */
		struct load *load =
			load_new(0, bytes_of("0-0-0"), bytes_of("value"), (struct bytes){ 0 });
		struct parcel *p = parcel_new(plain.name, load);

		p->stored = true;
		lane_add(&all[1], p);
	}
	assert_false(lane_has_room(&all[1], all, 2));
	lane_done(&all[0]);
	lane_done(&all[1]);
}

static void circuit_opens_after_failures_in_a_row(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	fail_times(&c, CIRCUIT_FAILURES - 1, NOW_MS);
	assert_false(circuit_note(&c, REPLY_DELIVERED, -1, 0, NOW_MS));
	fail_times(&c, CIRCUIT_FAILURES - 1, NOW_MS);
	assert_int_equal(c.state, CIRCUIT_CLOSED);
	assert_true(circuit_note(&c, REPLY_AGAIN, -1, 0, NOW_MS));
	assert_int_equal(c.state, CIRCUIT_OPEN);
	assert_int_equal(circuit_window(&c, NOW_MS), 0);
	assert_int_equal(circuit_due_ms(&c, NOW_MS), NOW_MS + 1001);
}

/* Whether an endpoint works, only what was sent to it tells. */
static void what_was_not_sent_says_nothing_of_the_endpoint(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	fail_times(&c, CIRCUIT_FAILURES - 1, NOW_MS);
	assert_false(circuit_note(&c, REPLY_FORMLESS, -1, 0, NOW_MS));
	assert_true(circuit_note(&c, REPLY_AGAIN, -1, 0, NOW_MS));
	assert_int_equal(circuit_window(&c, NOW_MS + 1001), 1);
	assert_false(circuit_note(&c, REPLY_FORMLESS, -1, 0, NOW_MS + 1001));
	assert_int_equal(c.state, CIRCUIT_TRIAL);
}

static void circuit_is_tried_with_one_and_resumes_slowly(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	fail_times(&c, CIRCUIT_FAILURES, NOW_MS);
	assert_int_equal(circuit_window(&c, NOW_MS + 1001), 1);
	assert_int_equal(c.state, CIRCUIT_TRIAL);
	assert_true(circuit_note(&c, REPLY_DELIVERED, -1, 0, NOW_MS + 1001));
	for (int window = 2; window < CIRCUIT_WINDOW_MAX; window++) {
		assert_int_equal(circuit_window(&c, NOW_MS + 1001), window);
		assert_false(circuit_note(&c, REPLY_DELIVERED, -1, 0, NOW_MS + 1001));
	}
	assert_int_equal(circuit_window(&c, NOW_MS + 1001), CIRCUIT_WINDOW_MAX);
}

static void circuit_stays_open_longer_each_time(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	fail_times(&c, CIRCUIT_FAILURES, NOW_MS);
	assert_int_equal(circuit_window(&c, c.until_ms), 1);
	assert_true(circuit_note(&c, REPLY_AGAIN, -1, 1999, NOW_MS));
	assert_int_equal(c.until_ms, NOW_MS + 1000 + 2000);
	assert_int_equal(circuit_window(&c, c.until_ms), 1);
	assert_true(circuit_note(&c, REPLY_AGAIN, 60000, 0, NOW_MS));
	assert_int_equal(c.until_ms, NOW_MS + 60000); /* as it asked */
}

static void own_errors_change_no_circuit(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	for (int i = 0; i < 2 * CIRCUIT_FAILURES; i++)
		assert_false(circuit_note(&c, REPLY_OWN, -1, 0, NOW_MS));
	assert_int_equal(circuit_window(&c, NOW_MS), CIRCUIT_WINDOW_MAX);
}

static void busy_endpoint_gets_the_pause_that_it_asks_for(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	for (int i = 0; i < 2 * CIRCUIT_FAILURES; i++)
		assert_false(circuit_note(&c, REPLY_BUSY, 500, 0, NOW_MS));
	assert_int_equal(circuit_window(&c, NOW_MS + 499), 0);
	assert_int_equal(circuit_window(&c, NOW_MS + 500), CIRCUIT_WINDOW_MAX);
}

static void busy_endpoint_has_not_failed_in_a_row(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	for (int i = 1; i < 2 * CIRCUIT_FAILURES; i++)
		assert_false(circuit_note(&c, i % CIRCUIT_FAILURES ? REPLY_AGAIN : REPLY_BUSY, -1,
					  0, NOW_MS));
	assert_true(circuit_note(&c, REPLY_AGAIN, -1, 0, NOW_MS));
	assert_int_equal(circuit_window(&c, c.until_ms), 1);
	assert_true(circuit_note(&c, REPLY_BUSY, -1, 0, c.until_ms)); /* it works again */
	assert_int_equal(c.state, CIRCUIT_CLOSED);
	assert_int_equal(c.failures, 0);
}

static void person_has_it_tried_at_once(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	(void)circuit_note(&c, REPLY_BUSY, 500, 0, NOW_MS);
	assert_false(circuit_enable(&c)); /* it was not closed to anything */
	assert_int_equal(circuit_window(&c, NOW_MS), CIRCUIT_WINDOW_MAX);
	for (int i = 0; i < CIRCUIT_FAILURES; i++)
		(void)circuit_note(&c, REPLY_AGAIN, -1, 0, NOW_MS);
	assert_int_equal(circuit_window(&c, NOW_MS), 0);
	assert_true(circuit_enable(&c));
	assert_int_equal(circuit_window(&c, NOW_MS), 1);
}

static void disabled_circuit_waits_for_a_person(void **state)
{
	struct circuit c;

	(void)state;
	circuit_init(&c);
	assert_false(circuit_enable(&c));
	assert_true(circuit_note(&c, REPLY_DISABLE, -1, 0, NOW_MS));
	assert_false(circuit_disable(&c));
	assert_false(circuit_note(&c, REPLY_DELIVERED, -1, 0, NOW_MS)); /* was on its way */
	assert_int_equal(circuit_window(&c, INT64_MAX), 0);
	assert_int_equal(circuit_due_ms(&c, NOW_MS), INT64_MAX);
	assert_true(circuit_enable(&c));
	assert_int_equal(circuit_window(&c, NOW_MS), 1);
}

/* ---- tallies ---- */

static void offset_waits_for_every_record_before(void **state)
{
	struct tally t;
	struct debt *first;
	struct debt *second;
	struct debt *third;

	(void)state;
	tally_init(&t);
	assert_int_equal(tally_settled(&t), -1);
	first = tally_begin(&t, 5);
	second = tally_begin(&t, 7);
	debt_add(second);
	third = tally_begin(&t, 8);
	debt_pay(third);
	assert_int_equal(tally_settled(&t), 5);
	debt_pay(first);
	assert_int_equal(tally_settled(&t), 7);
	debt_pay(second);
	assert_int_equal(tally_settled(&t), 7);
	debt_pay(second);
	assert_int_equal(tally_settled(&t), 9);
	tally_reach(&t, 8);
	assert_int_equal(tally_settled(&t), 9);
	tally_reach(&t, 11);
	assert_int_equal(tally_settled(&t), 11);
	(void)tally_begin(&t, 20);
	tally_reach(&t, 22);
	assert_int_equal(tally_settled(&t), 20);
	tally_done(&t);
	assert_int_equal(tally_settled(&t), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(earliest_comes_first_and_not_before_its_time),
		cmocka_unit_test(no_more_than_eight_move_at_once_to_a_host),
		cmocka_unit_test(ordered_lane_keeps_the_order_of_each_recipient),
		cmocka_unit_test(what_was_owed_first_comes_first_whenever_it_is_added),
		cmocka_unit_test(held_lane_stores_what_waits_and_if_ordered_what_is_on_its_way),
		cmocka_unit_test(ordered_lane_keeps_the_order_of_what_comes_back_from_the_ledger),
		cmocka_unit_test(heap_gives_everything_back_in_order),
		cmocka_unit_test(many_lanes_that_wait_leave_room_to_others),
		cmocka_unit_test(large_parcels_that_wait_leave_room_to_others),
		cmocka_unit_test(circuit_opens_after_failures_in_a_row),
		cmocka_unit_test(what_was_not_sent_says_nothing_of_the_endpoint),
		cmocka_unit_test(circuit_is_tried_with_one_and_resumes_slowly),
		cmocka_unit_test(circuit_stays_open_longer_each_time),
		cmocka_unit_test(own_errors_change_no_circuit),
		cmocka_unit_test(busy_endpoint_gets_the_pause_that_it_asks_for),
		cmocka_unit_test(busy_endpoint_has_not_failed_in_a_row),
		cmocka_unit_test(person_has_it_tried_at_once),
		cmocka_unit_test(disabled_circuit_waits_for_a_person),
		cmocka_unit_test(offset_waits_for_every_record_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
