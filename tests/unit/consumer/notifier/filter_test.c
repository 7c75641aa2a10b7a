/* Which endpoint is told of which record. */

#include "consumer/notifier/filter.h"

#include "tests/unit/unit.h"

enum { ALICE = 1, BOB, CAROL, STRANGER, DELETED, TEAM = 50, ACME = 60, WORKSPACE = 70 };

static struct directory *directory;

static struct uuid id_of(uint8_t n)
{
	return (struct uuid){ { [15] = n } };
}

static void know_user(uint8_t n, const char *name, enum user_status status, const char *email)
{
	const struct record r = { .type = RECORD_USER_CHANGED,
				  .as.user_changed = { .id = id_of(n),
						       .username = bytes_of(name),
						       .name = bytes_of(""),
						       .email = bytes_of(email),
						       .status = status,
						       .kind = USER_PERSON,
						       .site_role = SITE_MEMBER } };

	assert_true(directory_put(directory, &r, NULL));
}

static int set_up(void **state)
{
	struct uuid bob = id_of(BOB);
	struct uuid gone = id_of(DELETED);
	const struct record team = { .type = RECORD_GROUP_CHANGED,
				     .as.group_changed = { id_of(TEAM), bytes_of("team"),
							   id_of(ACME), &bob, 1 } };
	const struct record acme = { .type = RECORD_ORGANIZATION_CHANGED,
				     .as.organization_changed = { id_of(ACME), bytes_of("acme"),
								  SHARING_EVERYONE, ABSENT } };

	(void)state;
	directory = directory_new();
	know_user(ALICE, "alice", USER_ACTIVE, "alice@example.com");
	know_user(BOB, "bob", USER_ACTIVE, "");
	know_user(CAROL, "carol", USER_SUSPENDED, "carol@example.com");
	know_user(DELETED, "dave", USER_ACTIVE, "dave@example.com");
	directory_forget(directory, &gone, NULL);
	assert_true(directory_put(directory, &team, NULL));
	assert_true(directory_put(directory, &acme, NULL));
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	directory_free(&directory);
	return 0;
}

static struct record notification(uint8_t recipient, enum notification_kind kind)
{
	return (struct record){ .type = RECORD_NOTIFICATION,
				.as.notification = {
					.recipient_id = id_of(recipient),
					.kind = kind,
					.workspace = { .id = id_of(WORKSPACE),
						       .organization_id = id_of(ACME) } } };
}

static bool wants_it(const struct endpoint *e, const struct record *r)
{
	struct filter f;

	filter_init(&f, e);
	return filter_wants(&f, r, directory, 7);
}

static void only_who_is_active_is_told(void **state)
{
	static const struct {
		uint8_t recipient;
		bool webhook;
		bool mail;
	} rows[] = {
		{ ALICE, true, true },     { BOB, true, false },      { CAROL, false, false },
		{ STRANGER, true, false }, { DELETED, false, false },
	};
	const struct endpoint webhook = { .kind = ENDPOINT_WEBHOOK, .notifications = true };
	const struct endpoint mail = { .kind = ENDPOINT_SMTP, .notifications = true };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct record r = notification(rows[i].recipient, NOTIFY_WORKSPACE_SHARED);

		assert_int_equal(wants_it(&webhook, &r), rows[i].webhook);
		assert_int_equal(wants_it(&mail, &r), rows[i].mail);
	}
}

static char user_alice[] = "user:alice";
static char group_team[] = "group:team";
static char group_acme[] = "group:acme";
static char bob_id[] = "user:00000000-0000-0000-0000-000000000002";
static char team_id[] = "group:00000000-0000-0000-0000-000000000032";
static char acme[] = "acme";
static char acme_id[] = "00000000-0000-0000-0000-00000000003c";
static char other[] = "other";

static void recipients_are_named_by_name_id_or_group(void **state)
{
	static struct {
		char *names[2];
		bool alice;
		bool bob;
	} rows[] = {
		{ { user_alice, NULL }, true, false },  { { group_team, NULL }, false, true },
		{ { bob_id, NULL }, false, true },      { { team_id, NULL }, false, true },
		{ { group_acme, NULL }, false, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct endpoint e = { .kind = ENDPOINT_WEBHOOK,
					    .notifications = true,
					    .recipients = rows[i].names };
		const struct record alice = notification(ALICE, NOTIFY_ROLE_CHANGED);
		const struct record bob = notification(BOB, NOTIFY_ROLE_CHANGED);

		assert_int_equal(wants_it(&e, &alice), rows[i].alice);
		assert_int_equal(wants_it(&e, &bob), rows[i].bob);
	}
}

static void organizations_are_named_by_name_or_id(void **state)
{
	static struct {
		char *names[2];
		bool wanted;
	} rows[] = { { { acme, NULL }, true },
		     { { acme_id, NULL }, true },
		     { { other, NULL }, false } };
	const struct record r = notification(ALICE, NOTIFY_ROLE_CHANGED);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct endpoint e = { .kind = ENDPOINT_EXEC,
					    .notifications = true,
					    .organizations = rows[i].names };

		assert_int_equal(wants_it(&e, &r), rows[i].wanted);
	}
}

static void steps_of_handoffs_have_kinds_and_groups(void **state)
{
	char *names[] = { group_team, NULL };
	const struct endpoint e = { .kind = ENDPOINT_WEBHOOK,
				    .handoffs = true,
				    .kinds = 1U << NOTIFY_HANDOFF_OFFERED,
				    .recipients = names };
	struct record r = { .type = RECORD_HANDOFF_CHANGED,
			    .as.handoff_changed = { .state = HANDOFF_OFFERED,
						    .to = { SUBJECT_GROUP, id_of(TEAM) } } };
	const struct record n = notification(BOB, NOTIFY_HANDOFF_OFFERED);

	(void)state;
	assert_true(wants_it(&e, &r));
	assert_false(wants_it(&e, &n)); /* it is told of handoffs alone */
	r.as.handoff_changed.state = HANDOFF_COMPLETED;
	assert_false(wants_it(&e, &r));
	r.as.handoff_changed.state = HANDOFF_OFFERED;
	r.as.handoff_changed.to = (struct subject){ SUBJECT_USER, id_of(ALICE) };
	assert_false(wants_it(&e, &r));
	r.as.handoff_changed.to.id = id_of(BOB);
	assert_true(wants_it(&e, &r));
}

static void preferences_of_the_recipient_count(void **state)
{
	struct preference_rule off = { .channel = CHANNEL_WEBHOOK,
				       .category = CATEGORY_SHARING,
				       .on = false };
	const struct record p = { .type = RECORD_PREFERENCES_CHANGED,
				  .as.preferences_changed = { id_of(ALICE), &off, 1, NULL, 0 } };
	const struct endpoint webhook = { .kind = ENDPOINT_WEBHOOK, .notifications = true };
	const struct endpoint inbox = { .kind = ENDPOINT_INBOX, .notifications = true };
	const struct record r = notification(ALICE, NOTIFY_WORKSPACE_SHARED);

	(void)state;
	assert_true(wants_it(&webhook, &r));
	assert_true(directory_put(directory, &p, NULL));
	assert_false(wants_it(&webhook, &r));
	assert_true(wants_it(&inbox, &r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_who_is_active_is_told),
		TEST(recipients_are_named_by_name_id_or_group),
		TEST(organizations_are_named_by_name_or_id),
		TEST(steps_of_handoffs_have_kinds_and_groups),
		TEST(preferences_of_the_recipient_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
