/* The search for the end of a batch, of which only the beginning is known. */

#include "consumer/prober.h"

#include "tests/unit/unit.h"

/* The end that is found of a batch of `count` offsets from `first` on; counts the questions. */
static int64_t search_end(int64_t first, int64_t count, int64_t log_end, int *questions)
{
	struct probe_search s = probe_search_begin(first, log_end);

	for (*questions = 0; !probe_search_is_over(&s); ++*questions) {
		int64_t asked = probe_search_next(&s);

		assert_true(asked > first && asked < log_end);
		probe_search_note(&s, asked, asked < first + count);
	}
	return s.outside;
}

static int log2_of(int64_t n)
{
	int log = 0;

	while (n > 1) {
		n /= 2;
		log++;
	}
	return log;
}

static void end_of_every_batch_is_found(void **state)
{
	(void)state;
	for (int64_t after = 0; after <= 70; after++) {
		for (int64_t count = 1; count <= 70; count++) {
			int questions;

			assert_int_equal(search_end(1000, count, 1000 + count + after, &questions),
					 1000 + count);
		}
	}
}

static void questions_grow_with_the_logarithm_of_the_batch(void **state)
{
	static const int64_t counts[] = { 1, 2, 3, 100, 4096, 1000000, 14000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		int questions;

		assert_int_equal(search_end(7, counts[i], INT64_MAX, &questions), 7 + counts[i]);
		assert_true(questions <= 2 * log2_of(counts[i]) + 2);
	}
}

static void last_record_of_the_log_needs_no_question(void **state)
{
	int questions;

	(void)state;
	assert_int_equal(search_end(41, 1, 42, &questions), 42);
	assert_int_equal(questions, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(end_of_every_batch_is_found),
		cmocka_unit_test(questions_grow_with_the_logarithm_of_the_batch),
		cmocka_unit_test(last_record_of_the_log_needs_no_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
