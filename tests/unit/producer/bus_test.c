/* How a client of Kafka is set up. Nothing is connected to. */

#include "producer/bus.h"

#include "tests/unit/unit.h"

#include <librdkafka/rdkafka.h>

static const struct config_setting *const TABLES[] = { config_shared, NULL };
static const struct bus_setting NONE[] = { { NULL, NULL } };

/* The client's configuration with that line in section [kafka]; its result. */
static int set_up_with(const char *name, const char *value, struct error *err)
{
	struct config *config = config_new(TABLES);
	rd_kafka_conf_t *conf = NULL;
	int rc;

	assert_non_null(config);
	assert_int_equal(config_load_defaults(config, err), 0);
	assert_int_equal(config_add_kafka_line(config, name, value, err), 0);
	rc = bus_conf(&conf, config, NONE, err);
	assert_true(rc ? !conf : conf != NULL);
	if (conf)
		rd_kafka_conf_destroy(conf);
	config_free(&config);
	return rc;
}

static void kafka_settings_are_handed_on(void **state)
{
	static const struct bus_setting good[] = {
		{ "sasl.password", "s3cret@:/" },
		{ "ssl.key.password", "s3cret" },
		{ "security.protocol", "sasl_ssl" },
		{ "bootstrap.servers", "SASL_SSL://one:9093,two:9093" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_int_equal(set_up_with(good[i].name, good[i].value, &err), 0);
}

/* The value may be a password, also where the name is misspelt or that of another setting. */
static void refused_kafka_setting_is_named_without_its_value(void **state)
{
	static const struct bus_setting bad[] = {
		{ "sasl.passwort", "s3cret" },
		{ "S3CRET", "s3cret" },
		{ "security.protocol", "s3cret" },
		{ "ssl.endpoint.identification.algorithm", "s3cret" },
		{ "debug", "all,s3cret" },
		{ "socket.timeout.ms", "s3cret" },
		{ "enable.idempotence", "s3cret" },
		{ "group.protocol.s3cre7", "s3cret" },
		{ "partitioner", "s3cret" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(set_up_with(bad[i].name, bad[i].value, &err), ERROR_USAGE);
		assert_non_null(strstr(err.text, bad[i].name));
		assert_null(strstr(err.text, "s3cret"));
	}
}

/* Addresses stand in messages of ours and of librdkafka's. */
static void brokers_with_a_password_are_refused(void **state)
{
	static const char *const bad[] = { "user:s3cret@one:9092",
					   "one:9092,SASL_SSL://u:s3cret@two", "s3cret@one" };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error err = { 0 };

		assert_int_equal(set_up_with("bootstrap.servers", bad[i], &err), ERROR_USAGE);
		assert_null(strstr(err.text, "s3cret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafka_settings_are_handed_on),
		cmocka_unit_test(refused_kafka_setting_is_named_without_its_value),
		cmocka_unit_test(brokers_with_a_password_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
