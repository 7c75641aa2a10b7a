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
	return codec_new(&codec, &err);
}

static int tear_down(void **state)
{
	(void)state;
	buffer_done(&emitter.value);
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

	memset(text, 'x', len + 1);
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
					       SHARING_EVERYONE };
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

static void estimate_bounds_what_is_encoded(void **state)
{
	size_t checked = 0;

	(void)state;
	memset(url, 'u', sizeof(url) - 1);
	for (int i = 0; i < SCENES; i++) {
		struct estimate e;
		size_t count;
		size_t longest;

		url[draw(2) ? 0 : 300] = 0;
		s.world.limits.access_url_bytes = strlen(url);
		short_names = i % 2;
		forget_grants();
		s.command.command_id = id_of(COMMAND);
		s.command.command_id.bytes[14] = (uint8_t)(i >> 8);
		s.command.command_id.bytes[15] = (uint8_t)i;
		draw_names();
		draw_decision();
		if (s.decision.outcome != OUTCOME_APPLIED)
			continue;
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
		memset(url, 'u', sizeof(url) - 1);
		arena_reset(&s.arena);
	}
	assert_true(checked > SCENES / 2);
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
		TEST(estimate_of_a_group_is_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
