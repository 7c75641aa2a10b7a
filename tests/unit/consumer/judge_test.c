/* Which records are taken into the directory: by their keys, their ids and what has these. */

#include "consumer/judge.h"

#include "schemas/bounds.h"
#include "schemas/preferences.h"
#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#define ALICE   "alice-----------"
#define ACME    "acme------------"
#define TEAM    "team------------"
#define UNKNOWN "unknown---------"
#define NOBODY  NULL /* the id of all zeros, which stands for the deployment */

static struct directory *directory;

static struct uuid id_from(const char *text)
{
	return text ? letters(text) : (struct uuid){ { 0 } };
}

static struct record user_of(const char *id, const char *name)
{
	struct record r = { .type = RECORD_USER_CHANGED };

	r.as.user_changed.id = id_from(id);
	r.as.user_changed.username = bytes_of(name);
	return r;
}

static struct record group_of(const char *id, const char *name)
{
	struct record r = { .type = RECORD_GROUP_CHANGED };

	r.as.group_changed.id = id_from(id);
	r.as.group_changed.organization_id = id_from(ACME);
	r.as.group_changed.name = bytes_of(name);
	return r;
}

static struct record organization_of(const char *id, const char *name)
{
	struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

	r.as.organization_changed.id = id_from(id);
	r.as.organization_changed.name = bytes_of(name);
	r.as.organization_changed.grant_lifetime_max_ms = ABSENT;
	return r;
}

static int set_up(void **state)
{
	struct record facts[] = { user_of(ALICE, "alice"), group_of(TEAM, "team"),
				  organization_of(ACME, "acme") };

	(void)state;
	directory = directory_new();
	for (size_t i = 0; i < sizeof(facts) / sizeof(*facts); i++)
		(void)directory_put(directory, &facts[i], NULL);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	directory_free(&directory);
	return 0;
}

