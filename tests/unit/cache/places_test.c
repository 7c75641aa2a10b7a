/* Where grants are in their array: the table agrees with a walk through all of them. */

#include "cache/places.h"

#include "tests/unit/unit.h"

enum { SUBJECTS = 400, STEPS = 20000 };

static struct places places;
static struct grant grants[SUBJECTS];
static size_t count;

static int set_up(void **state)
{
	(void)state;
	places = (struct places){ 0 };
	count = 0;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	places_done(&places);
	return 0;
}

static struct subject subject(unsigned n)
{
	return (struct subject){ n % 2 ? SUBJECT_USER : SUBJECT_GROUP,
				 { { (uint8_t)(n / 2), (uint8_t)(n / 2 >> 8) } } };
}

static size_t walk_to(const struct subject *s)
{
	for (size_t i = 0; i < count; i++)
		if (subject_equal(&grants[i].subject, s))
			return i;
	return SIZE_MAX;
}

static void add(unsigned n)
{
	grants[count++] = (struct grant){ .subject = subject(n) };
	places_add(&places, grants, count);
}

static void drop(size_t i)
{
	places_drop(&places, grants, count, i);
	grants[i] = grants[--count];
}

static void assert_agreed(void)
{
	for (unsigned n = 0; n < SUBJECTS; n++) {
		struct subject s = subject(n);

		assert_int_equal(places_find(&places, grants, count, &s), walk_to(&s));
	}
}

static void nothing_is_found_in_an_empty_array(void **state)
{
	(void)state;
	assert_agreed();
	assert_int_equal(places_memory(&places), 0);
}

static void each_subject_is_found_however_many_there_are(void **state)
{
	(void)state;
	for (unsigned n = 0; n < SUBJECTS; n++) {
		add(n);
		assert_agreed();
	}
	assert_true(places_memory(&places) >= (size_t)2 * SUBJECTS * sizeof(uint32_t));
}

static void dropped_subjects_are_gone_and_the_others_are_found(void **state)
{
	(void)state;
	for (unsigned n = 0; n < SUBJECTS; n++)
		add(n);
	while (count) {
		drop(count / 3);
		assert_agreed();
	}
}

/* A step toggles one subject; the generator is the one that C's standard shows. */
static void coming_and_going_leaves_the_right_places(void **state)
{
	uint32_t random = 1;

	(void)state;
	for (int i = 0; i < STEPS; i++) {
		struct subject s;
		size_t at;

		random = random * 1103515245U + 12345U;
		s = subject((random >> 16) % SUBJECTS);
		at = walk_to(&s);
		assert_int_equal(places_find(&places, grants, count, &s), at);
		if (at == SIZE_MAX)
			add((random >> 16) % SUBJECTS);
		else
			drop(at);
	}
	assert_agreed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_found_in_an_empty_array),
		TEST(each_subject_is_found_however_many_there_are),
		TEST(dropped_subjects_are_gone_and_the_others_are_found),
		TEST(coming_and_going_leaves_the_right_places),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
