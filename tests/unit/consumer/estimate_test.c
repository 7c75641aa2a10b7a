/*
 * An estimate is never less than what is really encoded, and not much more. The
 * scenes are drawn from a fixed seed: names from one byte to the longest, people
 * and groups, shares and removals, with and without a message and an expiry.
 */

#include "consumer/estimate.h"

#include "consumer/emit.h"
#include "schemas/bounds.h"
#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

enum {
	SCENES = 2000,
	SUBJECTS = 7,
	/* An estimate may be this many times as large as what is encoded. */
	FACTOR = 4,
};

static struct scene s;
static struct codec *codec;
static struct emitter emitter;
static struct buffer packed;
static char url[301];
static uint32_t seed;
static bool short_names;
static bool hostile; /* all texts grow as much as they can */

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static int set_up(void **state)
{
	struct error err;

	(void)state;
	seed = 1;
	scene_open(&s);
	buffer_init(&packed);
	emitter_init(&emitter);
	return codec_new(&codec, &err);
}

static int tear_down(void **state)
{
	(void)state;
	emitter_done(&emitter);
	buffer_done(&packed);
	codec_free(&codec);
	scene_close(&s);
	return 0;
}

/*
 * A text of up to `max` bytes, in a quarter of all cases of exactly that many. In
 * every other scene all texts are short, so that what stands around them counts.
 */
static struct bytes draw_text(size_t longest)
{
	size_t max = short_names ? 4 : longest;
	size_t len = draw(4) ? 1 + draw((uint32_t)max) : max;
	uint8_t *text = arena_alloc(&s.arena, len + 1);

	for (size_t i = 0; i < len; i++)
		text[i] = (uint8_t)(hostile ? "<*\n\033 "[draw(5)] : 'x');
	text[len] = 0;
	return (struct bytes){ text, len };
}

static void draw_names(void)
{
	struct membership home = { id_of(ACME), ORGANIZATION_MEMBER };
	struct uuid members[] = { id_of(BOB), id_of(CAROL), id_of(DAVE), id_of(ERIN) };
	struct record group = { .type = RECORD_GROUP_CHANGED };
	struct record acme = { .type = RECORD_ORGANIZATION_CHANGED };

	for (int who = ALICE; who <= ERIN; who++) {
		struct record r = { .type = RECORD_USER_CHANGED };

		r.as.user_changed = (struct user_changed){
			.id = id_of((enum name)who),
			.username = draw_text(NAME_BYTES_MAX),
			.name = draw(2) ? draw_text(TEXT_BYTES_MAX) : (struct bytes){ 0 },
			.status = USER_ACTIVE,
			.kind = USER_PERSON,
			.site_role = SITE_MEMBER,
			.organizations = &home,
			.organization_count = 1,
		};
		assert_true(directory_put(s.directory, &r, NULL));
	}
	group.as.group_changed = (struct group_changed){ id_of(TEAM), draw_text(NAME_BYTES_MAX),
							 id_of(ACME), members, 1 + draw(4) };
	assert_true(directory_put(s.directory, &group, NULL));
	acme.as.organization_changed =
		(struct organization_changed){ id_of(ACME), draw_text(NAME_BYTES_MAX),
					       SHARING_EVERYONE, ABSENT };
	assert_true(directory_put(s.directory, &acme, NULL));
	workspace_set_name(&s.workspace, draw_text(NAME_BYTES_MAX));
	s.message = draw(2) ? draw_text(MESSAGE_MAX) : (struct bytes){ 0 };
}

/* Some of the people and groups, and now and then all of them. */
static size_t draw_subjects(struct subject out[static SUBJECTS])
{
	const struct subject all[SUBJECTS] = { user(BOB),   user(CAROL), user(DAVE), user(ERIN),
					       group(TEAM), group(CREW), group(ACME) };
	bool everybody = !draw(4);
	size_t count = 0;

	for (size_t i = 0; i < SUBJECTS; i++)
		if (everybody || draw(2))
			out[count++] = all[i];
	return count;
}

/* The decision is by the owner, somebody else, or the system. */
static void draw_decision(void)
{
	struct subject subjects[SUBJECTS];
	struct grant_wish wishes[SUBJECTS];
	size_t count = draw_subjects(subjects);
	bool removes = !draw(3);
	const struct actor actors[] = { SYSTEM, actor(ALICE), actor(FRANK) };
	const struct actor who = actors[draw(3)];

	for (size_t i = 0; i < count; i++) {
		wishes[i] = wish_until(subjects[i], draw(2) ? ROLE_USE : ROLE_ADMIN,
				       draw(2) ? TIME_MAX_MS : ABSENT);
		if (removes || draw(3) == 0)
			grant(&s, subjects[i], draw(2) ? ROLE_USE : ROLE_ADMIN,
			      draw(2) ? NOW_MS : ABSENT);
	}
	if (removes)
		(void)unshare(&s, who, REASON_COMMAND, subjects, count);
	else
		(void)share(&s, who, wishes, count);
}

