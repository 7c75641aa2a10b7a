/*
 * Handing over: rules 16 and 17 of ARCHITECTURE.md, and what becomes of the
 * offer's own grant. Each test proves one claim, in the small world of world.h.
 */

#include "consumer/handoff.h"
#include "schemas/bounds.h"
#include "tests/unit/consumer/world.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

static struct scene s;

static int set_up(void **state)
{
	(void)state;
	scene_open(&s);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	scene_close(&s);
	return 0;
}

static enum role role_of(struct subject subject)
{
	const struct grant *g = workspace_grant(&s.workspace, &subject);

	return g ? g->role : ROLE_NONE;
}

static void offered(struct subject to, enum role role)
{
	(void)offer(&s, actor(ALICE), to, role);
	carry_out(&s);
}

static void answered(struct actor who, enum answer what)
{
	(void)answer(&s, who, what);
	carry_out(&s);
}

static void offered_and_accepted(struct subject to, enum name by)
{
	offered(to, ROLE_USE);
	answered(actor(by), ANSWER_ACCEPT);
}

/* ---- offers ---- */

static void offer_gives_a_grant_and_is_the_first_step(void **state)
{
	const struct decision *d = offer(&s, actor(ALICE), user(BOB), ROLE_USE);
	const struct handoff_changed *h = d->handoffs;
	struct subject bob = user(BOB);

	(void)state;
	assert_applied(d, 1);
	assert_step(d, 0, HANDOFF_OFFERED, 1);
	assert_change(d, 0, user(BOB), ROLE_NONE, ROLE_USE);
	assert_int_equal(d->reason, REASON_COMMAND);
	assert_true(bytes_equal_text(h->summary, "the migration is written"));
	assert_int_equal(h->actor.id.bytes[15], ALICE);
	assert_int_equal(h->offered_by.id.bytes[15], ALICE);
	assert_true(subject_equal(&h->to, &bob));
	assert_int_equal(h->role, ROLE_USE);
	carry_out(&s);
	assert_non_null(open_handoff(&s));
	assert_true(open_handoff(&s)->own_grant);
	assert_int_equal(s.workspace.version, 2);
}

/* The handoff is new, so the command is applied. */
static void offer_to_one_who_had_as_much_changes_no_grant(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	assert_applied(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 0);
	carry_out(&s);
	assert_false(open_handoff(&s)->own_grant);
	assert_int_equal(role_of(user(BOB)), ROLE_ADMIN);
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(role_of(user(BOB)), ROLE_ADMIN);
}

static void offer_that_raises_a_grant_leaves_what_was_there(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 9);
	offered(user(BOB), ROLE_ADMIN);
	assert_int_equal(role_of(user(BOB)), ROLE_ADMIN);
	assert_applied(answer(&s, actor(BOB), ANSWER_DECLINE), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_ADMIN, ROLE_USE);
	assert_int_equal(s.decision.changes[0].expires_at, NOW_MS + 9);
}

/* What was there has ended meanwhile. */
static void raised_grant_goes_altogether_if_the_old_one_is_over(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 9);
	offered(user(BOB), ROLE_ADMIN);
	s.world.now = NOW_MS + 9;
	assert_applied(answer(&s, actor(BOB), ANSWER_DECLINE), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_ADMIN, ROLE_NONE);
}

static void offer_that_lasts_longer_is_not_as_much_as_there_is(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 9);
	assert_applied(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
	assert_true(s.decision.changes[0].expires_at == ABSENT);
	s.record.as.share_workspace.grants[0].keep_expiry = true;
	assert_true(decide(&s.world, &s.record, &s.decision));
	assert_applied(&s.decision, 0);
}

static void offer_is_to_one_alone(void **state)
{
	static struct grant_wish two[2];

	(void)state;
	two[0] = wish(user(BOB), ROLE_USE);
	two[1] = wish(user(CAROL), ROLE_USE);
	(void)offer(&s, actor(ALICE), user(BOB), ROLE_USE);
	s.record.as.share_workspace.grants = two;
	s.record.as.share_workspace.grant_count = 2;
	assert_true(decide(&s.world, &s.record, &s.decision));
	assert_rejected(&s.decision, REJECT_INVALID_COMMAND, "not to 2");
	assert_int_equal(s.decision.handoff_count, 0);
}

static void offer_is_for_those_who_may_share(void **state)
{
	(void)state;
	assert_rejected(offer(&s, actor(DAVE), user(BOB), ROLE_USE), REJECT_FORBIDDEN, "dave");
	grant(&s, user(DAVE), ROLE_ADMIN, ABSENT);
	assert_rejected(offer(&s, actor(DAVE), user(BOB), ROLE_ADMIN), REJECT_ROLE_CEILING, "bob");
	assert_step(offer(&s, actor(DAVE), user(BOB), ROLE_USE), 0, HANDOFF_OFFERED, 1);
	assert_rejected(offer(&s, actor(ALICE), user(OLGA), ROLE_USE), REJECT_NOT_A_MEMBER, "olga");
	assert_rejected(offer(&s, actor(ALICE), user(ALICE), ROLE_USE), REJECT_OWN_ROLE, "alice");
	put_organization(&s, ACME, SHARING_NONE);
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_SHARING_DISABLED, "");
}

/* An admin offers to another admin, whose grant does not change. */
static void offer_that_changes_no_grant_touches_no_ceiling(void **state)
{
	(void)state;
	grant(&s, user(DAVE), ROLE_ADMIN, NOW_MS + 5);
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	assert_applied(offer(&s, actor(DAVE), user(BOB), ROLE_USE), 0);
}

