/* What section [kafka] must not have, and what it may. That the names are librdkafka's: bus_test.c. */

#include "ops/support/kafka_guard.h"

#include "tests/unit/unit.h"

static void what_guarantees_rest_on_is_refused_with_a_reason(void **state)
{
	static const char *const names[] = {
		"isolation.level",
		"partition.assignment.strategy",
		"transactional.id",
		"transaction.timeout.ms",
		"enable.idempotence",
		"partitioner",
		"enable.partition.eof",
		"acks",
		"request.required.acks",
		"enable.auto.commit",
		"enable.auto.offset.store",
		"auto.offset.reset",
		"group.id",
		"group.instance.id",
		"message.max.bytes",
		"max.in.flight",
		"max.in.flight.requests.per.connection",
		"queuing.strategy",
		"message.timeout.ms",
		"delivery.timeout.ms",
		"retries",
		"client.id",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_non_null(kafka_guard_reason(names[i]));
}

static void what_operators_need_is_left_to_them(void **state)
{
	static const char *const names[] = {
		"security.protocol", "ssl.ca.location",    "sasl.password",
		"bootstrap.servers", "socket.timeout.ms",  "compression.type",
		"client.rack",       "session.timeout.ms", "debug",
		"no.such.setting"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(kafka_guard_reason(names[i]));
}

/* A second row would never be found, and a reason must follow "… must not be set: ". */
static void each_name_stands_once_with_a_clause(void **state)
{
	const char *name;

	(void)state;
	for (size_t i = 0; (name = kafka_guard_name(i)); i++) {
		const char *reason = kafka_guard_reason(name);

		assert_true(reason && reason[0] && reason[strlen(reason) - 1] != '.');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(name, kafka_guard_name(j));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_guarantees_rest_on_is_refused_with_a_reason),
		cmocka_unit_test(what_operators_need_is_left_to_them),
		cmocka_unit_test(each_name_stands_once_with_a_clause),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