/* Some of the decisions also offer a handoff, or take it back. */
static void draw_step(void)
{
	static struct task task;
	static struct artifact artifacts[3];
	static struct handoff_changed step;
	const enum handoff_state states[] = { HANDOFF_OFFERED, HANDOFF_WITHDRAWN,
					      HANDOFF_ACCEPTED };
	enum handoff_state state = states[draw(3)];

	if (draw(2))
		return;
	task = (struct task){ TASK_OTHER, draw_text(255), draw_text(2048) };
	for (size_t i = 0; i < 3; i++)
		artifacts[i] = (struct artifact){ draw_text(255), draw_text(2048) };
	step = (struct handoff_changed){
		.handoff_id = id_of(DEV),
		.step = INT64_MAX,
		.state = state,
		.previous = draw(2) ? HANDOFF_ACCEPTED : 0,
		.kind = HANDOFF_TAKEOVER,
		.offered_by = actor(draw(2) ? ALICE : DAVE),
		.to = draw(2) ? user(BOB) : group(TEAM),
		.accepted_by = id_of(draw(2) ? CAROL : NIL),
		.actor = s.decision.actor,
		.summary = draw_text(2000),
		.question = draw_text(2000),
		.note = draw_text(2000),
		.task = draw(2) ? &task : NULL,
		.artifacts = artifacts,
		.artifact_count = draw(4),
		.role = ROLE_ADMIN,
		.expires_at = draw(2) ? TIME_MAX_MS : ABSENT,
	};
	s.decision.handoffs = &step;
	s.decision.handoff_count = 1;
}

static struct artifact *draw_artifacts(size_t *count)
{
	struct artifact *list = arena_zalloc(&s.arena, ARTIFACTS_MAX, sizeof(*list));

	hostile = false; /* else it is no address */
	*count = draw(ARTIFACTS_MAX + 1);
	for (size_t i = 0; i < *count; i++) {
		char *link = (char *)(uintptr_t)draw_text(URL_BYTES_MAX - 8).data;

		list[i] = (struct artifact){ draw_text(NAME_BYTES_MAX),
					     arena_printf(&s.arena, "https://%s", link) };
	}
	return list;
}

/* An offer, or an answer to one, beside other handoffs. */
static void draw_handoff(void)
{
	struct task *task = arena_zalloc(&s.arena, 1, sizeof(*task));
	struct subject to = draw(2) ? user(BOB) : group(TEAM);
	int64_t end = draw(2) ? TIME_MAX_MS : ABSENT;

	*task = (struct task){ TASK_OTHER, draw_text(TASK_ID_MAX), { 0 } };
	s.offer.handoff_id.bytes[0] = 1;
	for (size_t i = 1 + draw(2); i > 0; i--) {
		s.offer.handoff_id.bytes[0]++;
		s.offer.summary = draw_text(HANDOFF_TEXT_MAX);
		s.offer.question = draw(2) ? draw_text(HANDOFF_TEXT_MAX) : (struct bytes){ 0 };
		s.offer.answer_schema =
			draw(2) ? draw_text(ANSWER_SCHEMA_MAX) : (struct bytes){ 0 };
		s.offer.artifacts = draw_artifacts(&s.offer.artifact_count);
		s.offer.task = draw(2) ? task : NULL;
		s.offer.expires_at = end;
		(void)offer(&s, actor(ALICE), to, draw(2) ? ROLE_USE : ROLE_ADMIN);
		if (i == 1 && draw(2))
			return;
		(void)fold(&s);
		s.command.command_id.bytes[13]++;
	}
	s.answer.handoff_id = s.offer.handoff_id;
	s.answer.note = draw(2) ? draw_text(HANDOFF_TEXT_MAX) : (struct bytes){ 0 };
	s.answer.artifacts = draw_artifacts(&s.answer.artifact_count);
	(void)answer(&s, actor(BOB), draw(2) ? ANSWER_ACCEPT : ANSWER_DECLINE);
}

/* The longest value of those that go to the topic, and their number. */
static size_t longest_value(enum topic topic, size_t *count)
{
	struct bytes rest = buffer_bytes(&packed);
	struct output o;
	size_t longest = 0;

	*count = 0;
	while (output_take(&rest, &o)) {
		if (o.topic != topic)
			continue;
		++*count;
		longest = o.value.len > longest ? o.value.len : longest;
	}
	return longest;
}

