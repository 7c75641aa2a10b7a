/* Base64, with the vectors of RFC 4648 section 10. */

#include "ops/support/base64.h"

#include "tests/unit/unit.h"

static void published_vectors_hold_both_ways(void **state)
{
	static const char *const vectors[][2] = {
		{ "", "" },
		{ "f", "Zg==" },
		{ "fo", "Zm8=" },
		{ "foo", "Zm9v" },
		{ "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" },
		{ "foobar", "Zm9vYmFy" },
	};

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct bytes text = base64_encode(bytes_of(vectors[i][0]), *state);
		struct bytes back = { 0 };

		assert_string_equal(text_of(text), vectors[i][1]);
		assert_true(base64_decode(text, *state, &back));
		assert_true(bytes_equal_text(back, vectors[i][0]));
	}
}

static void every_byte_comes_back(void **state)
{
	uint8_t all[256];
	struct bytes back = { 0 };

	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(255 - i);
	for (size_t len = 0; len <= sizeof(all); len++) {
		struct bytes text = base64_encode((struct bytes){ all, len }, *state);

		assert_int_equal(text.len, base64_len(len));
		assert_true(base64_decode(text, *state, &back));
		assert_true(bytes_equal(back, (struct bytes){ all, len }));
	}
}

static void anything_else_is_refused(void **state)
{
	static const char *const wrong[] = {
		"Zg",   "Zg=",    "Zg===", "Z===", "====", "Zh==",
		"Zm9=", "Zm9v\n", "Zm-_",  "Zm 9", "=Zg=", "Zg==Zg==",
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct bytes out = bytes_of("untouched");

		assert_false(base64_decode(bytes_of(wrong[i]), *state, &out));
		assert_true(bytes_equal_text(out, "untouched"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(published_vectors_hold_both_ways),
		ARENA_TEST(every_byte_comes_back),
		ARENA_TEST(anything_else_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
