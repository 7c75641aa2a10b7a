/*
 * The states of a partition: what each change clears and keeps, and that the
 * watcher hears of each. message_done() is defined here, so that no Kafka client
 * is needed.
 */

#include "consumer/partition.h"

#include "tests/unit/unit.h"

enum { COUNT = 3, ID = 1, APPLIED = 40, CHANGES_MAX = 8 };

struct change_seen {
	int id;
	enum partition_state before;
	enum partition_state after;
};

static struct partitions all;
static struct partition *part; /* the one with ID */
static struct change_seen seen[CHANGES_MAX];
static size_t seen_count;
static size_t given_back;

void message_done(struct message *m)
{
	(void)m;
	given_back++;
}

static void on_changed(void *context, struct partition *changed, enum partition_state before)
{
	assert_ptr_equal(context, &all);
	assert_true(seen_count < CHANGES_MAX);
	seen[seen_count++] = (struct change_seen){ changed->id, before, changed->state };
}

static int set_up(void **state)
{
	const struct partition_watcher watcher = { on_changed, &all };

	(void)state;
	partitions_init(&all, COUNT, &watcher);
	part = partitions_get(&all, ID);
	seen_count = 0;
	given_back = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	partitions_done(&all);
	return 0;
}

/* Takes the partition with ID to READY, with its mark at APPLIED. */
static void make_ready(void)
{
	partition_become(part, PARTITION_CLAIMING);
	part->mark.applied = APPLIED;
	partition_become(part, PARTITION_READY);
}

static void stage(int64_t offset)
{
	staged_add(&part->staged, &(struct message){ .partition = ID, .offset = offset });
}

static void assert_seen(size_t i, enum partition_state before, enum partition_state after)
{
	assert_true(i < seen_count);
	assert_int_equal(seen[i].id, ID);
	assert_int_equal(seen[i].before, before);
	assert_int_equal(seen[i].after, after);
}

static void partitions_begin_foreign_and_empty(void **state)
{
	(void)state;
	for (int i = 0; i < COUNT; i++) {
		const struct partition *p = partitions_get(&all, i);

		assert_int_equal(p->id, i);
		assert_int_equal(p->state, PARTITION_FOREIGN);
		assert_int_equal(p->staged.count, 0);
		assert_int_equal(p->committed_runs_count, 0);
	}
	assert_true(partitions_any(&all, PARTITION_FOREIGN));
	assert_false(partitions_any(&all, PARTITION_CLAIMING));
	assert_int_equal(seen_count, 0);
}

static void one_partition_in_a_state_is_found(void **state)
{
	(void)state;
	make_ready();
	assert_true(partitions_any(&all, PARTITION_READY));
	assert_true(partitions_any(&all, PARTITION_FOREIGN));
	assert_false(partitions_any(&all, PARTITION_REBUILDING));
}

static void watcher_hears_of_each_change_after_it(void **state)
{
	(void)state;
	partition_become(part, PARTITION_CLAIMING);
	partition_become(part, PARTITION_REBUILDING);
	partition_become(part, PARTITION_READY);
	partition_become(part, PARTITION_FOREIGN);
	assert_int_equal(seen_count, 4);
	assert_seen(0, PARTITION_FOREIGN, PARTITION_CLAIMING);
	assert_seen(1, PARTITION_CLAIMING, PARTITION_REBUILDING);
	assert_seen(2, PARTITION_REBUILDING, PARTITION_READY);
	assert_seen(3, PARTITION_READY, PARTITION_FOREIGN);
}

static void ready_begins_where_the_mark_stands(void **state)
{
	(void)state;
	part->fetched = true; /* from an earlier time */
	part->end = 7;
	make_ready();
	assert_false(part->fetched);
	assert_int_equal(part->end, APPLIED);
	assert_int_equal(partition_next_offset(part), APPLIED);
}

static void next_offset_follows_the_last_staged_message(void **state)
{
	(void)state;
	make_ready();
	stage(APPLIED);
	stage(APPLIED + 5);
	assert_int_equal(partition_next_offset(part), APPLIED + 6);
}

static void lost_partition_drops_what_it_had(void **state)
{
	static const enum partition_state lost[] = { PARTITION_FOREIGN, PARTITION_CLAIMING };

	(void)state;
	for (size_t i = 0; i < sizeof(lost) / sizeof(*lost); i++) {
		make_ready();
		stage(APPLIED);
		stage(APPLIED + 1);
		partition_note_committed(part, APPLIED - 1);
		given_back = 0;
		partition_become(part, lost[i]);
		assert_int_equal(given_back, 2);
		assert_int_equal(part->staged.count, 0);
		assert_int_equal(part->committed_runs_count, 0);
	}
}

static void runs_noted_while_claiming_are_there_when_ready(void **state)
{
	(void)state;
	partition_become(part, PARTITION_CLAIMING);
	partition_note_committed(part, 11);
	partition_note_committed(part, 22);
	partition_become(part, PARTITION_READY);
	assert_int_equal(part->committed_runs_count, 2);
	assert_int_equal(part->committed_runs[0], 11);
	assert_int_equal(part->committed_runs[1], 22);
}