static void assert_bounds(size_t is, size_t estimated)
{
	assert_true(is + ENVELOPE_BYTES <= estimated);
	assert_true(estimated <= FACTOR * (is + ENVELOPE_BYTES));
}

static void emit_all(void)
{
	struct source source = { .offset = INT64_MAX, .time = NOW_MS };
	struct consequence c = { workspace_ref(&s.workspace), INT64_MAX, { 0 } };
	struct error err = { 0 };

	audience_find(&s.world, &s.record, &s.decision, &c.audience);
	emitter.codec = codec;
	emitter.directory = s.directory;
	emitter.access_url = url;
	emitter.outputs_max = SIZE_MAX;
	emitter.arena = &s.arena;
	emitter.packed = &packed;
	buffer_clear(&packed);
	if (emit_decision(&emitter, &source, &s.decision, &c, &err))
		fail_msg("%s", err.text);
	(void)fold(&s);
	if (emit_state(&emitter, &source, &s.workspace, &err))
		fail_msg("%s", err.text);
}

static void forget_grants(void)
{
	while (s.workspace.grant_count)
		(void)workspace_drop_grant(&s.workspace, &s.workspace.grants[0].subject);
}

static void forget_handoffs(void)
{
	handoffs_done(&s.workspace.handoffs);
}

static void set_up_scene(int i)
{
	static struct key longest_id = { .id = "" };

	memset(longest_id.id, 'k', KEY_ID_MAX);
	memset(url, 'u', sizeof(url) - 1);
	url[draw(2) ? 0 : 300] = 0;
	s.world.author.key = i % 3 ? &longest_id : NULL;
	s.world.limits.access_url_bytes = strlen(url);
	short_names = i % 2;
	hostile = i % 4 > 1;
	forget_grants();
	forget_handoffs();
	s.command.command_id = id_of(COMMAND);
	s.command.command_id.bytes[14] = (uint8_t)(i >> 8);
	s.command.command_id.bytes[15] = (uint8_t)i;
	draw_names();
}

static void handoff_estimate_bounds_what_is_encoded(void **state)
{
	size_t checked = 0;

	(void)state;
	for (int i = 0; i < SCENES; i++) {
		struct estimate e;
		size_t count;
		size_t longest;

		set_up_scene(i);
		recent_done(&s.workspace.recent); /* it holds a thousand of this millisecond */
		draw_handoff();
		if (s.decision.outcome != OUTCOME_APPLIED) {
			arena_reset(&s.arena);
			continue;
		}
		checked++;
		e = estimate_outputs(&s.world, &s.decision);
		emit_all();
		longest = longest_value(TOPIC_HANDOFFS, &count);
		assert_int_equal(count, 1);
		assert_bounds(longest, e.handoffs);
		longest = longest_value(TOPIC_GRANTS, &count);
		assert_true(longest + ENVELOPE_BYTES <= e.state);
		longest = longest_value(TOPIC_NOTIFICATIONS, &count);
		assert_true(!count || longest + ENVELOPE_BYTES <= e.notification);
		assert_true(count <= e.notified);
		assert_true(packed.len <= e.total);
		arena_reset(&s.arena);
	}
	assert_true(checked > SCENES / 4);
}

static void estimate_bounds_what_is_encoded(void **state)
{
	size_t checked = 0;

	(void)state;
	for (int i = 0; i < SCENES; i++) {
		struct estimate e;
		size_t count;
		size_t longest;

		set_up_scene(i);
		draw_decision();
		if (s.decision.outcome != OUTCOME_APPLIED)
			continue;
		draw_step();
		checked++;
		e = estimate_outputs(&s.world, &s.decision);
		emit_all();
		assert_bounds(longest_value(TOPIC_EVENTS, &count), e.event);
		assert_int_equal(count, 1);
		assert_bounds(longest_value(TOPIC_GRANTS, &count), e.state);
		longest = longest_value(TOPIC_NOTIFICATIONS, &count);
		assert_true(count <= e.notified);
		if (count)
			assert_true(longest + ENVELOPE_BYTES <= e.notification);
		assert_true(packed.len <= e.total);
		arena_reset(&s.arena);
	}
	assert_true(checked > SCENES / 2);
}

/* The longest words that there are: what stands around short names must be in the estimate. */
enum { CLOSE = 200 };

static void put_short_names(void)
{
	short_names = true;
	draw_names();
	s.message = bytes_of("x");
	url[0] = 0;
	s.world.limits.access_url_bytes = 0;
}

