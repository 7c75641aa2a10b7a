/* What is an address of Redis. Nothing is connected to. */

#include "cache/redis.h"

#include "tests/unit/unit.h"

static void addresses_are_kept_as_they_were_given(void **state)
{
	static const char *const good[] = { "127.0.0.1:6379", "redis.example.org:1", "[::1]:6379",
					    "::1:6379", "/run/redis/a@b.sock" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct redis *r = NULL;

		assert_int_equal(redis_new(&r, good[i], 1, &err), 0);
		assert_string_equal(redis_address(r), good[i]);
		redis_free(&r);
	}
}

/* Each has a password where people put one. */
static void text_that_is_no_address_is_not_repeated(void **state)
{
	static const char *const bad[] = {
		"redis://:s3cret@127.0.0.1:6379",
		"redis://:s3cret@127.0.0.1:6379/0",
		"redis://user:s3cret@[::1]:6379",
		"s3cret@127.0.0.1:6379",
		"127.0.0.1:6379/?password=s3cret",
		"127.0.0.1:s3cret",
		"s3cret",
		":s3cret",
		"s3cret:65536",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct redis *r = NULL;
		struct error err = { 0 };

		assert_int_equal(redis_new(&r, bad[i], 1, &err), ERROR_USAGE);
		assert_null(r);
		assert_non_null(strstr(err.text, "host:port"));
		assert_null(strstr(err.text, "s3cret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_kept_as_they_were_given),
		cmocka_unit_test(text_that_is_no_address_is_not_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