static void mark_and_epoch_outlive_every_change(void **state)
{
	(void)state;
	make_ready();
	part->last_epoch = 9;
	partition_become(part, PARTITION_CLAIMING);
	partition_become(part, PARTITION_REBUILDING);
	partition_become(part, PARTITION_FOREIGN);
	assert_int_equal(part->mark.applied, APPLIED);
	assert_int_equal(part->last_epoch, 9);
}

static void claiming_again_does_not_touch_a_foreign_partition(void **state)
{
	(void)state;
	partition_claim_again(part);
	assert_int_equal(part->state, PARTITION_FOREIGN);
	assert_int_equal(seen_count, 0);
}

static void all_but_foreign_partitions_are_claimed_again(void **state)
{
	(void)state;
	make_ready();
	seen_count = 0;
	partitions_claim_again(&all);
	assert_int_equal(part->state, PARTITION_CLAIMING);
	assert_int_equal(partitions_get(&all, 0)->state, PARTITION_FOREIGN);
	assert_int_equal(partitions_get(&all, 2)->state, PARTITION_FOREIGN);
	assert_int_equal(seen_count, 1);
	assert_seen(0, PARTITION_READY, PARTITION_CLAIMING);
}

/* The publisher, for one, may break while recovery has yet to look at the partition. */
static void claiming_again_while_claiming_starts_afresh(void **state)
{
	(void)state;
	partition_become(part, PARTITION_CLAIMING);
	partition_note_committed(part, 11);
	partition_claim_again(part);
	assert_int_equal(part->state, PARTITION_CLAIMING);
	assert_int_equal(part->committed_runs_count, 0);
	assert_seen(1, PARTITION_CLAIMING, PARTITION_CLAIMING);
}

static void end_gives_all_messages_back(void **state)
{
	const struct partition_watcher watcher = { on_changed, &all };

	(void)state;
	make_ready();
	stage(APPLIED);
	partitions_done(&all);
	assert_int_equal(given_back, 1);
	assert_null(all.list);
	partitions_init(&all, COUNT, &watcher); /* for tear_down() */
}

static void a_partition_set_aside_waits_for_its_time(void **state)
{
	const struct error why = { ERROR_REFUSED, "the log is another one" };

	(void)state;
	make_ready();
	partition_set_aside(part, &why, 1000);
	assert_int_equal(part->state, PARTITION_ASIDE);
	assert_string_equal(part->trouble.text, why.text);
	partitions_claim_again(&all);
	assert_int_equal(part->state, PARTITION_ASIDE);
	assert_int_equal(partitions_aside_due_ms(&all), 1000 + ASIDE_RETRY_MS);
	partitions_retry_aside(&all, 1000 + ASIDE_RETRY_MS - 1);
	assert_int_equal(part->state, PARTITION_ASIDE);
	partitions_retry_aside(&all, 1000 + ASIDE_RETRY_MS);
	assert_int_equal(part->state, PARTITION_CLAIMING);
	assert_int_equal(partitions_aside_due_ms(&all), INT64_MAX);
	assert_string_equal(part->trouble.text, why.text);
	partition_become(part, PARTITION_READY);
	assert_string_equal(part->trouble.text, "");
}

static void a_foreign_partition_is_not_set_aside(void **state)
{
	const struct error why = { ERROR_REFUSED, "the log is another one" };

	(void)state;
	partition_set_aside(part, &why, 1000);
	assert_int_equal(part->state, PARTITION_FOREIGN);
	assert_int_equal(partitions_aside_due_ms(&all), INT64_MAX);
}

static void what_is_staged_next_comes_after_all_of_a_hole(void **state)
{
	(void)state;
	make_ready();
	staged_add(&part->staged,
		   &(struct message){ .partition = ID, .offset = APPLIED + 2, .hole = 5 });
	assert_int_equal(partition_next_offset(part), APPLIED + 7);
}

static void no_partition_looks_for_the_end_of_a_hole_once_it_is_not_ready(void **state)
{
	(void)state;
	make_ready();
	part->probing = true;
	partition_claim_again(part);
	assert_false(part->probing);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_staged_next_comes_after_all_of_a_hole),
		TEST(no_partition_looks_for_the_end_of_a_hole_once_it_is_not_ready),
		TEST(partitions_begin_foreign_and_empty),
		TEST(one_partition_in_a_state_is_found),
		TEST(watcher_hears_of_each_change_after_it),
		TEST(ready_begins_where_the_mark_stands),
		TEST(next_offset_follows_the_last_staged_message),
		TEST(lost_partition_drops_what_it_had),
		TEST(runs_noted_while_claiming_are_there_when_ready),
		TEST(mark_and_epoch_outlive_every_change),
		TEST(claiming_again_does_not_touch_a_foreign_partition),
		TEST(all_but_foreign_partitions_are_claimed_again),
		TEST(claiming_again_while_claiming_starts_afresh),
		TEST(a_partition_set_aside_waits_for_its_time),
		TEST(a_foreign_partition_is_not_set_aside),
		TEST(end_gives_all_messages_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