static void offer_ends_in_the_future(void **state)
{
	(void)state;
	s.offer.expires_at = NOW_MS;
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_ALREADY_EXPIRED,
			"lies in the past");
	s.offer.expires_at = NOW_MS + 1;
	assert_step(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 0, HANDOFF_OFFERED, 1);
}

/* Rule 17. */
static void workspace_has_sixteen_open_handoffs_at_most(void **state)
{
	(void)state;
	for (int i = 0; i < HANDOFFS_MAX; i++) {
		s.offer.handoff_id.bytes[0] = (uint8_t)(i + 2);
		offered(user(BOB), ROLE_USE);
	}
	s.offer.handoff_id.bytes[0] = 99;
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_TOO_MANY_HANDOFFS,
			"has 16 open handoffs");
	s.answer.handoff_id.bytes[0] = 2;
	answered(actor(BOB), ANSWER_DECLINE);
	assert_step(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 0, HANDOFF_OFFERED, 1);
}

static void handoff_that_is_open_is_not_offered_again(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	assert_rejected(offer(&s, actor(ALICE), user(CAROL), ROLE_USE), REJECT_HANDOFF_STATE,
			"nobody can offer the handoff now: it is offered to bob");
	answered(actor(BOB), ANSWER_ACCEPT);
	assert_rejected(offer(&s, actor(ALICE), user(CAROL), ROLE_USE), REJECT_HANDOFF_STATE,
			"it is accepted by bob");
}

/* ---- bounds ---- */

static void texts_of_an_offer_have_bounds(void **state)
{
	static char text[ANSWER_SCHEMA_MAX + 2];
	struct bytes *const texts[] = { &s.offer.summary, &s.offer.question,
					&s.offer.answer_schema };
	static const size_t max[] = { HANDOFF_TEXT_MAX, HANDOFF_TEXT_MAX, ANSWER_SCHEMA_MAX };

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	for (size_t i = 0; i < 3; i++) {
		struct bytes before = *texts[i];

		*texts[i] = (struct bytes){ (const uint8_t *)text, max[i] };
		assert_step(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 0, HANDOFF_OFFERED, 1);
		texts[i]->len++;
		assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE),
				REJECT_INVALID_COMMAND, "bytes; at most");
		*texts[i] = before;
	}
	s.offer.summary = bytes_of("");
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"the handoff has no summary");
}

static void handoff_has_an_id(void **state)
{
	(void)state;
	s.offer.handoff_id = (struct uuid){ { 0 } };
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"the handoff has no id");
	s.answer.handoff_id = s.offer.handoff_id;
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_INVALID_COMMAND, "no id");
}

static void addresses_are_of_the_web(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} cases[] = {
		{ "https://example.com/pr/1", true },
		{ "http://a", true },
		{ "https://", false },
		{ "", false },
		{ "javascript:alert(1)", false },
		{ "ftp://a/b", false },
		{ "https://a b", false },
		{ "https://a\nb", false },
		{ "https://a\x7f", false },
	};
	struct artifact artifact = { bytes_of("the change"), { 0 } };
	struct task task = { TASK_A2A, bytes_of("t-1"), { 0 } };

	(void)state;
	s.offer.artifact_count = 1;
	s.offer.artifacts = &artifact;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		artifact.url = bytes_of(cases[i].url);
		(void)offer(&s, actor(ALICE), user(BOB), ROLE_USE);
		assert_int_equal(s.decision.outcome == OUTCOME_APPLIED, cases[i].good);
	}
	s.offer.artifact_count = 0;
	s.offer.task = &task;
	assert_step(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 0, HANDOFF_OFFERED, 1);
	task.url = bytes_of("javascript:x");
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"the task's url must begin with https://");
}

static void artifacts_are_twenty_at_most(void **state)
{
	struct artifact list[ARTIFACTS_MAX + 1];

	(void)state;
	for (size_t i = 0; i <= ARTIFACTS_MAX; i++)
		list[i] = (struct artifact){ bytes_of("a"), bytes_of("https://a") };
	s.offer.artifacts = list;
	s.offer.artifact_count = ARTIFACTS_MAX + 1;
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_INVALID_COMMAND,
			"it has 21 artifacts");
	s.offer.artifact_count = ARTIFACTS_MAX;
	offered(user(BOB), ROLE_USE);
	s.answer.artifacts = list;
	s.answer.artifact_count = ARTIFACTS_MAX + 1;
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_INVALID_COMMAND,
			"it has 21 artifacts");
	/* Those of the answer come after those of the offer, and are not kept. */
	s.answer.artifact_count = ARTIFACTS_MAX;
	answered(actor(BOB), ANSWER_ACCEPT);
	assert_int_equal(s.decision.handoffs[0].artifact_count, 2 * ARTIFACTS_MAX);
	assert_int_equal(open_handoff(&s)->artifact_count, ARTIFACTS_MAX);
}

static void only_a_reassignment_names_a_recipient(void **state)
{
	struct subject carol = user(CAROL);

	(void)state;
	offered_and_accepted(user(BOB), BOB);
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_INVALID_COMMAND,
			"must name its recipient");
	s.answer.to = &carol;
	assert_rejected(answer(&s, actor(BOB), ANSWER_COMPLETE), REJECT_INVALID_COMMAND,
			"only a handoff that is reassigned");
}

/* ---- rule 16 ---- */

