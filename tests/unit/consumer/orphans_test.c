/* What is done about records of ours that no marker has ended. */

#include "consumer/orphans.h"

#include "tests/unit/unit.h"

enum { PARTITIONS = 2, EVENTS_0 = 0, EVENTS_1 = 1, GRANTS_0 = 6, GRANTS_1 = 7 };

struct fixture {
	struct footprint last;
	struct footprint own;
	struct orphans orphans;
};

static int set_up(void **state)
{
	struct fixture *f = test_calloc(1, sizeof(*f));

	footprint_init(&f->last, PARTITIONS);
	footprint_init(&f->own, PARTITIONS);
	orphans_init(&f->orphans, &f->last);
	for (size_t i = 0; i < f->last.logs; i++)
		f->orphans.sight[i] = (struct log_sight){ 100, 100 };
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	orphans_done(&f->orphans);
	footprint_done(&f->last);
	footprint_done(&f->own);
	test_free(f);
	return 0;
}

static void see(struct fixture *f, size_t i, int64_t stable, int64_t real)
{
	f->orphans.sight[i] = (struct log_sight){ stable, real };
}

/* A transaction in events 0, grants 0 and grants 1, of which the first has a marker. */
static void write_last(struct fixture *f)
{
	footprint_begin(&f->last, 7);
	footprint_note(&f->last, TOPIC_EVENTS, 0, 50);
	footprint_note(&f->last, TOPIC_GRANTS, 0, 60);
	footprint_note(&f->last, TOPIC_GRANTS, 1, 70);
	see(f, GRANTS_0, 60, 100);
	see(f, GRANTS_1, 69, 100);
}

static void rest_of_a_committed_transaction_is_owed_and_not_suspect(void **state)
{
	struct fixture *f = *state;

	write_last(f);
	assert_true(orphans_look(&f->orphans));
	assert_int_equal(f->orphans.remains[EVENTS_0], REMAINS_CLOSED);
	f->orphans.remains[EVENTS_0] = REMAINS_COMMITTED;
	assert_int_equal(orphans_judge(&f->orphans, false), FATE_COMMITTED);
	assert_true(orphans_is_due(&f->orphans, GRANTS_0));
	assert_false(orphans_is_due(&f->orphans, GRANTS_1)); /* hidden, so later */
	assert_false(orphans_is_suspect(&f->orphans, GRANTS_0));
	assert_false(orphans_is_suspect(&f->orphans, GRANTS_1));
	orphans_aborted(&f->orphans);
	assert_int_equal(f->orphans.state, ORPHANS_LEFT);
	see(f, GRANTS_0, 100, 100);
	see(f, GRANTS_1, 70, 100);
	assert_false(orphans_look(&f->orphans));
	assert_int_equal(orphans_judge(&f->orphans, false), FATE_SEALED);
	assert_false(orphans_is_due(&f->orphans, GRANTS_0));
	assert_true(orphans_is_due(&f->orphans, GRANTS_1));
}

static void rest_of_an_aborted_transaction_is_suspect(void **state)
{
	struct fixture *f = *state;

	write_last(f);
	assert_true(orphans_look(&f->orphans));
	f->orphans.remains[EVENTS_0] = REMAINS_ABORTED;
	assert_int_equal(orphans_judge(&f->orphans, false), FATE_ABORTED);
	assert_false(footprint_owes(&f->last));
	assert_true(orphans_is_suspect(&f->orphans, GRANTS_0));
	assert_false(orphans_is_suspect(&f->orphans, EVENTS_1));
}

/* What moves on between two looks is another program's, and what stays where it is may be ours. */
static void later_only_what_has_not_moved_is_suspect(void **state)
{
	struct fixture *f = *state;

	see(f, EVENTS_0, 90, 100);
	see(f, EVENTS_1, 90, 100);
	assert_false(orphans_look(&f->orphans));
	(void)orphans_judge(&f->orphans, false);
	assert_true(orphans_is_suspect(&f->orphans, EVENTS_0));
	orphans_aborted(&f->orphans);
	assert_int_equal(f->orphans.state, ORPHANS_DOUBTED);
	see(f, EVENTS_0, 95, 110);
	assert_false(orphans_is_suspect(&f->orphans, EVENTS_0));
	assert_true(orphans_is_suspect(&f->orphans, EVENTS_1));
}

