/*
 * The topics of a deployment, as the design lists them.
 */

#include "schemas/bounds.h"

#include "schemas/topics.h"
#include "tests/unit/unit.h"

#define DAYS_7  "604800000"
#define DAYS_30 "2592000000"

static const struct {
	const char *name;
	const char *cleanup;
	const char *retention; /* NULL: none */
	enum topic topic;
	int partitions; /* of a deployment of 12 */
} TOPICS[] = {
	{ "sharing.commands", "delete", DAYS_7, TOPIC_COMMANDS, 12 },
	{ "sharing.directory", "compact", NULL, TOPIC_DIRECTORY, 1 },
	{ "sharing.events", "delete", DAYS_30, TOPIC_EVENTS, 12 },
	{ "sharing.notifications", "delete", DAYS_7, TOPIC_NOTIFICATIONS, 12 },
	{ "sharing.handoffs", "delete", DAYS_30, TOPIC_HANDOFFS, 12 },
	{ "sharing.grants", "compact", NULL, TOPIC_GRANTS, 12 },
	{ "sharing.deadletter", "delete", DAYS_30, TOPIC_DEADLETTER, 12 },
};

enum { ROWS = sizeof(TOPICS) / sizeof(*TOPICS) };

/* The value of a topic's setting, or NULL. */
static const char *setting_of(enum topic topic, const char *name)
{
	const struct topic_setting *s = topic_settings(topic);

	for (int i = 0; i < TOPIC_SETTINGS_MAX && s[i].name; i++)
		if (strcmp(s[i].name, name) == 0)
			return s[i].value;
	return NULL;
}

static void assert_setting(enum topic topic, const char *name, const char *wanted)
{
	const char *value = setting_of(topic, name);

	if (wanted) {
		assert_non_null(value);
		assert_string_equal(value, wanted);
	} else {
		assert_null(value);
	}
}

static void topics_are_those_of_the_design(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		assert_string_equal(topic_name(TOPICS[i].topic), TOPICS[i].name);
}

static void every_topic_but_the_directory_has_all_partitions(void **state)
{
	(void)state;
	assert_int_equal(PARTITIONS_DEFAULT, 12);
	for (int i = 0; i < ROWS; i++)
		assert_int_equal(topic_partitions(TOPICS[i].topic, PARTITIONS_DEFAULT),
				 TOPICS[i].partitions);
}

static void cleanup_and_retention_are_those_of_the_design(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++) {
		assert_setting(TOPICS[i].topic, "cleanup.policy", TOPICS[i].cleanup);
		assert_setting(TOPICS[i].topic, "retention.ms", TOPICS[i].retention);
	}
}

static void only_commands_carry_the_time_of_the_broker(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		assert_setting(TOPICS[i].topic, "message.timestamp.type",
			       TOPICS[i].topic == TOPIC_COMMANDS ? "LogAppendTime" : NULL);
}

/* A record of 250,000 ids in text, and its frame and headers. */
static void largest_group_fits_into_the_directory(void **state)
{
	const char *max = setting_of(TOPIC_DIRECTORY, "max.message.bytes");

	(void)state;
	assert_non_null(max);
	assert_true(strtol(max, NULL, 10) > GROUP_MEMBERS_MAX * (UUID_TEXT_LEN + 1L) + 65536);
}

static void settings_end_within_their_array(void **state)
{
	(void)state;
	for (int i = 0; i < ROWS; i++)
		assert_null(topic_settings(TOPICS[i].topic)[TOPIC_SETTINGS_MAX - 1].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(topics_are_those_of_the_design),
		cmocka_unit_test(every_topic_but_the_directory_has_all_partitions),
		cmocka_unit_test(cleanup_and_retention_are_those_of_the_design),
		cmocka_unit_test(only_commands_carry_the_time_of_the_broker),
		cmocka_unit_test(largest_group_fits_into_the_directory),
		cmocka_unit_test(settings_end_within_their_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