static void answer_needs_an_open_handoff(void **state)
{
	(void)state;
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_UNKNOWN_HANDOFF,
			"dev has no open handoff 0190163d-");
	offered(user(BOB), ROLE_USE);
	answered(actor(BOB), ANSWER_DECLINE);
	assert_null(open_handoff(&s));
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_UNKNOWN_HANDOFF, "no open");
}

static void recipient_accepts_and_completes(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	s.answer.note = bytes_of("mine");
	assert_step(answer(&s, actor(BOB), ANSWER_ACCEPT), HANDOFF_OFFERED, HANDOFF_ACCEPTED, 2);
	assert_applied(&s.decision, 0);
	assert_true(bytes_equal_text(s.decision.handoffs[0].note, "mine"));
	assert_int_equal(s.decision.handoffs[0].accepted_by.bytes[15], BOB);
	assert_int_equal(s.decision.handoffs[0].actor.id.bytes[15], BOB);
	assert_int_equal(s.decision.reason, REASON_HANDOFF);
	carry_out(&s);
	assert_step(answer(&s, actor(BOB), ANSWER_COMPLETE), HANDOFF_ACCEPTED, HANDOFF_COMPLETED,
		    3);
	carry_out(&s);
	assert_null(open_handoff(&s));
	assert_int_equal(role_of(user(BOB)), ROLE_USE);
	assert_int_equal(s.workspace.version, 4);
}

/* Each of the steps up to it is taken; a nil text leaves the handoff without one. */
static void open_handoff_has_the_note_of_its_last_step(void **state)
{
	static const struct {
		enum answer answer; /* ANSWER_OFFER: it is offered again */
		enum name by;
		const char *note;
	} steps[] = {
		{ ANSWER_ACCEPT, BOB, "mine" },      { ANSWER_RETURN, BOB, "no tests" },
		{ ANSWER_OFFER, ALICE, NULL },       { ANSWER_ACCEPT, BOB, NULL },
		{ ANSWER_REASSIGN, BOB, "yours" },   { ANSWER_ACCEPT, CAROL, "" },
		{ ANSWER_RETURN, CAROL, "a doubt" }, { ANSWER_OFFER, ALICE, NULL },
	};
	struct subject carol = user(CAROL);

	(void)state;
	offered(user(BOB), ROLE_USE);
	assert_null(open_handoff(&s)->note.data);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct bytes note = bytes_of(steps[i].note);

		s.answer.note = note;
		s.answer.to = steps[i].answer == ANSWER_REASSIGN ? &carol : NULL;
		if (steps[i].answer == ANSWER_OFFER)
			offered(user(BOB), ROLE_USE);
		else
			answered(actor(steps[i].by), steps[i].answer);
		assert_int_equal(open_handoff(&s)->step, i + 2);
		assert_int_equal(!open_handoff(&s)->note.data, !note.data);
		assert_true(bytes_equal(open_handoff(&s)->note, note));
		assert_true(bytes_equal(s.decision.handoffs[0].note, note));
	}
}

/* What else changes a handoff is no step. */
static void note_outlives_what_is_no_step(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	s.answer.note = bytes_of("mine");
	answered(actor(BOB), ANSWER_ACCEPT);
	s.answer.note = bytes_of("not I");
	assert_rejected(answer(&s, actor(BOB), ANSWER_DECLINE), REJECT_HANDOFF_STATE, "nobody can");
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN);
	carry_out(&s);
	assert_false(open_handoff(&s)->own_grant);
	assert_int_equal(open_handoff(&s)->step, 2);
	assert_true(bytes_equal_text(open_handoff(&s)->note, "mine"));
}

static void declined_offer_takes_its_grant_along(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	assert_step(answer(&s, actor(BOB), ANSWER_DECLINE), HANDOFF_OFFERED, HANDOFF_DECLINED, 2);
	assert_applied(&s.decision, 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
}

static void others_may_not_answer(void **state)
{
	static const enum answer answers[] = { ANSWER_ACCEPT, ANSWER_DECLINE, ANSWER_WITHDRAW,
					       ANSWER_EXPIRE };

	(void)state;
	offered(user(BOB), ROLE_USE);
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		assert_rejected(answer(&s, actor(CAROL), answers[i]), REJECT_HANDOFF_NOT_YOURS,
				"carol may not");
		assert_null(strstr((const char *)s.decision.rejection.data, "bob"));
	}
	assert_rejected(answer(&s, actor(ALICE), ANSWER_ACCEPT), REJECT_HANDOFF_NOT_YOURS,
			"alice may not accept the handoff, which is offered to bob");
	assert_rejected(answer(&s, actor(BOB), ANSWER_WITHDRAW), REJECT_HANDOFF_NOT_YOURS, "bob");
	assert_rejected(answer(&s, actor(BOB), ANSWER_COMPLETE), REJECT_HANDOFF_STATE,
			"nobody can complete the handoff now: it is offered to bob");
}

/* Whoever may share the workspace as its admin has no part in what others have offered. */
static void admin_of_the_workspace_does_not_withdraw_for_others(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	grant(&s, user(DAVE), ROLE_ADMIN, ABSENT);
	assert_rejected(answer(&s, actor(DAVE), ANSWER_WITHDRAW), REJECT_HANDOFF_NOT_YOURS, "dave");
}

