/*
 * What comes in is held to its bounds, and the topics take what may go out. Each
 * table has both sides of a bound.
 */

#include "schemas/bounds.h"

#include "schemas/codec.h"
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

		if (r.type == RECORD_ORGANIZATION_CHANGED)
			r.as.organization_changed.grant_lifetime_max_ms = ABSENT;
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

static void deliveries_have_an_id_and_times_that_can_be_counted_with(void **state)
{
	static const struct {
		const char *id;
		int64_t attempts;
		int64_t next_at;
		int64_t last_at;
		int64_t since;
		const char *part; /* NULL: it is good */
	} rows[] = {
		{ "0-1-0", 0, ABSENT, ABSENT, 0, NULL },
		{ "0-1-0", ATTEMPTS_MAX, TIME_MAX_MS, TIME_MAX_MS, TIME_MAX_MS, NULL },
		{ "", 0, ABSENT, ABSENT, 0, "its id" },
		{ "a/b", 0, ABSENT, ABSENT, 0, "its id" },
		{ "a\r\nb", 0, ABSENT, ABSENT, 0, "its id" },
		{ "\xc3\xa4", 0, ABSENT, ABSENT, 0, "its id" },
		{ "0-1-0", -1, ABSENT, ABSENT, 0, "-1 attempts" },
		{ "0-1-0", INT64_MAX, ABSENT, ABSENT, 0, "attempts" },
		{ "0-1-0", 0, INT64_MAX, ABSENT, 0, "next_at" },
		{ "0-1-0", 0, ABSENT, -1, 0, "last_at" },
		{ "0-1-0", 0, ABSENT, ABSENT, INT64_MAX, "since" },
		{ "0-1-0", 0, ABSENT, ABSENT, INT64_MIN, "since" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct delivery d = { .id = bytes_of(rows[i].id),
					    .attempts = rows[i].attempts,
					    .next_at = rows[i].next_at,
					    .last_at = rows[i].last_at,
					    .since = rows[i].since };
		struct error err = { 0 };

		assert_int_equal(bounds_check_delivery(&d, &err) == 0, !rows[i].part);
		assert_true(!rows[i].part || strstr(err.text, rows[i].part));
	}
	assert_true(bounds_delivery_id(long_text(DELIVERY_ID_MAX)));
	assert_false(bounds_delivery_id(long_text(DELIVERY_ID_MAX + 1)));
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

static struct bytes text_of_len(size_t len)
{
	static uint8_t longest[ANSWER_SCHEMA_MAX];

	memset(longest, 'x', sizeof(longest));
	assert_true(len <= sizeof(longest));
	return (struct bytes){ longest, len };
}

/* A handoff whose texts are all the longest, with times and numbers of the most bytes. */
static struct handoff longest_handoff(struct artifact list[static ARTIFACTS_MAX], struct task *task)
{
	for (size_t i = 0; i < ARTIFACTS_MAX; i++)
		list[i] = (struct artifact){ text_of_len(NAME_BYTES_MAX),
					     text_of_len(URL_BYTES_MAX) };
	*task = (struct task){ TASK_OTHER, text_of_len(TASK_ID_MAX), text_of_len(URL_BYTES_MAX) };
	return (struct handoff){ .kind = HANDOFF_INPUT,
				 .state = HANDOFF_RETURNED,
				 .step = INT64_MAX,
				 .offered_by.kind = ACTOR_SYSTEM,
				 .to.kind = SUBJECT_GROUP,
				 .accepted_by = { { 1 } },
				 .role = ROLE_ADMIN,
				 .had_role = ROLE_ADMIN,
				 .had_until = INT64_MAX,
				 .summary = text_of_len(HANDOFF_TEXT_MAX),
				 .question = text_of_len(HANDOFF_TEXT_MAX),
				 .task = task,
				 .artifacts = list,
				 .artifact_count = ARTIFACTS_MAX,
				 .answer_schema = text_of_len(ANSWER_SCHEMA_MAX),
				 .note = text_of_len(HANDOFF_TEXT_MAX),
				 .offered_at = INT64_MAX,
				 .expires_at = INT64_MAX };
}

static void state_with_the_longest_handoff_is_within_its_bounds(void **state)
{
	struct artifact artifacts[ARTIFACTS_MAX];
	struct task task;
	struct handoff h = longest_handoff(artifacts, &task);
	struct record r = { .type = RECORD_WORKSPACE_GRANTS,
			    .as.workspace_grants = { .status = WORKSPACE_DORMANT,
						     .handoffs = &h,
						     .handoff_count = 1 } };
	size_t bound = bounds_state(0, 0, 0) + bounds_handoff(&h);
	struct codec *codec = NULL;
	struct buffer value = { 0 };
	struct error err;

	(void)state;
	assert_int_equal(codec_new(&codec, &err), 0);
	assert_int_equal(codec_encode(codec, &r, &value, &err), 0);
	assert_true(value.len <= bound);
	/* Else a text is counted twice. */
	assert_true(value.len > bound - (size_t)2 * HANDOFF_BYTES);
	assert_int_equal(bounds_handoff(&h), HANDOFF_BYTES + HANDOFF_TEXTS_MAX);
	buffer_done(&value);
	codec_free(&codec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_lie_between_1970_and_9999),
		cmocka_unit_test(versions_and_offsets_are_not_negative),
		cmocka_unit_test(removal_names_no_more_than_a_workspace_may_have),
		cmocka_unit_test(texts_have_bounds),
		cmocka_unit_test(lists_of_the_directory_have_bounds),
		cmocka_unit_test(deliveries_have_an_id_and_times_that_can_be_counted_with),
		cmocka_unit_test(topics_take_what_may_go_out),
		cmocka_unit_test(state_with_the_longest_handoff_is_within_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
