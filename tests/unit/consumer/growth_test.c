/*
 * What commands cost as they and the workspace grow: four times as many grants may
 * take little more than four times as long, not sixteen times. What is compared is
 * this process's processor time, so other processes do not matter.
 */

#include "cache/apply.h"
#include "ops/support/memory.h"
#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

#include <time.h>

enum {
	FEW = 8000,
	TIMES = 4,
	RATIO_MAX = 11, /* 16 would be quadratic, and n log n is 4.7 */
	TRIES = 3,
};

static struct scene s;
static struct apply apply;

static struct subject nth_user(size_t n)
{
	struct subject out = { SUBJECT_USER, { { 0xee } } };

	memcpy(out.id.bytes + 1, &n, sizeof(n));
	return out;
}

static void open_scene(size_t count)
{
	struct membership home;
	struct record r = { .type = RECORD_USER_CHANGED };

	scene_open(&s);
	s.message = (struct bytes){ 0 };
	s.world.limits.grants_per_workspace = (size_t)TIMES * FEW;
	home = (struct membership){ id_of(ACME), ORGANIZATION_MEMBER };
	r.as.user_changed = (struct user_changed){ .username = bytes_of("one of many"),
						   .name = bytes_of(""),
						   .email = bytes_of(""),
						   .organizations = &home,
						   .organization_count = 1 };
	for (size_t i = 0; i < count; i++) {
		r.as.user_changed.id = nth_user(i).id;
		(void)directory_put(s.directory, &r, NULL);
	}
}

static void write_workspace(const struct decision *d)
{
	struct touched t = { .workspace = &s.workspace };
	struct keys keys;
	struct mark mark = { 0 };

	apply_init(&apply);
	keys_init(&keys, "sb", 0);
	apply_begin(&apply, &keys, &mark, 1);
	for (size_t i = 0; i < d->change_count; i++)
		touched_subject(&t, &d->changes[i].subject, &s.arena);
	apply_workspace(&apply, &t);
	apply_done(&apply);
}

/* Shares with so many users by one command, and names each twice. */
static void share_with(size_t count)
{
	struct grant_wish *wishes = memory_zalloc(count, sizeof(*wishes));

	for (size_t i = 0; i < count; i++)
		wishes[i] = wish(nth_user(i % (count / 2)), ROLE_USE);
	assert_applied(share(&s, actor(ALICE), wishes, count), count / 2);
	assert_true(fold(&s));
	write_workspace(&s.decision);
	free(wishes);
}

/* Takes the grants of so many users by one command, which names each twice. */
static void remove_from(size_t count)
{
	struct subject *subjects = memory_zalloc(count, sizeof(*subjects));

	for (size_t i = 0; i < count; i++)
		subjects[i] = nth_user(i % (count / 2));
	assert_applied(unshare(&s, actor(ALICE), REASON_COMMAND, subjects, count), count / 2);
	assert_true(fold(&s));
	write_workspace(&s.decision);
	free(subjects);
}

/* Processor time of sharing with so many, or of taking that away. */
static double cost_of(size_t count, bool sharing)
{
	clock_t begin;
	clock_t end;

	open_scene(count);
	begin = clock();
	share_with(count);
	end = clock();
	if (!sharing) {
		s.command.command_id.bytes[15] ^= 1;
		begin = clock();
		remove_from(count);
		end = clock();
	}
	scene_close(&s);
	return (double)(end - begin) / CLOCKS_PER_SEC;
}

static double least_cost(size_t count, bool sharing)
{
	double least = cost_of(count, sharing);

	for (int i = 1; i < TRIES; i++) {
		double cost = cost_of(count, sharing);

		least = cost < least ? cost : least;
	}
	return least;
}

static void assert_not_quadratic(bool sharing)
{
	double few = least_cost(FEW, sharing);
	double many = least_cost((size_t)TIMES * FEW, sharing);

	if (many > few * RATIO_MAX)
		fail_msg("%d take %.4f s, %d take %.4f s: %.1f times as long", FEW, few,
			 TIMES * FEW, many, many / few);
}

static void sharing_with_many_is_not_quadratic(void **state)
{
	(void)state;
	assert_not_quadratic(true);
}

static void removing_many_is_not_quadratic(void **state)
{
	(void)state;
	assert_not_quadratic(false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sharing_with_many_is_not_quadratic),
		cmocka_unit_test(removing_many_is_not_quadratic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