static void those_in_charge_withdraw_in_every_state(void **state)
{
	static const enum name in_charge[] = { ALICE, DAVE, ERIN, FRANK };
	static const enum handoff_state states[] = { HANDOFF_OFFERED, HANDOFF_ACCEPTED,
						     HANDOFF_RETURNED };

	(void)state;
	for (size_t i = 0; i < sizeof(in_charge) / sizeof(*in_charge); i++)
		for (size_t k = 0; k < sizeof(states) / sizeof(*states); k++) {
			scene_reset(&s);
			grant(&s, user(DAVE), ROLE_ADMIN, ABSENT);
			(void)offer(&s, actor(DAVE), user(BOB), ROLE_USE);
			carry_out(&s);
			if (k > 0)
				answered(actor(BOB), ANSWER_ACCEPT);
			if (k > 1)
				answered(actor(BOB), ANSWER_RETURN);
			assert_step(answer(&s, actor(in_charge[i]), ANSWER_WITHDRAW), states[k],
				    HANDOFF_WITHDRAWN, (int64_t)k + 2);
			assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
		}
}

static void somebody_suspended_or_outside_answers_nothing(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	put_user(&s, BOB, USER_SUSPENDED, USER_PERSON);
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_HANDOFF_NOT_YOURS, "bob");
	put_user(&s, BOB, USER_DELETED, USER_PERSON);
	assert_rejected(answer(&s, actor(BOB), ANSWER_DECLINE), REJECT_HANDOFF_NOT_YOURS, "bob");
}

static void expected_step_must_be_the_current_one(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	s.answer.expected_step = 2;
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_HANDOFF_STATE,
			"the handoff is at step 1, not 2");
	s.answer.expected_step = 1;
	assert_step(answer(&s, actor(BOB), ANSWER_ACCEPT), HANDOFF_OFFERED, HANDOFF_ACCEPTED, 2);
}

static void repeated_answer_is_a_duplicate(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	(void)answer(&s, actor(BOB), ANSWER_ACCEPT);
	assert_true(fold(&s));
	assert_int_equal(answer(&s, actor(BOB), ANSWER_ACCEPT)->outcome, OUTCOME_DUPLICATE);
}

/* ---- groups ---- */

static void first_member_gets_the_group_s_offer(void **state)
{
	(void)state;
	offered(group(TEAM), ROLE_USE);
	assert_step(answer(&s, actor(BOB), ANSWER_ACCEPT), HANDOFF_OFFERED, HANDOFF_ACCEPTED, 2);
	assert_applied(&s.decision, 2);
	assert_change(&s.decision, 0, group(TEAM), ROLE_USE, ROLE_NONE);
	assert_change(&s.decision, 1, user(BOB), ROLE_NONE, ROLE_USE);
	carry_out(&s);
	assert_rejected(answer(&s, actor(CAROL), ANSWER_ACCEPT), REJECT_HANDOFF_STATE,
			"it is accepted by bob");
	assert_rejected(answer(&s, actor(DAVE), ANSWER_ACCEPT), REJECT_HANDOFF_NOT_YOURS, "dave");
	answered(actor(ALICE), ANSWER_WITHDRAW);
	assert_int_equal(role_of(user(BOB)), ROLE_NONE);
	assert_int_equal(s.workspace.grant_count, 0);
}

static void member_s_grant_ends_with_the_group_s(void **state)
{
	(void)state;
	(void)offer(&s, actor(ALICE), group(TEAM), ROLE_USE);
	s.wish.expires_at = NOW_MS + 5;
	assert_true(decide(&s.world, &s.record, &s.decision));
	carry_out(&s);
	(void)answer(&s, actor(BOB), ANSWER_ACCEPT);
	assert_int_equal(s.decision.changes[1].expires_at, NOW_MS + 5);
}

static void member_does_not_decline_for_all(void **state)
{
	(void)state;
	offered(group(TEAM), ROLE_USE);
	assert_unchanged(answer(&s, actor(BOB), ANSWER_DECLINE));
	assert_int_equal(s.decision.handoff_count, 0);
}

static void group_s_own_grant_from_before_stays(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	offered(group(TEAM), ROLE_USE);
	assert_applied(answer(&s, actor(BOB), ANSWER_ACCEPT), 0);
	carry_out(&s);
	answered(actor(ALICE), ANSWER_WITHDRAW);
	assert_int_equal(role_of(group(TEAM)), ROLE_USE);
}

static void member_who_had_a_grant_keeps_it(void **state)
{
	(void)state;
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	offered(group(TEAM), ROLE_USE);
	answered(actor(BOB), ANSWER_ACCEPT);
	assert_int_equal(role_of(group(TEAM)), ROLE_NONE);
	answered(actor(ALICE), ANSWER_WITHDRAW);
	assert_int_equal(role_of(user(BOB)), ROLE_ADMIN);
}

static void owner_who_accepts_for_a_group_needs_no_grant(void **state)
{
	(void)state;
	(void)offer(&s, actor(ERIN), group(CREW), ROLE_USE);
	carry_out(&s);
	assert_applied(answer(&s, actor(ALICE), ANSWER_ACCEPT), 1);
	assert_change(&s.decision, 0, group(CREW), ROLE_USE, ROLE_NONE);
	carry_out(&s);
	assert_step(answer(&s, actor(ALICE), ANSWER_COMPLETE), HANDOFF_ACCEPTED, HANDOFF_COMPLETED,
		    3);
}

/* ---- reassigning, returning ---- */