static void key_is_the_id_in_its_one_form(void **state)
{
	static const struct {
		const char *key;
		const char *part; /* of the reason; NULL: it is good */
	} cases[] = {
		{ "5a000000-0000-0000-0000-0000000000ab", NULL },
		{ "deployment", NULL },
		{ "5A000000-0000-0000-0000-0000000000ab", "lower case" },
		{ "5a000000-0000-0000-0000-0000000000aB", "lower case" },
		{ "00000000-0000-0000-0000-000000000000", "all zeros" },
		{ "5a000000000000000000000000000000ab", "neither" },
		{ "5a000000-0000-0000-0000-0000000000ab ", "neither" },
		{ "{5a000000-0000-0000-0000-0000000000ab}", "neither" },
		{ "Deployment", "neither" },
		{ "deployment ", "neither" },
		{ "alice", "neither" },
		{ "", "neither" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { 0 };
		struct uuid id;
		int rc = judge_key(bytes_of(cases[i].key), &id, &err);

		assert_int_equal(rc, cases[i].part ? ERROR_INPUT : 0);
		if (cases[i].part)
			assert_non_null(strstr(err.text, cases[i].part));
		else
			assert_int_equal(id.bytes[0], cases[i].key[0] == 'd' ? 0 : 0x5a);
	}
	assert_int_equal(judge_key((struct bytes){ 0 }, &(struct uuid){ { 0 } }, NULL),
			 ERROR_INPUT);
}

static void verdict_rests_on_key_kind_and_what_has_the_id(void **state)
{
	struct record deployment = { .type = RECORD_DEPLOYMENT_CHANGED };
	struct record command = { .type = RECORD_SHARE_WORKSPACE };
	const struct {
		const char *key;
		struct record fact;
		enum verdict verdict;
		const char *parts[2]; /* of the reason */
	} cases[] = {
		{ ALICE, user_of(ALICE, "alice"), VERDICT_TAKE, { 0 } },
		{ ALICE, user_of(ALICE, "alicia"), VERDICT_TAKE, { 0 } },
		{ UNKNOWN, user_of(UNKNOWN, "alice"), VERDICT_TAKE, { 0 } },
		{ UNKNOWN, group_of(UNKNOWN, "team"), VERDICT_TAKE, { 0 } },
		{ UNKNOWN, organization_of(UNKNOWN, "acme"), VERDICT_TAKE, { 0 } },
		{ NOBODY, deployment, VERDICT_TAKE, { 0 } },
		/* The key is another's. */
		{ UNKNOWN,
		  user_of(ALICE, "alice"),
		  VERDICT_PASS_OVER,
		  { "its key", "user alice" } },
		{ ALICE,
		  user_of(UNKNOWN, "ghost"),
		  VERDICT_PASS_OVER,
		  { "its key", "user ghost" } },
		{ NOBODY, user_of(ALICE, "alice"), VERDICT_PASS_OVER, { "its key", "user alice" } },
		{ ALICE, deployment, VERDICT_PASS_OVER, { "its key", "deployment" } },
		/* The id keeps its kind. */
		{ ALICE,
		  group_of(ALICE, "crew"),
		  VERDICT_PASS_OVER,
		  { "group crew", "user alice" } },
		{ ALICE,
		  organization_of(ALICE, "globex"),
		  VERDICT_PASS_OVER,
		  { "organization globex", "user alice" } },
		{ TEAM, user_of(TEAM, "tim"), VERDICT_PASS_OVER, { "user tim", "group team" } },
		{ ACME,
		  user_of(ACME, "al\nice"),
		  VERDICT_PASS_OVER,
		  { "al?ice", "organization acme" } },
		/* The group of everyone, whether or not the organization is known. */
		{ ACME, group_of(ACME, "Everyone"), VERDICT_EVERYONE, { 0 } },
		{ ACME, group_of(ACME, "Somebody"), VERDICT_EVERYONE, { 0 } },
		/* Not of the directory. */
		{ NOBODY, command, VERDICT_PASS_OVER, { "ShareWorkspace", "does not belong" } },
		{ ALICE, command, VERDICT_PASS_OVER, { "ShareWorkspace", "does not belong" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct uuid key = id_from(cases[i].key);
		struct error why = { 0 };

		if (judge_fact(directory, &key, &cases[i].fact, &why) != cases[i].verdict)
			fail_msg("case %zu: %s", i, why.text);
		for (int part = 0; part < 2 && cases[i].parts[part]; part++)
			if (!strstr(why.text, cases[i].parts[part]))
				fail_msg("case %zu: \"%s\" lacks \"%s\"", i, why.text,
					 cases[i].parts[part]);
	}
}

static void everyone_is_no_group_before_the_organization_is_known(void **state)
{
	struct uuid acme = letters(ACME);
	struct record everyone = group_of(ACME, "Everyone");
	struct record organization = organization_of(ACME, "acme");

	(void)state;
	directory_forget(directory, &acme, NULL);
	assert_int_equal(judge_fact(directory, &acme, &everyone, NULL), VERDICT_EVERYONE);
	assert_int_equal(judge_fact(directory, &acme, &organization, NULL), VERDICT_TAKE);
}

static void id_of_what_was_deleted_is_free(void **state)
{
	struct uuid alice = letters(ALICE);
	struct record group = group_of(ALICE, "crew");

	(void)state;
	directory_forget(directory, &alice, NULL);
	assert_int_equal(judge_fact(directory, &alice, &group, NULL), VERDICT_TAKE);
}

static void what_is_beyond_its_bounds_is_passed_over(void **state)
{
	static char name[NAME_BYTES_MAX + 2];
	const struct uuid key = id_from(UNKNOWN);
	struct error why = { 0 };
	struct record r;

	(void)state;
	memset(name, 'x', NAME_BYTES_MAX);
	r = user_of(UNKNOWN, name);
	assert_int_equal(judge_fact(directory, &key, &r, &why), VERDICT_TAKE);
	name[NAME_BYTES_MAX] = 'x';
	r = user_of(UNKNOWN, name);
	assert_int_equal(judge_fact(directory, &key, &r, &why), VERDICT_PASS_OVER);
	assert_non_null(strstr(why.text, "256 bytes; at most 255"));
}

static void preferences_are_taken_under_their_user_alone(void **state)
{
	const struct uuid alice = id_from(ALICE);
	const struct uuid unknown = id_from(UNKNOWN);
	const struct record user = user_of(ALICE, "alice");
	struct record r = { .type = RECORD_PREFERENCES_CHANGED };
	struct error why = { 0 };

	(void)state;
	r.as.preferences_changed.user_id = unknown;
	assert_int_equal(judge_preferences(&unknown, &r, &why), VERDICT_TAKE);
	assert_int_equal(judge_preferences(&alice, &r, &why), VERDICT_PASS_OVER);
	assert_non_null(strstr(why.text, "its value another one"));
	assert_int_equal(judge_preferences(&alice, &user, &why), VERDICT_PASS_OVER);
	assert_non_null(strstr(why.text, "UserChanged does not belong under its key"));
	assert_int_equal(judge_fact(directory, &unknown, &r, &why), VERDICT_PASS_OVER);
	assert_non_null(strstr(why.text, "a key of their own"));
	r.as.preferences_changed.muted_workspace_count = MUTED_WORKSPACES_MAX + 1;
	assert_int_equal(judge_preferences(&unknown, &r, &why), VERDICT_PASS_OVER);
	assert_non_null(strstr(why.text, "1001 muted workspaces; at most 1000"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(key_is_the_id_in_its_one_form),
		TEST(verdict_rests_on_key_kind_and_what_has_the_id),
		TEST(everyone_is_no_group_before_the_organization_is_known),
		TEST(id_of_what_was_deleted_is_free),
		TEST(what_is_beyond_its_bounds_is_passed_over),
		TEST(preferences_are_taken_under_their_user_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