/* Estimates the decision, and emits it: its largest notification has at most so much less. */
static void assert_close(size_t most)
{
	struct estimate e = estimate_outputs(&s.world, &s.decision);
	size_t count;
	size_t longest;

	emit_all();
	longest = longest_value(TOPIC_NOTIFICATIONS, &count) + ENVELOPE_BYTES;
	if (longest > e.notification || longest + most < e.notification)
		fail_msg("%zu bytes, estimated as %zu", longest, e.notification);
}

/* A group gets another end; then another role, with an end that another grant outlasts. */
static void words_about_access_are_in_the_estimate(void **state)
{
	struct grant_wish w = wish_until(group(TEAM), ROLE_ADMIN, TIME_MAX_MS);

	(void)state;
	put_short_names();
	grant(&s, group(TEAM), ROLE_ADMIN, TIME_MAX_MS - 1);
	(void)share(&s, actor(ALICE), &w, 1);
	assert_applied(&s.decision, 1);
	assert_close(CLOSE);
	s.command.command_id.bytes[15]++;
	forget_grants();
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share(&s, actor(ALICE), &w, 1);
	assert_applied(&s.decision, 1);
	assert_close(CLOSE);
}

static void words_to_an_owner_are_in_the_estimate(void **state)
{
	enum { CHANGES = 7 };
	struct change changes[CHANGES];

	(void)state;
	put_short_names();
	for (size_t i = 0; i < CHANGES; i++)
		changes[i] =
			(struct change){ group(TEAM), ROLE_ADMIN, ROLE_ADMIN, TIME_MAX_MS - 1 };
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = actor(FRANK),
					.reason = REASON_COMMAND,
					.changes = changes,
					.change_count = CHANGES };
	assert_close(CLOSE);
}

/* All that can be asked of somebody, and a role for it. */
static void words_about_a_handoff_are_in_the_estimate(void **state)
{
	struct task task = { TASK_OTHER, bytes_of("1"), bytes_of("https://x") };
	struct artifact artifacts[2] = { { bytes_of("a"), bytes_of("https://x") },
					 { bytes_of("b"), bytes_of("https://x") } };
	struct handoff_changed step = { .handoff_id = id_of(DEV),
					.step = INT64_MAX,
					.state = HANDOFF_OFFERED,
					.previous = HANDOFF_ACCEPTED,
					.kind = HANDOFF_TAKEOVER,
					.offered_by = actor(BOB),
					.to = user(CAROL),
					.actor = actor(FRANK),
					.summary = bytes_of("x"),
					.question = bytes_of("x"),
					.note = bytes_of("x"),
					.task = &task,
					.artifacts = artifacts,
					.artifact_count = 2,
					.role = ROLE_ADMIN,
					.expires_at = TIME_MAX_MS };

	(void)state;
	put_short_names();
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(FRANK), user(CAROL), ROLE_ADMIN);
	s.decision.changes[0].expires_at = TIME_MAX_MS;
	s.decision.handoffs = &step;
	s.decision.handoff_count = 1;
	assert_close((size_t)5 * CLOSE);
}

/* What is told to a large group of ordinary names is not overestimated much. */
static void estimate_of_a_group_is_close(void **state)
{
	enum { PEOPLE = 1000 };
	struct uuid members[PEOPLE];
	struct membership home = { id_of(ACME), ORGANIZATION_MEMBER };
	struct estimate e;

	(void)state;
	for (size_t i = 0; i < PEOPLE; i++) {
		struct record r = { .type = RECORD_USER_CHANGED };

		members[i] = (struct uuid){ { 9, (uint8_t)(i >> 8), (uint8_t)i } };
		r.as.user_changed = (struct user_changed){ .id = members[i],
							   .username = bytes_of("somebody"),
							   .status = USER_ACTIVE,
							   .organizations = &home,
							   .organization_count = 1 };
		assert_true(directory_put(s.directory, &r, NULL));
	}
	put_group(&s, TEAM, members, PEOPLE);
	url[0] = 0;
	(void)share_one(&s, actor(ALICE), group(TEAM), ROLE_USE);
	e = estimate_outputs(&s.world, &s.decision);
	emit_all();
	assert_true(packed.len > (size_t)PEOPLE * 400);
	assert_in_range(e.total, packed.len, 3 * packed.len);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(estimate_bounds_what_is_encoded),
		TEST(words_about_access_are_in_the_estimate),
		TEST(words_to_an_owner_are_in_the_estimate),
		TEST(words_about_a_handoff_are_in_the_estimate),
		TEST(handoff_estimate_bounds_what_is_encoded),
		TEST(estimate_of_a_group_is_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