static void reassigned_handoff_moves_with_its_grant(void **state)
{
	struct subject carol = user(CAROL);

	(void)state;
	offered_and_accepted(user(BOB), BOB);
	s.answer.to = &carol;
	assert_step(answer(&s, actor(BOB), ANSWER_REASSIGN), HANDOFF_ACCEPTED, HANDOFF_OFFERED, 3);
	assert_applied(&s.decision, 2);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
	assert_change(&s.decision, 1, user(CAROL), ROLE_NONE, ROLE_USE);
	assert_true(uuid_is_nil(&s.decision.handoffs[0].accepted_by));
	carry_out(&s);
	s.answer.to = NULL;
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_HANDOFF_NOT_YOURS,
			"bob may not accept the handoff, which is offered");
	assert_step(answer(&s, actor(CAROL), ANSWER_ACCEPT), HANDOFF_OFFERED, HANDOFF_ACCEPTED, 4);
}

static void reassignment_is_asked_the_rules_on_recipients(void **state)
{
	struct subject to = user(OLGA);

	(void)state;
	offered_and_accepted(user(BOB), BOB);
	s.answer.to = &to;
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_NOT_A_MEMBER, "olga");
	to = user(NOBODY);
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_UNKNOWN_SUBJECT, "no user");
	to = user(ALICE);
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_OWN_ROLE, "alice owns");
	to = user(BOB);
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_OWN_ROLE, "bob");
	to = user(CAROL);
	put_deployment(&s, false);
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_SHARING_DISABLED, "");
}

/* A share has lessened what the handoff gave. */
static void reassignment_gives_no_more_than_its_giver_has(void **state)
{
	struct subject carol = user(CAROL);

	(void)state;
	offered(user(BOB), ROLE_ADMIN);
	answered(actor(BOB), ANSWER_ACCEPT);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	carry_out(&s);
	s.answer.to = &carol;
	assert_applied(answer(&s, actor(BOB), ANSWER_REASSIGN), 1);
	assert_change(&s.decision, 0, user(CAROL), ROLE_NONE, ROLE_USE);
	assert_int_equal(s.decision.handoffs[0].role, ROLE_USE);
}

/* Rule 14 is about what an admin gives; what the handoff gave may be passed on by anybody who has it. */
static void reassignment_is_not_asked_how_long_its_giver_is_an_admin(void **state)
{
	struct uuid members[] = { id_of(BOB) };
	struct subject carol = user(CAROL);

	(void)state;
	offered_and_accepted(user(BOB), BOB);
	put_group(&s, TEAM, members, 1);
	grant(&s, group(TEAM), ROLE_ADMIN, NOW_MS + 5);
	s.answer.to = &carol;
	assert_applied(answer(&s, actor(BOB), ANSWER_REASSIGN), 2);
	assert_true(s.decision.changes[1].expires_at == ABSENT);
}

static void who_has_left_the_group_passes_nothing_on(void **state)
{
	struct uuid others[] = { id_of(CAROL) };
	struct subject carol = user(CAROL);

	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	offered_and_accepted(group(TEAM), BOB);
	s.answer.to = &carol;
	assert_step(answer(&s, actor(BOB), ANSWER_REASSIGN), HANDOFF_ACCEPTED, HANDOFF_OFFERED, 3);
	put_group(&s, TEAM, others, 1);
	assert_rejected(answer(&s, actor(BOB), ANSWER_REASSIGN), REJECT_HANDOFF_NOT_YOURS,
			"bob no longer has the access");
}

/* The owner accepted for a group, has no grant, and owns the workspace no more. */
static void former_owner_passes_nothing_on(void **state)
{
	struct workspace_changed fact = as_it_is();
	struct subject carol = user(CAROL);

	(void)state;
	(void)offer(&s, actor(ERIN), group(CREW), ROLE_USE);
	carry_out(&s);
	answered(actor(ALICE), ANSWER_ACCEPT);
	fact.owner_id = id_of(BOB);
	assert_applied(workspace_fact(&s, &fact), 0);
	carry_out(&s);
	s.answer.to = &carol;
	assert_rejected(answer(&s, actor(ALICE), ANSWER_REASSIGN), REJECT_HANDOFF_NOT_YOURS,
			"alice no longer has the access");
}

static void returned_handoff_is_offered_again_by_its_author(void **state)
{
	(void)state;
	offered_and_accepted(user(BOB), BOB);
	answered(actor(BOB), ANSWER_RETURN);
	assert_int_equal(role_of(user(BOB)), ROLE_USE);
	assert_rejected(offer(&s, actor(ERIN), user(BOB), ROLE_USE), REJECT_HANDOFF_NOT_YOURS,
			"erin may not offer the handoff, which is returned");
	s.offer.summary = bytes_of("now with tests");
	assert_step(offer(&s, actor(ALICE), user(BOB), ROLE_USE), HANDOFF_RETURNED, HANDOFF_OFFERED,
		    4);
	assert_applied(&s.decision, 0);
	carry_out(&s);
	assert_true(bytes_equal_text(open_handoff(&s)->summary, "now with tests"));
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(role_of(user(BOB)), ROLE_NONE);
}

/* Else a handoff that has ended would begin anew, at step 1, under its id. */
static void offering_again_at_a_step_asks_for_an_open_handoff_there(void **state)
{
	(void)state;
	s.offer.expected_step = 3;
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_UNKNOWN_HANDOFF,
			"dev has no open handoff");
	s.offer.expected_step = ABSENT;
	offered_and_accepted(user(BOB), BOB);
	answered(actor(BOB), ANSWER_RETURN);
	s.offer.expected_step = 2;
	assert_rejected(offer(&s, actor(ALICE), user(BOB), ROLE_USE), REJECT_HANDOFF_STATE,
			"the handoff is at step 3, not 2");
	s.offer.expected_step = 3;
	assert_step(offer(&s, actor(ALICE), user(BOB), ROLE_USE), HANDOFF_RETURNED, HANDOFF_OFFERED,
		    4);
}

