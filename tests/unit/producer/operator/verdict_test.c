/* What `sharebus status` says is wrong. */

#include "producer/operator/verdict.h"

#include "tests/unit/unit.h"

enum { PARTITIONS = 4, DIRECTORY = PARTITIONS };

static struct survey_row rows[PARTITIONS + 1];
static struct bytes evicting;

/* All is well before each test. */
static void make_good(void)
{
	for (int i = 0; i <= PARTITIONS; i++)
		rows[i] = (struct survey_row){ .owner = "host", .state = "ready" };
	evicting = (struct bytes){ 0 };
}

static void set_trouble(int row, const char *text, const char *instance, int64_t since_ms)
{
	rows[row].seen.trouble =
		(struct trouble){ bytes_of(text), since_ms, since_ms + 1, bytes_of(instance) };
}

static void assert_says(struct arena *arena, const char *const *sentences)
{
	struct verdict v;
	size_t count = 0;

	verdict_give(&v, rows, PARTITIONS, "sharebus", evicting, arena);
	for (; sentences[count]; count++) {
		assert_true(count < v.count);
		assert_string_equal((const char *)v.list[count].data, sentences[count]);
	}
	assert_int_equal(v.count, count);
}

#define ASSERT_SAYS(...) assert_says(*state, (const char *const[]){ __VA_ARGS__, NULL })

static void nothing_is_said_when_all_is_well(void **state)
{
	make_good();
	assert_says(*state, (const char *const[]){ NULL });
}

static void nothing_is_judged_that_could_not_be_asked(void **state)
{
	struct verdict v;

	verdict_give(&v, rows, 0, "sharebus", evicting, *state);
	assert_int_equal(v.count, 0);
}

/* A consumer that runs says the same; it is told once. */
static void a_redis_that_may_evict_is_named_once(void **state)
{
	make_good();
	evicting = bytes_of("Redis may evict keys");
	ASSERT_SAYS("Redis may evict keys");
	set_trouble(1, "Redis may evict keys", "host", 1);
	ASSERT_SAYS("Redis may evict keys");
}

static void a_group_without_members_is_told_to_be_started(void **state)
{
	make_good();
	for (int i = 0; i <= PARTITIONS; i++)
		rows[i].owner = NULL;
	ASSERT_SAYS("no consumer of group sharebus runs: start sharebus-consumer");
}

static void partitions_without_an_owner_are_named(void **state)
{
	make_good();
	rows[0].owner = rows[2].owner = rows[3].owner = NULL;
	ASSERT_SAYS("partitions 0, 2-3: no consumer of group sharebus owns them; a rebalance takes "
		    "some seconds");
	make_good();
	rows[DIRECTORY].owner = NULL;
	ASSERT_SAYS("the directory: no consumer of group sharebus owns it; a rebalance takes some "
		    "seconds");
}

static void states_are_told(void **state)
{
	make_good();
	rows[1].state = rows[DIRECTORY].state = "missing";
	rows[3].state = "rebuilding";
	ASSERT_SAYS("partition 1 and the directory: Redis has no index",
		    "partition 3: the index is being rebuilt");
}

static void an_owner_that_does_not_look_is_told(void **state)
{
	make_good();
	rows[0].seen.unseen_ms = 10000;
	verdict_watch(rows, PARTITIONS + 1);
	assert_says(*state, (const char *const[]){ NULL });
	rows[1].seen.unseen_ms = 10001;
	rows[3].seen.unseen_ms = 25999;
	verdict_watch(rows, PARTITIONS + 1);
	ASSERT_SAYS("partitions 1, 3: the owner has not looked at the index for 25 s: it hangs, or "
		    "cannot reach Redis");
	rows[3].owner = NULL;
	rows[1].state = "rebuilding";
	ASSERT_SAYS("partition 3: no consumer of group sharebus owns it; a rebalance takes some "
		    "seconds",
		    "partition 1: the index is being rebuilt");
}

static void ready_is_said_only_of_what_somebody_looks_at(void **state)
{
	(void)state;
	make_good();
	rows[0].owner = rows[1].owner = rows[2].owner = NULL;
	rows[0].seen.unseen_ms = 3000; /* perhaps a takeover */
	rows[1].seen.unseen_ms = 3001;
	rows[2].seen.unseen_ms = ABSENT; /* who knows */
	rows[3].seen.unseen_ms = 3001;
	verdict_watch(rows, PARTITIONS + 1);
	assert_string_equal(rows[0].state, "ready");
	assert_string_equal(rows[1].state, "unwatched");
	assert_string_equal(rows[2].state, "ready");
	assert_string_equal(rows[3].state, "ready");
}

static void a_trouble_of_several_partitions_is_told_once_with_its_beginning(void **state)
{
	make_good();
	for (int i = 0; i < PARTITIONS; i++)
		set_trouble(i, "it hangs", "host", 2000 - i);
	set_trouble(2, "it burns", "host", 1000);
	set_trouble(DIRECTORY, "it hangs", "other", 0);
	ASSERT_SAYS(
		"partitions 0-1, 3: it hangs (since 1970-01-01T00:00:01.997Z, says consumer "
		"host)",
		"partition 2: it burns (since 1970-01-01T00:00:01.000Z, says consumer host)",
		"the directory: it hangs (since 1970-01-01T00:00:00.000Z, says consumer other)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(nothing_is_said_when_all_is_well),
		ARENA_TEST(nothing_is_judged_that_could_not_be_asked),
		ARENA_TEST(a_redis_that_may_evict_is_named_once),
		ARENA_TEST(a_group_without_members_is_told_to_be_started),
		ARENA_TEST(partitions_without_an_owner_are_named),
		ARENA_TEST(states_are_told),
		ARENA_TEST(ready_is_said_only_of_what_somebody_looks_at),
		ARENA_TEST(an_owner_that_does_not_look_is_told),
		ARENA_TEST(a_trouble_of_several_partitions_is_told_once_with_its_beginning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