static void an_abort_that_could_not_be_seen_is_looked_for_until_it_is(void **state)
{
	struct fixture *f = *state;

	f->own.owed[EVENTS_0] = 98;
	see(f, EVENTS_0, 90, 100);
	(void)orphans_look(&f->orphans);
	orphans_aborted(&f->orphans);
	orphans_note_unseen(&f->orphans, f->own.owed);
	see(f, EVENTS_0, 98, 110); /* the other one has ended: it is ours that is open */
	(void)orphans_look(&f->orphans);
	assert_true(orphans_is_suspect(&f->orphans, EVENTS_0));
	see(f, EVENTS_0, 105, 110);
	(void)orphans_look(&f->orphans);
	assert_false(orphans_is_suspect(&f->orphans, EVENTS_0));
	orphans_aborted(&f->orphans);
	assert_int_equal(f->orphans.state, ORPHANS_NONE);
}

static void a_witness_is_rather_closed_and_rather_of_grants(void **state)
{
	struct fixture *f = *state;

	see(f, GRANTS_0, 60, 100);
	assert_int_equal(orphans_witness(&f->orphans), GRANTS_1);
	see(f, GRANTS_1, ORPHANS_NO_ANSWER, ORPHANS_NO_ANSWER);
	assert_int_equal(orphans_witness(&f->orphans), EVENTS_0);
	for (size_t i = 0; i < f->last.logs; i++)
		if (i != GRANTS_1)
			see(f, i, 60, 100);
	assert_int_equal(orphans_witness(&f->orphans), GRANTS_0);
	for (size_t i = 0; i < f->last.logs; i++)
		see(f, i, ORPHANS_NO_ANSWER, ORPHANS_NO_ANSWER);
	assert_int_equal(orphans_witness(&f->orphans), -1);
}

/* An abort with a record there would end what is owed. */
static void a_log_that_is_owed_is_no_witness(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < f->last.logs; i++)
		see(f, i, 60, 100);
	f->last.owed[GRANTS_0] = 60;
	assert_int_equal(orphans_witness(&f->orphans), GRANTS_1);
	f->last.owed[GRANTS_1] = 60;
	assert_int_equal(orphans_witness(&f->orphans), EVENTS_0);
}

static void nothing_begins_while_others_hide_how_something_has_ended(void **state)
{
	struct fixture *f = *state;

	assert_false(orphans_are_hidden(&f->orphans));
	f->last.owed[GRANTS_0] = 60;
	assert_true(orphans_are_hidden(&f->orphans));
	f->last.owed[GRANTS_0] = FOOTPRINT_NOWHERE;
	f->own.owed[EVENTS_0] = 98;
	orphans_note_unseen(&f->orphans, f->own.owed);
	assert_true(orphans_are_hidden(&f->orphans));
	(void)orphans_look(&f->orphans); /* it is closed now */
	assert_false(orphans_are_hidden(&f->orphans));
}

static void nothing_commits_where_a_log_has_never_answered(void **state)
{
	struct fixture *f = *state;

	see(f, EVENTS_0, ORPHANS_NO_ANSWER, ORPHANS_NO_ANSWER);
	(void)orphans_look(&f->orphans);
	(void)orphans_judge(&f->orphans, false);
	orphans_aborted(&f->orphans);
	footprint_begin(&f->last, 8);
	footprint_note(&f->last, TOPIC_EVENTS, 1, 100);
	assert_true(orphans_let_commit(&f->orphans));
	footprint_note(&f->last, TOPIC_EVENTS, 0, 100);
	assert_false(orphans_let_commit(&f->orphans));
	see(f, EVENTS_0, 100, 100);
	orphans_aborted(&f->orphans);
	assert_true(orphans_let_commit(&f->orphans));
	see(f, EVENTS_0, ORPHANS_NO_ANSWER, ORPHANS_NO_ANSWER);
	orphans_aborted(&f->orphans);
	assert_true(orphans_let_commit(&f->orphans)); /* once is enough */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rest_of_a_committed_transaction_is_owed_and_not_suspect),
		TEST(rest_of_an_aborted_transaction_is_suspect),
		TEST(later_only_what_has_not_moved_is_suspect),
		TEST(an_abort_that_could_not_be_seen_is_looked_for_until_it_is),
		TEST(a_witness_is_rather_closed_and_rather_of_grants),
		TEST(a_log_that_is_owed_is_no_witness),
		TEST(nothing_begins_while_others_hide_how_something_has_ended),
		TEST(nothing_commits_where_a_log_has_never_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
