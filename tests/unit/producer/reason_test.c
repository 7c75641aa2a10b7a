/* Why brokers do not serve a client, from what librdkafka logs. */

#include "producer/reason.h"

#include "tests/unit/unit.h"

#include <librdkafka/rdkafka.h>

enum { ERROR_LEVEL = 3, WARNING_LEVEL = 4, INFO_LEVEL = 6 };

static void a_reason_is_what_is_left_of_the_line(void **state)
{
	static const struct {
		const char *line;
		const char *reason;
	} cases[] = {
		{ "[thrd:sasl_plaintext://127.0.0.1:29092/bootstrap]: "
		  "sasl_plaintext://127.0.0.1:29092/bootstrap: SASL authentication error: "
		  "Authentication failed: Invalid username or password (after 310ms in state "
		  "AUTH_REQ)",
		  "SASL authentication error: Authentication failed: Invalid username or "
		  "password" },
		{ "[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/bootstrap: Connect to "
		  "ipv4#127.0.0.1:1 "
		  "failed: Connection refused (after 0ms in state CONNECT)",
		  "Connect to ipv4#127.0.0.1:1 failed: Connection refused" },
		{ "[thrd:nohost.example:9092/bootstrap]: nohost.example:9092/bootstrap: Failed to "
		  "resolve 'nohost.example:9092': Name or service not known (after 3ms in state "
		  "CONNECT)",
		  "Failed to resolve 'nohost.example:9092': Name or service not known" },
		{ "[thrd:app]: 3/3 brokers are down", "3/3 brokers are down" },
		{ "why: not", "why: not" },
		{ "", "" },
	};
	char out[REASON_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		reason_clean(out, cases[i].line);
		assert_string_equal(out, cases[i].reason);
	}
}

static void connection_that_is_closed_at_once_has_a_likely_reason(void **state)
{
	static const char name;
	const struct rd_kafka_s *rk = (const struct rd_kafka_s *)(const void *)&name;
	char out[REASON_SIZE];

	(void)state;
	reason_note(rk, INFO_LEVEL, "FAIL", "h:1: Disconnected (after 9ms in state UP)");
	assert_false(reason_take(rk, out));
	reason_note(rk, INFO_LEVEL, "FAIL",
		    "h:1: Disconnected: connection closed by peer (after 3ms in state "
		    "APIVERSION_QUERY)");
	assert_true(reason_take(rk, out));
	assert_non_null(strstr(out, "security.protocol"));
	reason_forget(rk);
}

static const struct rd_kafka_s *client(const char *p)
{
	return (const struct rd_kafka_s *)(const void *)p;
}

static void each_client_has_its_own_until_it_is_gone(void **state)
{
	static const char names[40];
	char out[REASON_SIZE];

	(void)state;
	assert_false(reason_take(client(&names[0]), out));
	reason_note(client(&names[0]), ERROR_LEVEL, "FAIL", "one");
	reason_note(client(&names[1]), ERROR_LEVEL, "FAIL", "two");
	reason_note(client(&names[1]), WARNING_LEVEL, "FAIL", "a warning");
	reason_note(client(&names[1]), ERROR_LEVEL, "GETPID", "of another kind");
	assert_true(reason_take(client(&names[0]), out));
	assert_string_equal(out, "one");
	assert_true(reason_take(client(&names[1]), out));
	assert_string_equal(out, "two");
	reason_forget(client(&names[0]));
	assert_false(reason_take(client(&names[0]), out));
	for (size_t i = 0; i < sizeof(names); i++) /* more than there is room for */
		reason_note(client(&names[i]), ERROR_LEVEL, "FAIL", "many");
	assert_true(reason_take(client(&names[1]), out));
	assert_string_equal(out, "many");
	for (size_t i = 0; i < sizeof(names); i++)
		reason_forget(client(&names[i]));
}

static void scram_that_is_refused_may_be_too_old(void **state)
{
	static const char name;
	char out[REASON_SIZE];

	(void)state;
	reason_note(client(&name), ERROR_LEVEL, "FAIL",
		    "h:1: SASL authentication error: Authentication failed during authentication "
		    "due to invalid credentials with SASL mechanism SCRAM-SHA-512 (after 3ms in "
		    "state AUTH_REQ)");
	assert_true(reason_take(client(&name), out));
	assert_non_null(strstr(out, "invalid credentials with SASL mechanism SCRAM-SHA-512"));
	assert_int_equal(strstr(out, "cannot do SCRAM, and 2.6.1 can") != NULL,
			 rd_kafka_version() < 0x020601ff);
	reason_forget(client(&name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reason_is_what_is_left_of_the_line),
		cmocka_unit_test(connection_that_is_closed_at_once_has_a_likely_reason),
		cmocka_unit_test(each_client_has_its_own_until_it_is_gone),
		cmocka_unit_test(scram_that_is_refused_may_be_too_old),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