static void offering_again_to_another_moves_the_grant(void **state)
{
	(void)state;
	offered_and_accepted(user(BOB), BOB);
	answered(actor(BOB), ANSWER_RETURN);
	assert_applied(offer(&s, actor(ALICE), user(CAROL), ROLE_USE), 2);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
	assert_change(&s.decision, 1, user(CAROL), ROLE_NONE, ROLE_USE);
}

/* ---- whose grant it is ---- */

static void offer_second(enum role role)
{
	s.offer.handoff_id.bytes[0] = 9;
	offered(user(BOB), role);
	s.offer.handoff_id = id_of(HANDOFF);
}

static void grant_stays_for_the_last_handoff_of_its_holder(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	offer_second(ROLE_USE);
	assert_applied(answer(&s, actor(BOB), ANSWER_DECLINE), 0);
	carry_out(&s);
	s.answer.handoff_id.bytes[0] = 9;
	assert_applied(answer(&s, actor(BOB), ANSWER_DECLINE), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
}

static void second_offer_that_raised_the_first_s_grant_gives_it_back(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	offer_second(ROLE_ADMIN);
	s.answer.handoff_id.bytes[0] = 9;
	assert_applied(answer(&s, actor(BOB), ANSWER_DECLINE), 1);
	assert_change(&s.decision, 0, user(BOB), ROLE_ADMIN, ROLE_USE);
	carry_out(&s);
	s.answer.handoff_id = id_of(HANDOFF);
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(role_of(user(BOB)), ROLE_NONE);
}

static void first_offer_leaves_what_the_second_has_raised(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	offer_second(ROLE_ADMIN);
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(role_of(user(BOB)), ROLE_ADMIN);
	s.answer.handoff_id.bytes[0] = 9;
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(role_of(user(BOB)), ROLE_NONE);
}

/* An open handoff for BOB beside the one of `offer`: by the first byte of its id. */
struct beside {
	uint8_t id;
	enum role role;
	bool own;
	enum role had;
	int64_t until;
};

struct left_case {
	enum role had; /* before the offer that raised BOB's grant to admin */
	struct beside others[2];
	enum role left;
	bool owned[2]; /* by which of the others */
};

/* clang-format off */
static const struct left_case left_cases[] = {
	/* One gave what comes back, the other has no more than that. */
	{ ROLE_USE, { { 8, ROLE_USE, false, ROLE_NONE, ABSENT }, { 9, ROLE_USE, true, ROLE_NONE, ABSENT } },
	  ROLE_USE, { false, true } },
	/* One was offered what would be lost. */
	{ ROLE_USE, { { 8, ROLE_ADMIN, false, ROLE_NONE, ABSENT }, { 9, ROLE_USE, true, ROLE_NONE, ABSENT } },
	  ROLE_ADMIN, { true, true } },
	/* One has raised it further, by its end. */
	{ ROLE_USE, { { 8, ROLE_ADMIN, true, ROLE_ADMIN, 99 }, { 9, ROLE_ADMIN, false, ROLE_NONE, ABSENT } },
	  ROLE_ADMIN, { true, false } },
	/* Both have as much: the one with the smaller id. */
	{ ROLE_NONE, { { 8, ROLE_USE, false, ROLE_NONE, ABSENT }, { 9, ROLE_USE, false, ROLE_NONE, ABSENT } },
	  ROLE_ADMIN, { true, false } },
};
/* clang-format on */

static void put_beside(const struct beside *b)
{
	struct handoff h = *open_handoff(&s);

	h.id.bytes[0] = b->id;
	h.role = b->role;
	h.own_grant = b->own;
	h.had_role = b->had;
	h.had_until = b->until;
	handoffs_put(&s.workspace.handoffs, &h);
}

static bool owns_grant(uint8_t id)
{
	struct uuid whole = id_of(HANDOFF);

	whole.bytes[0] = id;
	return handoffs_find(&s.workspace.handoffs, &whole)->own_grant;
}

/* A workspace that is read back from the index has its handoffs in any order. */
static void what_is_left_of_a_grant_rests_on_no_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(left_cases) / sizeof(*left_cases); i++) {
		const struct left_case *c = &left_cases[i / 2];

		scene_reset(&s);
		if (c->had)
			grant(&s, user(BOB), c->had, ABSENT);
		offered(user(BOB), ROLE_ADMIN);
		put_beside(&c->others[i % 2]);
		put_beside(&c->others[1 - i % 2]);
		answered(actor(BOB), ANSWER_DECLINE);
		assert_int_equal(role_of(user(BOB)), c->left);
		assert_int_equal(owns_grant(8), c->owned[0]);
		assert_int_equal(owns_grant(9), c->owned[1]);
	}
}

/* Of two that raised a grant by its end alone, the lesser end was there before both. */
static void earlier_end_is_less_than_a_later_one(void **state)
{
	const struct beside first = { 9, ROLE_USE, true, ROLE_USE, NOW_MS + 10 };
	const struct subject bob = user(BOB);

	(void)state;
	grant(&s, bob, ROLE_USE, NOW_MS + 20);
	offered(bob, ROLE_USE);
	put_beside(&first);
	s.answer.handoff_id.bytes[0] = first.id;
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(workspace_expiry(&s.workspace, &bob), ABSENT);
	s.answer.handoff_id = id_of(HANDOFF);
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(workspace_expiry(&s.workspace, &bob), NOW_MS + 10);
}

