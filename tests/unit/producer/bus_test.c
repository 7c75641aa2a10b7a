/* How a client of Kafka is set up. Nothing is connected to. */

#include "producer/bus.h"

#include "ops/support/kafka_guard.h"
#include "ops/support/settings.h"

#include "tests/unit/unit.h"

#include <librdkafka/rdkafka.h>

static const struct config_setting *const TABLES[] = { settings_shared, NULL };
static const struct bus_setting NONE[] = { { NULL, NULL } };

/* The client's configuration with that line in section [kafka]; its result. */
static int set_up_with(const char *name, const char *value, struct error *err)
{
	struct config *config = config_new(TABLES);
	rd_kafka_conf_t *conf = NULL;
	int rc;

	assert_non_null(config);
	assert_int_equal(config_load_defaults(config, err), 0);
	rc = config_add_kafka_line(config, name, value, err);
	if (!rc) {
		struct error checked = { 0 };

		rc = bus_conf(&conf, config, NONE, err);
		/* What bus_conf() has beyond the lines is the brokers. */
		assert_true(bus_check(config, &checked) == rc || strstr(err->text, "brokers"));
	}
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

static void setting_of_ours_is_told_where_it_belongs(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(set_up_with("keys-file", "s3cret", &err), ERROR_USAGE);
	assert_string_equal(err.text, "keys-file is a setting of sharebus; put it before the line "
				      "[kafka]");
	assert_int_equal(set_up_with("keys.file", "s3cret", &err), ERROR_USAGE);
	assert_non_null(strstr(err.text, "there is no Kafka setting keys.file; "));
}

/*
 * A name that librdkafka does not know guards nothing. Those of later versions need not be
 * known to the one that we are built with.
 */
static void guarded_settings_are_librdkafkas(void **state)
{
	static const char *const later[] = { "group.protocol", "group.remote.assignor" };
	const char *name;

	(void)state;
	for (size_t i = 0; (name = kafka_guard_name(i)); i++) {
		rd_kafka_conf_t *conf = rd_kafka_conf_new();
		rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, "s3cret", NULL, 0);

		for (size_t j = 0; j < sizeof(later) / sizeof(later[0]); j++)
			if (strcmp(name, later[j]) == 0)
				result = RD_KAFKA_CONF_OK;
		if (result == RD_KAFKA_CONF_UNKNOWN)
			fail_msg("librdkafka has no setting %s", name);
		rd_kafka_conf_destroy(conf);
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

/* What becomes of that setting when section [kafka] has the brokers and, unless it is NULL, this line. */
static rd_kafka_conf_res_t get_with(const char *name, const char *line, char *out, size_t size)
{
	struct config *config = config_new(TABLES);
	struct error err = { 0 };
	rd_kafka_conf_t *conf = NULL;
	rd_kafka_conf_res_t result;

	assert_non_null(config);
	assert_int_equal(config_load_defaults(config, &err), 0);
	assert_int_equal(config_add_kafka_line(config, "bootstrap.servers", "one:9092", &err), 0);
	if (line)
		assert_int_equal(config_add_kafka_line(config, name, line, &err), 0);
	assert_int_equal(bus_conf(&conf, config, NONE, &err), 0);
	result = rd_kafka_conf_get(conf, name, out, &size);
	rd_kafka_conf_destroy(conf);
	config_free(&config);
	return result;
}

static void client_reports_no_figures_to_brokers_unless_told_to(void **state)
{
	enum { HAS_FIGURES = 0x02050000 };
	static const char name[] = "enable.metrics.push";
	char value[16];

	(void)state;
	if (rd_kafka_version() < HAS_FIGURES) {
		assert_int_equal(get_with(name, NULL, value, sizeof(value)), RD_KAFKA_CONF_UNKNOWN);
		return;
	}
	assert_int_equal(get_with(name, NULL, value, sizeof(value)), RD_KAFKA_CONF_OK);
	assert_string_equal(value, "false");
	assert_int_equal(get_with(name, "true", value, sizeof(value)), RD_KAFKA_CONF_OK);
	assert_string_equal(value, "true");
}

static void reports_of_all_clients_about_one_thing_have_one_gist(void **state)
{
	static const char *const reports[] = {
		"[thrd:127.0.0.1:1/bootstrap]: 127.0.0.1:1/1: Connect to ipv4#127.0.0.1:1 failed: "
		"refused (after 0ms in state CONNECT)",
		"[thrd:app]: sharebus#producer-6: 127.0.0.1:1/1: Connect to ipv4#127.0.0.1:1 "
		"failed: "
		"refused (after 3ms in state CONNECT, 1 identical error(s) suppressed)",
		"127.0.0.1:1/1: Connect to ipv4#127.0.0.1:1 failed: refused",
	};
	char gist[BUS_GIST_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(reports) / sizeof(reports[0]); i++) {
		bus_gist(reports[i], gist);
		assert_string_equal(gist, reports[2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(kafka_settings_are_handed_on),
		cmocka_unit_test(reports_of_all_clients_about_one_thing_have_one_gist),
		cmocka_unit_test(refused_kafka_setting_is_named_without_its_value),
		cmocka_unit_test(setting_of_ours_is_told_where_it_belongs),
		cmocka_unit_test(guarded_settings_are_librdkafkas),
		cmocka_unit_test(brokers_with_a_password_are_refused),
		cmocka_unit_test(client_reports_no_figures_to_brokers_unless_told_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
