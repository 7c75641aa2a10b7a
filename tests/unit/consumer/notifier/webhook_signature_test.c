/* Signatures of webhooks: the published vectors of Standard Webhooks, and secrets that are none. */

#include "consumer/notifier/webhook_signature.h"

#include "tests/unit/unit.h"

static char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static char shortest[] = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static const struct webhook_content content = {
	{ (const uint8_t *)"msg_p5jXN8AQM9LWM0D4loKWxJek", 28 },
	1614265330,
	{ (const uint8_t *)"{\"test\": 2432232314}", 20 },
};

static void published_vector_holds(void **state)
{
	char *secrets[] = { secret };
	struct bytes out = { 0 };

	assert_int_equal(webhook_sign(secrets, 1, &content, *state, &out, NULL), 0);
	assert_string_equal(text_of(out), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void two_secrets_give_two_signatures_in_their_order(void **state)
{
	char *secrets[] = { shortest, secret };
	struct bytes out = { 0 };

	assert_int_equal(webhook_sign(secrets, 2, &content, *state, &out, NULL), 0);
	assert_non_null(strstr(text_of(out), " v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
	assert_int_equal(out.len, strlen("v1, v1,") + 88);
}

static void what_is_no_secret_is_refused_and_not_told(void **state)
{
	static const struct {
		const char *secret;
		const char *part;
	} cases[] = {
		{ "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "must begin with whsec_" },
		{ "", "must begin with whsec_" },
		{ "whsec_", "24 to 64 bytes, not 0" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", "must be base64" },
		{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS\n", "must be base64" },
		{ "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "24 to 64 bytes, not 23" },
		{ "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		  "AAAAAAAAAAAAAAAAAAAAAAAAAAA=",
		  "24 to 64 bytes, not 65" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];
		char *secrets[] = { secret, text };
		struct bytes out = bytes_of("untouched");
		struct error err = { 0 };

		memcpy(text, cases[i].secret, strlen(cases[i].secret) + 1);
		assert_int_equal(webhook_sign(secrets, 2, &content, *state, &out, &err),
				 ERROR_USAGE);
		if (!strstr(err.text, cases[i].part))
			fail_msg("%zu: %s", i, err.text);
		assert_null(strstr(err.text, "MfKQ9"));
		assert_string_equal(text_of(out), "untouched");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ARENA_TEST(published_vector_holds),
		ARENA_TEST(two_secrets_give_two_signatures_in_their_order),
		ARENA_TEST(what_is_no_secret_is_refused_and_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