static void share_makes_the_grant_nobody_s_own(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN);
	carry_out(&s);
	assert_false(open_handoff(&s)->own_grant);
	answered(actor(BOB), ANSWER_DECLINE);
	assert_int_equal(role_of(user(BOB)), ROLE_ADMIN);
}

/* ---- ends that are no answers ---- */

static void removal_of_the_grant_withdraws_the_handoff(void **state)
{
	(void)state;
	offered(user(BOB), ROLE_USE);
	assert_step(unshare_one(&s, actor(ALICE), user(BOB)), HANDOFF_OFFERED, HANDOFF_WITHDRAWN,
		    2);
	assert_applied(&s.decision, 1);
	assert_int_equal(s.decision.handoffs[0].actor.id.bytes[15], ALICE);
	carry_out(&s);
	assert_null(open_handoff(&s));
}

static void removal_of_the_group_s_grant_withdraws_what_a_member_accepted_by_it(void **state)
{
	(void)state;
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	offered_and_accepted(group(TEAM), BOB);
	assert_step(unshare_one(&s, actor(ALICE), group(TEAM)), HANDOFF_ACCEPTED, HANDOFF_WITHDRAWN,
		    3);
}

static void removal_leaves_a_returned_handoff_open(void **state)
{
	(void)state;
	offered_and_accepted(user(BOB), BOB);
	answered(actor(BOB), ANSWER_RETURN);
	assert_applied(unshare_one(&s, actor(ALICE), user(BOB)), 1);
	assert_int_equal(s.decision.handoff_count, 0);
	carry_out(&s);
	assert_false(open_handoff(&s)->own_grant);
	assert_applied(offer(&s, actor(ALICE), user(BOB), ROLE_USE), 1);
}

static void expired_grant_ends_the_handoff_as_expired(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 5);
	(void)offer(&s, actor(ALICE), user(BOB), ROLE_USE);
	s.wish.expires_at = NOW_MS + 5;
	assert_true(decide(&s.world, &s.record, &s.decision));
	carry_out(&s);
	s.world.now = NOW_MS + 5;
	assert_step(unshare(&s, SYSTEM, REASON_EXPIRED, &bob, 1), HANDOFF_OFFERED, HANDOFF_EXPIRED,
		    2);
}

static void deleted_recipient_has_the_handoff_withdrawn(void **state)
{
	struct subject bob = user(BOB);

	(void)state;
	offered(user(BOB), ROLE_USE);
	s.answer.note = bytes_of("mine");
	answered(actor(BOB), ANSWER_ACCEPT);
	put_user(&s, BOB, USER_DELETED, USER_PERSON);
	assert_step(unshare(&s, SYSTEM, REASON_USER_DELETED, &bob, 1), HANDOFF_ACCEPTED,
		    HANDOFF_WITHDRAWN, 3);
	assert_null(s.decision.handoffs[0].note.data);
	assert_int_equal(s.decision.handoffs[0].actor.kind, ACTOR_SYSTEM);
}

static void recipient_who_becomes_owner_has_the_handoff_withdrawn(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	offered(user(BOB), ROLE_USE);
	fact.owner_id = id_of(BOB);
	assert_step(workspace_fact(&s, &fact), HANDOFF_OFFERED, HANDOFF_WITHDRAWN, 2);
	assert_applied(&s.decision, 1);
}

/* The owner has accepted for a group: a new name is no reason to withdraw that. */
static void fact_without_a_new_owner_ends_nothing(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	(void)offer(&s, actor(ERIN), group(CREW), ROLE_USE);
	carry_out(&s);
	answered(actor(ALICE), ANSWER_ACCEPT);
	fact.name = bytes_of("prod");
	assert_applied(workspace_fact(&s, &fact), 0);
	assert_int_equal(s.decision.handoff_count, 0);
}

