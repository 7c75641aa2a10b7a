/* The workspaces at hand are bounded, and those that are not used are dropped first. */

#include "consumer/workspaces.h"

#include "tests/unit/unit.h"

enum { COUNT = 10, GRANTS = 100 };

/* The memory of n empty workspaces. */
static size_t room_for(size_t n)
{
	return n * workspaces_min_bytes();
}

static struct uuid id_of(unsigned n)
{
	return (struct uuid){ { 1, (uint8_t)n } };
}

static struct held_workspace *add(struct workspaces *w, int partition, unsigned n)
{
	struct uuid id = id_of(n);

	return workspaces_add(w, partition, &id);
}

static struct held_workspace *find(struct workspaces *w, unsigned n)
{
	struct uuid id = id_of(n);

	return workspaces_find(w, &id);
}

/* Which of the COUNT are at hand, as bits. Finds each in turn, so they keep their order of use. */
static unsigned held(struct workspaces *w)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < COUNT; i++)
		bits |= find(w, i) ? 1U << i : 0;
	return bits;
}

static void added_workspace_is_found_unregistered(void **state)
{
	struct workspaces *w = workspaces_new(room_for(COUNT));
	struct held_workspace *h = add(w, 3, 7);
	struct uuid id = id_of(7);

	(void)state;
	assert_ptr_equal(find(w, 7), h);
	assert_null(find(w, 8));
	assert_true(uuid_equal(&h->workspace.id, &id));
	assert_false(h->workspace.registered);
	assert_int_equal(h->partition, 3);
	assert_null(h->touched);
	workspaces_free(&w);
	assert_null(w);
}

static void trim_within_the_bound_drops_nothing(void **state)
{
	struct workspaces *w = workspaces_new(room_for(COUNT) + COUNT);

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		(void)add(w, 0, i);
	workspaces_trim(w);
	assert_int_equal(held(w), 0x3ff);
	workspaces_free(&w);
}

static void oldest_of_those_used_alike_are_dropped_first(void **state)
{
	struct workspaces *w = workspaces_new(room_for(4) + 4);

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		(void)add(w, 0, i);
	assert_int_equal(held(w), 0x3ff);
	workspaces_trim(w);
	assert_int_equal(held(w), 0x3c0);
	workspaces_free(&w);
}

static void workspace_in_use_outlives_those_not_used(void **state)
{
	struct workspaces *w = workspaces_new(room_for(3) + 3);

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		(void)add(w, 0, i);
	(void)find(w, 0);
	(void)find(w, 5);
	workspaces_trim(w);
	assert_int_equal(held(w), 1U << 9 | 1U << 0 | 1U << 5);
	workspaces_free(&w);
}

static void grown_workspace_counts_when_used_again(void **state)
{
	struct workspaces *w = workspaces_new(room_for(COUNT) + COUNT);
	struct held_workspace *h;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		(void)add(w, 0, i);
	workspaces_trim(w);
	h = find(w, 0);
	for (unsigned i = 0; i < GRANTS; i++)
		workspace_put_grant(&h->workspace,
				    &(struct grant){ .subject = { SUBJECT_USER, id_of(i) } });
	workspaces_trim(w); /* its growth does not count yet */
	assert_non_null(find(w, 1));
	(void)find(w, 0);
	workspaces_trim(w);
	assert_null(find(w, 2));
	workspaces_free(&w);
}

/* Whoever adds one fills it afterwards, and perhaps nobody ever uses it again. */
static void new_workspace_counts_with_what_it_has_got(void **state)
{
	struct workspaces *w = workspaces_new(room_for(COUNT) + COUNT);
	struct held_workspace *h;

	(void)state;
	for (unsigned i = 0; i < COUNT - 1; i++)
		(void)add(w, 0, i);
	workspaces_trim(w);
	h = add(w, 0, COUNT - 1);
	for (unsigned i = 0; i < GRANTS; i++)
		workspace_put_grant(&h->workspace,
				    &(struct grant){ .subject = { SUBJECT_USER, id_of(i) } });
	workspaces_trim(w);
	assert_null(find(w, 0));
	workspaces_free(&w);
}

static void bound_of_nothing_keeps_nothing(void **state)
{
	struct workspaces *w = workspaces_new(0);

	(void)state;
	(void)add(w, 0, 1);
	workspaces_trim(w);
	assert_int_equal(held(w), 0);
	workspaces_trim(w);
	workspaces_free(&w);
}

static void only_one_partition_is_forgotten(void **state)
{
	struct workspaces *w = workspaces_new(room_for(COUNT) + COUNT);

	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		(void)add(w, (int)(i % 3), i);
	workspaces_forget(w, 1);
	assert_int_equal(held(w), 0x36d); /* all but 1, 4, 7 */
	workspaces_forget(w, 1);
	workspaces_forget(w, 0);
	workspaces_forget(w, 2);
	assert_int_equal(held(w), 0);
	workspaces_free(&w);
}

static void forgetting_makes_room(void **state)
{
	struct workspaces *w = workspaces_new(room_for(5) + 5);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		(void)add(w, 0, i);
	workspaces_forget(w, 0);
	for (unsigned i = 5; i < COUNT; i++)
		(void)add(w, 1, i);
	workspaces_trim(w);
	assert_int_equal(held(w), 0x3e0);
	workspaces_free(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(added_workspace_is_found_unregistered),
		cmocka_unit_test(trim_within_the_bound_drops_nothing),
		cmocka_unit_test(oldest_of_those_used_alike_are_dropped_first),
		cmocka_unit_test(workspace_in_use_outlives_those_not_used),
		cmocka_unit_test(grown_workspace_counts_when_used_again),
		cmocka_unit_test(new_workspace_counts_with_what_it_has_got),
		cmocka_unit_test(bound_of_nothing_keeps_nothing),
		cmocka_unit_test(only_one_partition_is_forgotten),
		cmocka_unit_test(forgetting_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
