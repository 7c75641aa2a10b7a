/* Marks as people see them, good or not, and the progress of a rebuild. */

#include "cache/marks.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/replies.h"
#include "tests/unit/unit.h"

static struct array_reply mark;
static struct array_reply progress;

static struct seen_mark parse(const char *state, const char *loaded, const char *goal)
{
	const char *const values[] = { "7", "9", "cluster-a", "12", "6", state, "0", "0", "0" };
	const char *const rest[] = { loaded, goal };
	redisReply nothing = { .type = REDIS_REPLY_NIL };
	redisReply *const replies[] = { &mark.reply, &progress.reply, &nothing };
	struct seen_mark m;

	array_reply_init(&mark);
	array_reply_init(&progress);
	for (int i = 0; i < 9; i++)
		array_reply_add_text(&mark, values[i]);
	for (int i = 9; i < MARK_FIELDS; i++)
		array_reply_add_nil(&mark);
	for (int i = 0; i < 2; i++) {
		if (rest[i])
			array_reply_add_text(&progress, rest[i]);
		else
			array_reply_add_nil(&progress);
	}
	seen_mark_parse(&m, replies, NULL);
	return m;
}

static void rebuild_reports_its_progress(void **state)
{
	struct seen_mark m = parse("rebuilding", "43", "100");

	(void)state;
	assert_int_equal(m.mark.state, MARK_REBUILDING);
	assert_int_equal(m.mark.epoch, 7);
	assert_true(m.loaded == 43 && m.goal == 100);
	assert_int_equal(seen_mark_percent(&m), 43);
}

static void progress_left_over_from_a_rebuild_is_ignored(void **state)
{
	struct seen_mark m = parse("ready", "43", "100");

	(void)state;
	assert_int_equal(m.mark.state, MARK_READY);
	assert_true(m.loaded == ABSENT && m.goal == ABSENT);
	assert_int_equal(seen_mark_percent(&m), -1);
}

static void percentage_is_whole_and_at_most_100(void **state)
{
	static const struct {
		const char *loaded;
		const char *goal;
		int percent;
	} cases[] = {
		{ "0", "7", 0 },         { "1", "1000", 0 },
		{ "999", "1000", 99 },   { "1000", "1000", 100 },
		{ "1001", "1000", 100 }, { "4500000000000000000", "9000000000000000000", 50 },
		{ "0", "0", -1 },        { "-1", "7", -1 },
		{ "1", "-7", -1 },       { NULL, "7", -1 },
		{ "1", NULL, -1 },       { "many", "7", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct seen_mark m = parse("rebuilding", cases[i].loaded, cases[i].goal);

		assert_int_equal(seen_mark_percent(&m), cases[i].percent);
	}
}

static void trouble_is_told_only_if_it_has_a_text(void **state)
{
	static const char *const values[][4] = {
		{ "it hangs", "17", "19", "host" },
		{ NULL, "17", "19", "host" },
		{ "it hangs", "soon", NULL, NULL },
	};
	struct trouble t[3];

	for (int i = 0; i < 3; i++) {
		array_reply_init(&progress);
		for (int k = 0; k < 4; k++) {
			if (values[i][k])
				array_reply_add_text(&progress, values[i][k]);
			else
				array_reply_add_nil(&progress);
		}
		trouble_parse(&t[i], &progress.reply, *state);
	}
	assert_true(bytes_equal_text(t[0].text, "it hangs"));
	assert_true(t[0].since_ms == 17 && t[0].seen_ms == 19);
	assert_true(bytes_equal_text(t[0].instance, "host"));
	assert_null(t[1].text.data);
	assert_true(t[2].text.data && !t[2].since_ms && !t[2].instance.data);
}

static void mark_is_read_with_its_progress(void **state)
{
	struct pipeline p;
	struct keys k;
	struct commands c;

	(void)state;
	pipeline_init(&p);
	keys_init(&k, "sb", 3);
	seen_mark_append_read(&p, &k);
	commands_parse(&c, &p);
	assert_int_equal(c.count, SEEN_MARK_REPLIES);
	assert_command(&c, 0, "HMGET", "sb:{3}:mark", "epoch", "applied", "cluster", "partitions",
		       "layout", "state", "directory", "workspaces", "grants", "log", "last_offset",
		       "last_time", "last_hash", "suspect", "looked", NULL);
	assert_command(&c, 1, "HMGET", "sb:{3}:mark", "loaded", "goal", NULL);
	assert_command(&c, 2, "HMGET", "sb:{3}:trouble", "text", "since", "seen", "by", NULL);
	pipeline_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rebuild_reports_its_progress),
		cmocka_unit_test(progress_left_over_from_a_rebuild_is_ignored),
		cmocka_unit_test(percentage_is_whole_and_at_most_100),
		cmocka_unit_test(mark_is_read_with_its_progress),
		ARENA_TEST(trouble_is_told_only_if_it_has_a_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
