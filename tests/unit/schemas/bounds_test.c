/*
 * What comes in is held to its bounds, and the topics take what may go out. Each
 * table has both sides of a bound.
 */

#include "schemas/bounds.h"

#include "schemas/topics.h"
#include "tests/unit/unit.h"

static uint8_t text[TEXT_BYTES_MAX + 1];

static struct bytes long_text(size_t len)
{
	memset(text, 'x', sizeof(text));
	return (struct bytes){ text, len };
}

typedef int check_fn(const struct record *r, struct error *err);

/* Passes, or is refused with a sentence that contains `part`. */
static void assert_check(check_fn *check, const struct record *r, const char *part)
{
	struct error err = { 0 };
	int rc = check(r, &err);

	if (!part) {
		if (rc)
			fail_msg("refused: %s", err.text);
		return;
	}
	assert_int_equal(rc, ERROR_INPUT);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" lacks \"%s\"", err.text, part);
}

static const struct {
	int64_t ms;
	bool good;
} times[] = {
	{ INT64_MIN, false },
	{ INT64_MIN + 1, false },
	{ -1, false },
	{ 0, true },
	{ 1795512600002, true },
	{ TIME_MAX_MS, true },
	{ TIME_MAX_MS + 1, false },
	{ INT64_MAX, false },
};

static struct record share_until(struct grant_wish *wish, int64_t issued_at)
{
	struct record r = { .type = RECORD_SHARE_WORKSPACE };

	r.as.share_workspace = (struct share_workspace){
		.command = { .issued_at = issued_at,
			     .expected_version = ABSENT,
			     .directory_offset = ABSENT },
		.grants = wish,
		.grant_count = 1,
	};
	return r;
}

static void times_lie_between_1970_and_9999(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++) {
		int64_t ms = times[i].ms;
		bool good = times[i].good;
		struct grant_wish wish = { .expires_at = ms };
		struct record r = share_until(&wish, 0);

		assert_int_equal(bounds_time(ms), good);
		if (ms != ABSENT) /* which the codec never gives for a time that is there */
			assert_check(bounds_check_command, &r, good ? NULL : "expires_at");
		wish.expires_at = ABSENT;
		r = share_until(&wish, ms);
		assert_check(bounds_check_command, &r, good ? NULL : "issued_at");
		r = (struct record){ .type = RECORD_WORKSPACE_CHANGED,
				     .as.workspace_changed.changed_at = ms };
		assert_check(bounds_check_fact, &r, good ? NULL : "changed_at");
		r = (struct record){ .type = RECORD_WORKSPACE_DELETED,
				     .as.workspace_deleted.deleted_at = ms };
		assert_check(bounds_check_fact, &r, good ? NULL : "deleted_at");
	}
}

static void versions_and_offsets_are_not_negative(void **state)
{
	static const struct {
		int64_t value;
		bool good;
	} cases[] = { { ABSENT, true },
		      { ABSENT + 1, false },
		      { -1, false },
		      { 0, true },
		      { INT64_MAX, true } };
	struct grant_wish wish = { .expires_at = ABSENT };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct record r = share_until(&wish, 0);

		r.as.share_workspace.command.expected_version = cases[i].value;
		assert_check(bounds_check_command, &r, cases[i].good ? NULL : "expected_version");
		r = share_until(&wish, 0);
		r.as.share_workspace.command.directory_offset = cases[i].value;
		assert_check(bounds_check_command, &r, cases[i].good ? NULL : "directory_offset");
	}
}

static void removal_names_no_more_than_a_workspace_may_have(void **state)
{
	struct record r = { .type = RECORD_REMOVE_SHARING };

	(void)state;
	r.as.remove_sharing.subject_count = GRANTS_MAX;
	assert_check(bounds_check_command, &r, NULL);
	r.as.remove_sharing.subject_count = GRANTS_MAX + 1;
	assert_check(bounds_check_command, &r, "it has 100001 subjects; at most 100000");
}

/* Each text of each record, at its bound and one byte beyond. */
static void texts_have_bounds(void **state)
{
	static const struct {
		enum record_type type;
		size_t offset;
		size_t max;
		const char *part;
	} cases[] = {
		{ RECORD_WORKSPACE_CHANGED, offsetof(struct workspace_changed, name),
		  NAME_BYTES_MAX, "workspace's name" },
		{ RECORD_USER_CHANGED, offsetof(struct user_changed, username), NAME_BYTES_MAX,
		  "username" },
		{ RECORD_USER_CHANGED, offsetof(struct user_changed, name), TEXT_BYTES_MAX,
		  "display name" },
		{ RECORD_USER_CHANGED, offsetof(struct user_changed, email), TEXT_BYTES_MAX,
		  "address" },
		{ RECORD_GROUP_CHANGED, offsetof(struct group_changed, name), NAME_BYTES_MAX,
		  "group's name" },
		{ RECORD_ORGANIZATION_CHANGED, offsetof(struct organization_changed, name),
		  NAME_BYTES_MAX, "organization's name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		check_fn *check = cases[i].type == RECORD_WORKSPACE_CHANGED
					  ? bounds_check_fact
					  : bounds_check_directory;
		struct record r = { .type = cases[i].type };
		struct bytes *at = (struct bytes *)(void *)((uint8_t *)&r.as + cases[i].offset);

		*at = long_text(cases[i].max);
		assert_check(check, &r, NULL);
		*at = long_text(cases[i].max + 1);
		assert_check(check, &r, cases[i].part);
	}
}

static void lists_of_the_directory_have_bounds(void **state)
{
	struct record group = { .type = RECORD_GROUP_CHANGED };
	struct record user = { .type = RECORD_USER_CHANGED };

	(void)state;
	group.as.group_changed.member_count = GROUP_MEMBERS_MAX;
	assert_check(bounds_check_directory, &group, NULL);
	group.as.group_changed.member_count++;
	assert_check(bounds_check_directory, &group, "250001 members; at most 250000");
	user.as.user_changed.organization_count = USER_ORGANIZATIONS_MAX;
	assert_check(bounds_check_directory, &user, NULL);
	user.as.user_changed.organization_count++;
	assert_check(bounds_check_directory, &user, "10001 organizations; at most 10000");
}

/* bounds.c proves the arithmetic; this proves that the topics get what it has computed. */
static void topics_take_what_may_go_out(void **state)
{
	(void)state;
	assert_true(topic_max_bytes(TOPIC_EVENTS) >=
		    bounds_event(NAME_BYTES_MAX, GRANTS_MAX) + ENVELOPE_BYTES);
	assert_true(topic_max_bytes(TOPIC_GRANTS) >=
		    bounds_state(NAME_BYTES_MAX, GRANTS_MAX, 1000) + ENVELOPE_BYTES);
	assert_int_equal(topic_max_bytes(TOPIC_DIRECTORY), TOPIC_BYTES_DIRECTORY);
	assert_int_equal(topic_max_bytes(TOPIC_DEADLETTER), TOPIC_BYTES_DEAD);
	assert_int_equal(topic_max_bytes(TOPIC_COMMANDS), TOPIC_BYTES_PLAIN);
	assert_int_equal(topic_max_bytes(TOPIC_NOTIFICATIONS), TOPIC_BYTES_PLAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_lie_between_1970_and_9999),
		cmocka_unit_test(versions_and_offsets_are_not_negative),
		cmocka_unit_test(removal_names_no_more_than_a_workspace_may_have),
		cmocka_unit_test(texts_have_bounds),
		cmocka_unit_test(lists_of_the_directory_have_bounds),
		cmocka_unit_test(topics_take_what_may_go_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
