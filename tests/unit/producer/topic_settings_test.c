/* Which settings of topics are faults, and what is said of them. */

#include "producer/topic_settings.h"

#include "tests/unit/unit.h"

#include <stdio.h>

/* All topics as `sharebus topics create` makes them. */
static struct topics_found as_created(void)
{
	struct topics_found found = { 0 };

	for (int t = 0; t < TOPIC_COUNT; t++) {
		const struct topic_setting *s = topic_settings((enum topic)t);

		for (int i = 0; s[i].name; i++)
			(void)snprintf(found.list[t].values[i], TOPIC_VALUE_SIZE, "%s", s[i].value);
	}
	return found;
}

static void set_value(struct topics_found *found, enum topic topic, const char *name,
		      const char *value)
{
	const struct topic_setting *s = topic_settings(topic);

	for (int i = 0; s[i].name; i++)
		if (strcmp(s[i].name, name) == 0)
			(void)snprintf(found->list[topic].values[i], TOPIC_VALUE_SIZE, "%s", value);
}

static void topics_as_created_have_no_fault(void **state)
{
	struct topics_found found = as_created();
	struct topic_fault faults[TOPIC_FAULTS_MAX];

	(void)state;
	assert_int_equal(topics_judge(&found, faults), 0);
}

static void what_is_not_known_is_no_fault(void **state)
{
	struct topics_found found = { 0 };
	struct topic_fault faults[TOPIC_FAULTS_MAX];

	(void)state;
	assert_int_equal(topics_judge(&found, faults), 0);
}

enum verdict { FINE, SLIGHT, GRAVE };

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the rows read as sentences */
static const struct {
	enum topic topic;
	const char *name;
	const char *value;
	enum verdict is;
} VALUES[] = {
	{ TOPIC_COMMANDS, "cleanup.policy", "compact", GRAVE },
	{ TOPIC_COMMANDS, "cleanup.policy", "delete,compact", GRAVE },
	{ TOPIC_COMMANDS, "message.timestamp.type", "CreateTime", GRAVE },
	{ TOPIC_COMMANDS, "retention.ms", "1000", FINE },
	{ TOPIC_DIRECTORY, "cleanup.policy", "delete", GRAVE },
	{ TOPIC_DIRECTORY, "cleanup.policy", "compact,delete", GRAVE },
	{ TOPIC_DIRECTORY, "max.message.bytes", "1048588", SLIGHT },
	{ TOPIC_DIRECTORY, "max.message.bytes", "16777217", FINE },
	{ TOPIC_DIRECTORY, "max.message.bytes", "much", SLIGHT },
	{ TOPIC_EVENTS, "cleanup.policy", "compact", GRAVE },
	{ TOPIC_EVENTS, "retention.ms", "-1", FINE },
	{ TOPIC_NOTIFICATIONS, "cleanup.policy", "compact", GRAVE },
	{ TOPIC_NOTIFICATIONS, "retention.ms", "1", FINE },
	{ TOPIC_HANDOFFS, "cleanup.policy", "compact", GRAVE },
	{ TOPIC_GRANTS, "cleanup.policy", "delete", GRAVE },
	{ TOPIC_GRANTS, "cleanup.policy", "delete,compact", GRAVE },
	{ TOPIC_DEADLETTER, "cleanup.policy", "compact", GRAVE },
	{ TOPIC_DEADLETTER, "max.message.bytes", "67108863", SLIGHT },
};

static void only_what_guarantees_rest_on_is_grave(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VALUES) / sizeof(VALUES[0]); i++) {
		struct topics_found found = as_created();
		struct topic_fault faults[TOPIC_FAULTS_MAX];

		set_value(&found, VALUES[i].topic, VALUES[i].name, VALUES[i].value);
		assert_int_equal(topics_judge(&found, faults), VALUES[i].is != FINE);
		if (VALUES[i].is == FINE)
			continue;
		assert_int_equal(faults[0].topic, VALUES[i].topic);
		assert_string_equal(faults[0].is, VALUES[i].value);
		assert_int_equal(topic_fault_is_grave(&faults[0]), VALUES[i].is == GRAVE);
	}
}

static void each_fault_is_listed(void **state)
{
	struct topics_found found = as_created();
	struct topic_fault faults[TOPIC_FAULTS_MAX];

	(void)state;
	for (int t = 0; t < TOPIC_COUNT; t++)
		set_value(&found, (enum topic)t, "cleanup.policy", "delete,compact");
	set_value(&found, TOPIC_COMMANDS, "message.timestamp.type", "CreateTime");
	assert_int_equal(topics_judge(&found, faults), TOPIC_COUNT + 1);
}

static void sentence_names_topic_setting_and_remedy(void **state)
{
	struct topics_found found = as_created();
	struct topic_fault faults[TOPIC_FAULTS_MAX];
	char text[ERROR_TEXT_SIZE];

	(void)state;
	set_value(&found, TOPIC_GRANTS, "cleanup.policy", "delete");
	assert_int_equal(topics_judge(&found, faults), 1);
	topic_fault_describe(&faults[0], text);
	assert_string_equal(text,
			    "topic sharing.grants has cleanup.policy=delete, but must have "
			    "compact; set it with `kafka-configs --bootstrap-server HOST:PORT "
			    "--alter --entity-type topics --entity-name sharing.grants "
			    "--add-config cleanup.policy=compact`");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topics_as_created_have_no_fault),
		cmocka_unit_test(what_is_not_known_is_no_fault),
		cmocka_unit_test(only_what_guarantees_rest_on_is_grave),
		cmocka_unit_test(each_fault_is_listed),
		cmocka_unit_test(sentence_names_topic_setting_and_remedy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