static void deleted_workspace_withdraws_all(void **state)
{
	(void)state;
	offered_and_accepted(user(BOB), BOB);
	answered(actor(BOB), ANSWER_RETURN);
	s.offer.handoff_id.bytes[0] = 9;
	offered(user(CAROL), ROLE_USE);
	assert_applied(deletion(&s), 2);
	assert_int_equal(s.decision.handoff_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(s.decision.handoffs[i].state, HANDOFF_WITHDRAWN);
	assert_true(fold(&s));
	assert_int_equal(s.workspace.handoffs.count, 0);
}

/* ---- time ---- */

static void offered_until(int64_t end)
{
	s.offer.expires_at = end;
	offered(user(BOB), ROLE_USE);
	s.command.command_id = id_of(COMMAND);
	s.command.command_id.bytes[6] = 0x50; /* a removal's id says no time */
}

static void expiry_proves_itself(void **state)
{
	(void)state;
	offered_until(NOW_MS + 5);
	s.world.now = NOW_MS + 4;
	assert_unchanged(answer(&s, SYSTEM, ANSWER_EXPIRE));
	assert_true(decision_proves_itself(&s.decision));
	assert_false(fold(&s));
	s.world.now = NOW_MS + 5;
	assert_step(answer(&s, SYSTEM, ANSWER_EXPIRE), HANDOFF_OFFERED, HANDOFF_EXPIRED, 2);
	assert_change(&s.decision, 0, user(BOB), ROLE_USE, ROLE_NONE);
	assert_true(fold(&s));
	assert_unchanged(answer(&s, SYSTEM, ANSWER_EXPIRE));
	assert_false(recent_holds(&s.workspace.recent, &s.command.command_id));
}

static void only_the_system_says_that_time_is_over(void **state)
{
	(void)state;
	offered_until(NOW_MS + 5);
	s.command.command_id = id_of(COMMAND);
	s.command.command_id.bytes[14] = 77;
	s.world.now = NOW_MS + 6;
	assert_rejected(answer(&s, actor(ALICE), ANSWER_EXPIRE), REJECT_HANDOFF_NOT_YOURS, "alice");
}

static void nobody_answers_after_the_end(void **state)
{
	(void)state;
	offered_until(NOW_MS + 5);
	s.command.command_id = id_of(COMMAND);
	s.command.command_id.bytes[14] = 77;
	s.world.now = NOW_MS + 5;
	assert_rejected(answer(&s, actor(BOB), ANSWER_ACCEPT), REJECT_HANDOFF_STATE,
			"the time of the handoff was over at 1970-01-01T00:16:40.005Z");
	s.world.now = NOW_MS + 4;
	assert_step(answer(&s, actor(BOB), ANSWER_ACCEPT), HANDOFF_OFFERED, HANDOFF_ACCEPTED, 2);
}

static void returned_handoff_has_no_end(void **state)
{
	(void)state;
	s.offer.expires_at = NOW_MS + 5;
	offered_and_accepted(user(BOB), BOB);
	answered(actor(BOB), ANSWER_RETURN);
	s.world.now = NOW_MS + 6;
	assert_unchanged(answer(&s, SYSTEM, ANSWER_EXPIRE));
	assert_step(answer(&s, actor(ALICE), ANSWER_WITHDRAW), HANDOFF_RETURNED, HANDOFF_WITHDRAWN,
		    4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(offer_gives_a_grant_and_is_the_first_step),
		TEST(offer_to_one_who_had_as_much_changes_no_grant),
		TEST(offer_that_raises_a_grant_leaves_what_was_there),
		TEST(raised_grant_goes_altogether_if_the_old_one_is_over),
		TEST(offer_that_lasts_longer_is_not_as_much_as_there_is),
		TEST(offer_is_to_one_alone),
		TEST(offer_is_for_those_who_may_share),
		TEST(offer_that_changes_no_grant_touches_no_ceiling),
		TEST(offer_ends_in_the_future),
		TEST(workspace_has_sixteen_open_handoffs_at_most),
		TEST(handoff_that_is_open_is_not_offered_again),
		TEST(texts_of_an_offer_have_bounds),
		TEST(handoff_has_an_id),
		TEST(addresses_are_of_the_web),
		TEST(artifacts_are_twenty_at_most),
		TEST(only_a_reassignment_names_a_recipient),
		TEST(answer_needs_an_open_handoff),
		TEST(recipient_accepts_and_completes),
		TEST(open_handoff_has_the_note_of_its_last_step),
		TEST(note_outlives_what_is_no_step),
		TEST(declined_offer_takes_its_grant_along),
		TEST(others_may_not_answer),
		TEST(admin_of_the_workspace_does_not_withdraw_for_others),
		TEST(those_in_charge_withdraw_in_every_state),
		TEST(somebody_suspended_or_outside_answers_nothing),
		TEST(expected_step_must_be_the_current_one),
		TEST(repeated_answer_is_a_duplicate),
		TEST(first_member_gets_the_group_s_offer),
		TEST(member_s_grant_ends_with_the_group_s),
		TEST(member_does_not_decline_for_all),
		TEST(group_s_own_grant_from_before_stays),
		TEST(member_who_had_a_grant_keeps_it),
		TEST(owner_who_accepts_for_a_group_needs_no_grant),
		TEST(reassigned_handoff_moves_with_its_grant),
		TEST(reassignment_is_asked_the_rules_on_recipients),
		TEST(reassignment_gives_no_more_than_its_giver_has),
		TEST(reassignment_is_not_asked_how_long_its_giver_is_an_admin),
		TEST(who_has_left_the_group_passes_nothing_on),
		TEST(former_owner_passes_nothing_on),
		TEST(returned_handoff_is_offered_again_by_its_author),
		TEST(offering_again_at_a_step_asks_for_an_open_handoff_there),
		TEST(offering_again_to_another_moves_the_grant),
		TEST(grant_stays_for_the_last_handoff_of_its_holder),
		TEST(second_offer_that_raised_the_first_s_grant_gives_it_back),
		TEST(first_offer_leaves_what_the_second_has_raised),
		TEST(what_is_left_of_a_grant_rests_on_no_order),
		TEST(earlier_end_is_less_than_a_later_one),
		TEST(share_makes_the_grant_nobody_s_own),
		TEST(removal_of_the_grant_withdraws_the_handoff),
		TEST(removal_of_the_group_s_grant_withdraws_what_a_member_accepted_by_it),
		TEST(removal_leaves_a_returned_handoff_open),
		TEST(expired_grant_ends_the_handoff_as_expired),
		TEST(deleted_recipient_has_the_handoff_withdrawn),
		TEST(recipient_who_becomes_owner_has_the_handoff_withdrawn),
		TEST(fact_without_a_new_owner_ends_nothing),
		TEST(deleted_workspace_withdraws_all),
		TEST(expiry_proves_itself),
		TEST(only_the_system_says_that_time_is_over),
		TEST(nobody_answers_after_the_end),
		TEST(returned_handoff_has_no_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
