/* Whether a record is signed as it must be; and that this comes before every rule and changes nothing. */

#include "consumer/author.h"

#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

static const struct key SHARES = { .id = "shares", .rights = RIGHT_SHARE | RIGHT_ACT_AS_ANY };
static const struct key SHARES_ALONE = { .id = "alone", .rights = RIGHT_SHARE };
static const struct key FACTS = { .id = "facts", .rights = RIGHT_FACTS };

enum { COMMANDED = RECORD_SHARE_WORKSPACE, FACT = RECORD_USER_CHANGED, TOMBSTONE = -1 };

static const struct {
	bool required;
	enum proof proof;
	const struct key *key;
	int type;
	enum reject_code code;
	const char *part; /* of the sentence */
} CASES[] = {
	{ false, PROOF_NONE, NULL, COMMANDED, REJECT_NONE, "" },
	{ false, PROOF_WRONG, NULL, COMMANDED, REJECT_NONE, "" },
	{ false, PROOF_UNKNOWN, NULL, FACT, REJECT_NONE, "" },
	{ false, PROOF_GOOD, &FACTS, COMMANDED, REJECT_NONE, "" },
	{ true, PROOF_GOOD, &SHARES, COMMANDED, REJECT_NONE, "" },
	{ true, PROOF_GOOD, &FACTS, FACT, REJECT_NONE, "" },
	{ true, PROOF_GOOD, &FACTS, TOMBSTONE, REJECT_NONE, "" },
	{ true, PROOF_NONE, NULL, COMMANDED, REJECT_UNSIGNED,
	  "the command is not signed, and this deployment takes only what is; its sender must set "
	  "keys-file, and signing-key if that has several" },
	{ true, PROOF_NONE, NULL, FACT, REJECT_UNSIGNED, "the record is not signed" },
	{ true, PROOF_NONE, NULL, TOMBSTONE, REJECT_UNSIGNED, "the record is not signed" },
	{ true, PROOF_UNKNOWN, NULL, COMMANDED, REJECT_UNSIGNED,
	  "the key \"named\", which the consumer's keys file does not have" },
	{ true, PROOF_WRONG, NULL, COMMANDED, REJECT_UNSIGNED,
	  "does not have the signature of the key named" },
	{ true, PROOF_GOOD, &FACTS, COMMANDED, REJECT_KEY_MAY_NOT,
	  "the key facts lacks the right share, which the command needs" },
	{ true, PROOF_GOOD, &SHARES_ALONE, COMMANDED, REJECT_KEY_MAY_NOT,
	  "the key alone lacks the right act-as:" },
	{ true, PROOF_GOOD, &SHARES, FACT, REJECT_KEY_MAY_NOT,
	  "the key shares lacks the right facts, which the record needs" },
	{ true, PROOF_GOOD, &SHARES, TOMBSTONE, REJECT_KEY_MAY_NOT, "lacks the right facts" },
};

static void record_must_be_signed_with_a_key_that_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		const struct author a = { CASES[i].required, CASES[i].proof, CASES[i].key,
					  bytes_of("named") };
		struct record r = { .type = (enum record_type)CASES[i].type };
		struct error why = { 0 };
		enum reject_code code;

		if (CASES[i].type == COMMANDED)
			r.as.share_workspace.command.actor = actor(ALICE);
		code = author_refuse(&a, CASES[i].type == TOMBSTONE ? NULL : &r, &why);
		if (code != CASES[i].code || !strstr(why.text, CASES[i].part))
			fail_msg("case %zu: %s, \"%s\"", i, reject_code_name(code), why.text);
	}
}

static void key_is_named_only_if_its_signature_is_good(void **state)
{
	const struct author good = { .proof = PROOF_GOOD, .key = &SHARES };
	const struct author wrong = { .proof = PROOF_WRONG, .named = bytes_of("shares") };

	(void)state;
	assert_true(bytes_equal_text(author_signed_by(&good), "shares"));
	assert_null(author_signed_by(&wrong).data);
}

/* ---- in decisions ---- */

static void unsigned_command_is_rejected_before_every_rule(void **state)
{
	struct scene s;
	const struct decision *d;

	(void)state;
	scene_open(&s);
	s.world.author = (struct author){ .required = true };
	d = share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_rejected(d, REJECT_UNSIGNED, "the command is not signed");
	assert_false(fold(&s));
	assert_int_equal(s.workspace.recent.count, 0);
	/* Of all that is wrong with it, it is told nothing. */
	s.command.command_id = (struct uuid){ { 0 } };
	s.command.expected_version = 7;
	assert_rejected(share_one(&s, actor(NOBODY), user(NOBODY), ROLE_ADMIN), REJECT_UNSIGNED,
			"is not signed");
	s.workspace.registered = false;
	assert_rejected(unshare_one(&s, SYSTEM, user(BOB)), REJECT_UNSIGNED, "is not signed");
	scene_close(&s);
}

static void unsigned_repetition_is_not_taken_for_a_duplicate(void **state)
{
	struct scene s;

	(void)state;
	scene_open(&s);
	assert_applied(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
	(void)fold(&s);
	s.world.author = (struct author){ .required = true };
	assert_rejected(share_one(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_UNSIGNED,
			"is not signed");
	s.world.author = (struct author){ true, PROOF_GOOD, &SHARES, bytes_of("shares") };
	assert_int_equal(share_one(&s, actor(ALICE), user(BOB), ROLE_USE)->outcome,
			 OUTCOME_DUPLICATE);
	scene_close(&s);
}

static void decision_names_the_key_also_when_it_may_not(void **state)
{
	struct scene s;
	const struct decision *d;

	(void)state;
	scene_open(&s);
	s.world.author = (struct author){ true, PROOF_GOOD, &SHARES, bytes_of("shares") };
	d = share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	assert_applied(d, 1);
	assert_true(bytes_equal_text(d->signed_by, "shares"));
	s.world.author.key = &FACTS;
	d = share_one(&s, actor(ALICE), user(CAROL), ROLE_USE);
	assert_rejected(d, REJECT_KEY_MAY_NOT, "lacks the right share");
	assert_true(bytes_equal_text(d->signed_by, "facts"));
	s.world.author = (struct author){ .required = false };
	assert_null(share_one(&s, actor(ALICE), user(CAROL), ROLE_USE)->signed_by.data);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(record_must_be_signed_with_a_key_that_may),
		cmocka_unit_test(key_is_named_only_if_its_signature_is_good),
		cmocka_unit_test(unsigned_command_is_rejected_before_every_rule),
		cmocka_unit_test(unsigned_repetition_is_not_taken_for_a_duplicate),
		cmocka_unit_test(decision_names_the_key_also_when_it_may_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
