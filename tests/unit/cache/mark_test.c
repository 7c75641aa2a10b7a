/* The mark: written, read, and refused when it belongs to another deployment. */

#include "cache/mark.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/cache/replies.h"
#include "tests/unit/unit.h"

static const struct deployment OURS = { "cluster-a", 12 };

static struct array_reply reply;

/*
 * The reply to HMGET with the first `count` of these values in the order of its
 * fields, and at its end the stamp; NULL, and what is missing: nil.
 */
static void reply_with_all(const char *const *values, int count, const char *looked)
{
	array_reply_init(&reply);
	for (int i = 0; i < MARK_FIELDS - 1; i++) {
		if (i < count && values[i])
			array_reply_add_text(&reply, values[i]);
		else
			array_reply_add_nil(&reply);
	}
	if (looked)
		array_reply_add_text(&reply, looked);
	else
		array_reply_add_nil(&reply);
}

static void reply_stamped(const char *const values[static 9], const char *looked)
{
	reply_with_all(values, 9, looked);
}

static void reply_with(const char *const values[static 9])
{
	reply_stamped(values, "1800000000123");
}

static void mark_is_read_as_stored(void **state)
{
	static const char *const values[] = { "7", "1234567890123", "cluster-a", "12",
					      "6", "ready",         "88",        "3",
					      "5" };
	struct mark m;

	(void)state;
	reply_with(values);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_READY);
	assert_int_equal(m.epoch, 7);
	assert_true(m.applied == 1234567890123);
	assert_string_equal(m.deployment.cluster, "cluster-a");
	assert_int_equal(m.deployment.partitions, 12);
	assert_int_equal(m.layout, 6);
	assert_true(m.directory == 88);
	assert_true(m.workspaces == 3 && m.grants == 5);
	assert_true(m.looked == 1800000000123);
}

static void mark_that_nobody_has_stamped_was_never_looked_at(void **state)
{
	static const char *const values[] = { "7",     "9", "cluster-a", "12", "6",
					      "ready", "0", "3",         "5" };
	struct mark m;

	(void)state;
	reply_stamped(values, NULL);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_READY);
	assert_true(m.looked == 0);
}

/* One field of a good mark, and what stands in it instead; NULL: nil. */
struct damage {
	int field;
	const char *value;
	const char *sentence; /* what it has to say of the field */
};

static void check_damage(const struct damage *d)
{
	const char *values[] = { "7", "9", "cluster-a", "12", "6", "ready", "0", "3", "5" };
	const char *looked = "1800000000123";
	struct error err = { 0 };
	struct keys k;
	struct mark m;

	keys_init(&k, "sb", 3);
	if (d->field < 9)
		values[d->field] = d->value;
	else
		looked = d->value;
	reply_stamped(values, looked);
	m = (struct mark){ .epoch = 5 };
	assert_int_equal(mark_take(&m, &reply.reply, &k, "r:6379", &err), ERROR_UNAVAILABLE);
	assert_int_equal(m.epoch, 5);
	assert_non_null(strstr(err.text, "the mark sb:{3}:mark in Redis at r:6379 is damaged: its "
					 "field "));
	assert_non_null(strstr(err.text, d->sentence));
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_MISSING);
}

static void damaged_mark_is_named_with_its_field_and_never_believed(void **state)
{
	static const struct damage cases[] = {
		{ 0, "-1", "epoch is -1, but must be a number from 0 to 9223372036854775807" },
		{ 0, NULL, "epoch is (missing)" },
		{ 1, "-9", "applied is -9" },
		{ 1, " 9", "applied is  9" },
		{ 1, "9x", "applied is 9x" },
		{ 1, "", "applied is " },
		{ 1, "9223372036854775808", "applied is 9223372036854775808" },
		{ 1, NULL, "applied is (missing)" },
		{ 3, "-1", "partitions is -1, but must be a number from 1 to 1024" },
		{ 3, "0", "partitions is 0" },
		{ 3, "1025", "partitions is 1025" },
		{ 3, "4294967308", "partitions is 4294967308" },
		{ 3, "twelve", "partitions is twelve" },
		{ 3, "1\n2", "partitions is (not a text)" },
		{ 3, NULL, "partitions is (missing)" },
		{ 4, "-2", "layout is -2" },
		{ 4, "4294967298", "layout is 4294967298" },
		{ 6, "-1", "directory is -1" },
		{ 6, "1e3", "directory is 1e3" },
		{ 7, "-1", "workspaces is -1" },
		{ 8, "x", "grants is x" },
		{ 9, "-5", "looked is -5" },
		{ 9, "soon", "looked is soon" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		check_damage(&cases[i]);
}

static void good_mark_or_none_is_not_damaged(void **state)
{
	static const char *const good[] = {
		"7", "9", "cluster-a", "12", "6", "ready", "0", "3", "5"
	};
	static const char *const none[9] = { NULL };
	struct mark m;
	struct keys k;

	(void)state;
	keys_init(&k, "sb", 3);
	reply_stamped(good, NULL);
	assert_int_equal(mark_take(&m, &reply.reply, &k, "r", NULL), 0);
	assert_int_equal(m.state, MARK_READY);
	assert_int_equal(m.applied, 9);
	reply_stamped(none, NULL);
	assert_int_equal(mark_take(&m, &reply.reply, &k, "r", NULL), 0);
	assert_int_equal(m.state, MARK_MISSING);
}

static void what_identifies_the_log_is_read_as_stored(void **state)
{
	static const char *const values[MARK_FIELDS - 1] = {
		"7", "9", "cluster-a",     "12", "6", "ready", "88", "3", "5",
		"3", "8", "1795512600007", "42", "1",
	};
	struct mark m;

	(void)state;
	reply_with_all(values, MARK_FIELDS - 1, NULL);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.log, 3);
	assert_true(m.tip.offset == 8 && m.tip.time == 1795512600007 && m.tip.hash == 42);
	assert_true(m.suspect);
	reply_with(values);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.log, 0);
	assert_false(tip_is_known(&m.tip));
	assert_false(m.suspect);
}

static void mark_lags_by_log_and_then_by_offset(void **state)
{
	const struct mark m = { .log = 1, .applied = 5 };

	(void)state;
	assert_false(mark_lags(&m, 1, 5));
	assert_false(mark_lags(&m, 1, 4));
	assert_true(mark_lags(&m, 1, 6));
	assert_false(mark_lags(&m, 0, 900));
	assert_true(mark_lags(&m, 2, 0));
}

/* An older version wrote such marks. */
static void mark_without_a_directory_offset_requires_nothing_of_the_directory(void **state)
{
	static const char *const values[] = { "7",     "9",  "cluster-a", "12", "6",
					      "ready", NULL, "3",         "5" };
	struct mark m;

	(void)state;
	reply_with(values);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_READY);
	assert_true(m.directory == 0);
}

/* An owner of an earlier version did not count. */
static void mark_without_its_counts_is_rebuilding(void **state)
{
	struct mark m;

	(void)state;
	for (int i = 7; i < 9; i++) {
		const char *values[] = { "7", "9", "cluster-a", "12", "6", "ready", "0", "3", "5" };

		values[i] = NULL;
		reply_with(values);
		mark_parse(&m, &reply.reply);
		assert_int_equal(m.state, MARK_REBUILDING);
	}
}

static void mark_without_a_cluster_is_nobodys(void **state)
{
	static const char *const values[] = { "7", "9", NULL, "12", "6", "ready", "0", "3", "5" };
	struct mark m;

	(void)state;
	reply_with(values);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_MISSING);
}

static void state_is_read_from_its_word(void **state)
{
	static const struct {
		const char *text;
		enum mark_state state;
	} cases[] = {
		{ "ready", MARK_READY }, { "rebuilding", MARK_REBUILDING }, { NULL, MARK_MISSING },
		{ "", MARK_MISSING },    { "steady", MARK_MISSING },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *values[] = { "7",           "9", "cluster-a", "12", "6",
					 cases[i].text, "0", "3",         "5" };
		struct mark m;

		reply_with(values);
		mark_parse(&m, &reply.reply);
		assert_int_equal(m.state, cases[i].state);
	}
}

/* This program cannot read the data of an older layout; mark_check() refuses a newer one. */
static void index_of_an_older_layout_counts_as_rebuilding(void **state)
{
	static const struct {
		const char *layout;
		const char *text;
		enum mark_state state;
	} cases[] = {
		{ "1", "ready", MARK_REBUILDING },      { NULL, "ready", MARK_REBUILDING },
		{ "1", "rebuilding", MARK_REBUILDING }, { "1", NULL, MARK_MISSING },
		{ "2", "ready", MARK_REBUILDING },      { "5", "ready", MARK_REBUILDING },
		{ "6", "ready", MARK_READY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *values[] = { "7",           "9", "cluster-a", "12", cases[i].layout,
					 cases[i].text, "0", "3",         "5" };
		struct mark m;

		reply_with(values);
		mark_parse(&m, &reply.reply);
		assert_int_equal(m.state, cases[i].state);
		assert_true(m.epoch == 7 && m.applied == 9);
	}
}

static void reply_that_is_not_a_mark_counts_as_missing(void **state)
{
	struct mark m = { .state = MARK_READY };

	(void)state;
	array_reply_init(&reply);
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_MISSING);
	reply.reply.type = REDIS_REPLY_NIL;
	m.state = MARK_READY;
	mark_parse(&m, &reply.reply);
	assert_int_equal(m.state, MARK_MISSING);
}

static void long_cluster_id_is_cut(void **state)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123";
	const char *values[] = { "7", "9", longest, "12", "6", "ready", "0", "3", "5" };
	struct mark m;

	(void)state;
	reply_with(values);
	mark_parse(&m, &reply.reply);
	assert_int_equal(strlen(m.deployment.cluster), CLUSTER_ID_SIZE - 1);
}

static struct mark_glance glance_at(const char *const values[static GLANCE_FIELDS])
{
	struct mark_glance g;

	array_reply_init(&reply);
	for (int i = 0; i < GLANCE_FIELDS; i++) {
		if (values[i])
			array_reply_add_text(&reply, values[i]);
		else
			array_reply_add_nil(&reply);
	}
	mark_parse_glance(&g, &reply.reply);
	return g;
}

static void glance_is_a_part_of_the_mark(void **state)
{
	struct mark_glance g =
		glance_at((const char *const[]){ "7", "9", "ready", "1800000000123" });
	const struct mark m = { .state = MARK_READY, .epoch = 7, .applied = 9, .looked = 5 };
	struct commands c;
	struct pipeline p;
	struct keys k;

	(void)state;
	assert_int_equal(g.state, MARK_READY);
	assert_true(g.epoch == 7 && g.applied == 9 && g.looked == 1800000000123);
	g = mark_glance_of(&m);
	assert_int_equal(g.state, MARK_READY);
	assert_true(g.epoch == 7 && g.applied == 9 && g.looked == 5);
	g = glance_at((const char *const[]){ "7", "9", "rebuilding", NULL });
	assert_int_equal(g.state, MARK_REBUILDING);
	assert_true(g.looked == 0);
	pipeline_init(&p);
	keys_init(&k, "sb", 3);
	mark_append_glance(&p, &k);
	commands_parse(&c, &p);
	assert_command(&c, 0, "HMGET", "sb:{3}:mark", "epoch", "applied", "state", "looked", NULL);
	pipeline_done(&p);
}

static void glance_at_a_damaged_mark_finds_none(void **state)
{
	static const char *const cases[][GLANCE_FIELDS] = {
		{ NULL, "9", "ready", "1" },   { "-7", "9", "ready", "1" },
		{ "7", NULL, "ready", "1" },   { "7", "nine", "ready", "1" },
		{ "7", "9", NULL, "1" },       { "7", "9", "READY", "1" },
		{ "7", "9", "ready", "soon" }, { NULL, NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		assert_int_equal(glance_at(cases[i]).state, MARK_MISSING);
}

/* The values are in the order of the command. */
static struct mark vouching_mark(const char *const values[static VOUCH_FIELDS])
{
	struct mark m;

	array_reply_init(&reply);
	for (int i = 0; i < VOUCH_FIELDS; i++) {
		if (values[i])
			array_reply_add_text(&reply, values[i]);
		else
			array_reply_add_nil(&reply);
	}
	mark_parse(&m, &reply.reply);
	return m;
}

static void part_that_vouches_is_read_like_the_whole(void **state)
{
	const char *values[] = { "7", "cluster-a", "12", "6", "ready", "88", "2", "1" };
	struct mark m = vouching_mark(values);
	struct commands c;
	struct pipeline p;
	struct keys k;

	(void)state;
	assert_int_equal(m.state, MARK_READY);
	assert_string_equal(m.deployment.cluster, "cluster-a");
	assert_true(m.epoch == 7 && m.deployment.partitions == 12 && m.layout == 6);
	assert_true(m.directory == 88 && m.log == 2 && m.suspect);
	values[4] = "rebuilding";
	assert_int_equal(vouching_mark(values).state, MARK_REBUILDING);
	values[4] = "ready";
	values[3] = "4";
	assert_int_equal(vouching_mark(values).state, MARK_REBUILDING);
	values[3] = "6";
	values[1] = NULL;
	assert_int_equal(vouching_mark(values).state, MARK_MISSING);
	pipeline_init(&p);
	keys_init(&k, "sb", 3);
	mark_append_vouch(&p, &k);
	commands_parse(&c, &p);
	assert_command(&c, 0, "HMGET", "sb:{3}:mark", "epoch", "cluster", "partitions", "layout",
		       "state", "directory", "log", "suspect", NULL);
	pipeline_done(&p);
}

static void damage_in_the_part_that_vouches_is_named(void **state)
{
	static const char *const values[] = { "7", "cluster-a", "12", "6", "ready", "x", "2", "1" };
	struct mark m = vouching_mark(values);
	struct error err;
	struct keys k;

	(void)state;
	assert_int_equal(m.state, MARK_MISSING);
	keys_init(&k, "sb", 3);
	assert_int_equal(mark_take(&m, &reply.reply, &k, "r", &err), ERROR_UNAVAILABLE);
	assert_non_null(strstr(err.text, "its field directory is x"));
}

static void commands_have_the_fields_of_the_design(void **state)
{
	struct mark m = { .state = MARK_REBUILDING,
			  .epoch = 7,
			  .applied = 42,
			  .deployment = OURS,
			  .directory = 87,
			  .workspaces = 3,
			  .grants = 5,
			  .log = 3,
			  .tip = { 41, 1000, 5 },
			  .suspect = true };
	struct mark after = m;
	struct commands c;
	struct pipeline p;
	struct keys k;

	(void)state;
	pipeline_init(&p);
	keys_init(&k, "sb", 3);
	mark_append_read(&p, &k);
	after.applied = 43;
	after.directory = 88;
	after.workspaces = 4;
	after.grants = 6;
	after.suspect = false;
	mark_append_applied(&p, &k, &after);
	mark_append_write(&p, &k, &m, "sharing.commands");
	m.state = MARK_READY;
	mark_append_write(&p, &k, &m, "sharing.commands");
	mark_append_stamp(&p, &k, &m);
	commands_parse(&c, &p);
	assert_command(&c, 0, "HMGET", "sb:{3}:mark", "epoch", "applied", "cluster", "partitions",
		       "layout", "state", "directory", "workspaces", "grants", "log", "last_offset",
		       "last_time", "last_hash", "suspect", "looked", NULL);
	assert_command(&c, 1, "HSET", "sb:{3}:mark", "applied", "43", "directory", "88", "log", "3",
		       "last_offset", "41", "last_time", "1000", "last_hash", "5", "suspect", "0",
		       "workspaces", "4", "grants", "6", NULL);
	assert_command(&c, 2, "HSET", "sb:{3}:mark", "epoch", "7", "applied", "42", "cluster",
		       "cluster-a", "partitions", "12", "layout", "6", "state", "rebuilding",
		       "directory", "87", "log", "3", "last_offset", "41", "last_time", "1000",
		       "last_hash", "5", "suspect", "1", "workspaces", "3", "grants", "5", "topic",
		       "sharing.commands", NULL);
	assert_command(&c, 3, "HSET", "sb:{3}:mark", "epoch", "7", "applied", "42", "cluster",
		       "cluster-a", "partitions", "12", "layout", "6", "state", "ready",
		       "directory", "87", "log", "3", "last_offset", "41", "last_time", "1000",
		       "last_hash", "5", "suspect", "1", "workspaces", "3", "grants", "5", "topic",
		       "sharing.commands", NULL);
	assert_command(&c, 4, "EVAL", MARK_STAMP_SCRIPT, "1", "sb:{3}:mark", "7", "42", "ready",
		       NULL);
	pipeline_done(&p);
}

static void mark_of_another_deployment_is_refused_with_a_sentence(void **state)
{
	static const struct {
		struct mark mark;
		const char *sentence;
	} cases[] = {
		{ { .state = MARK_READY,
		    .epoch = 1,
		    .applied = 1,
		    .deployment = { "cluster-b", 12 },
		    .layout = 3 },
		  "the index in Redis at r:6379 belongs to Kafka cluster cluster-b, not to "
		  "cluster-a; give each deployment its own Redis or its own prefix" },
		{ { .state = MARK_READY,
		    .epoch = 1,
		    .applied = 1,
		    .deployment = { "cluster-a", 6 },
		    .layout = 3 },
		  "the index in Redis at r:6379 was made for 6 partitions, but sharing.commands "
		  "has 12; restore that number, which is fixed for the life of a deployment" },
		{ { .state = MARK_REBUILDING,
		    .epoch = 1,
		    .applied = 1,
		    .deployment = { "cluster-a", 12 },
		    .layout = 7 },
		  "the index in Redis at r:6379 has layout 7, but this program reads layout 6; use "
		  "programs of the same version" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct error err = { 0 };

		assert_int_equal(mark_check(&cases[i].mark, &OURS, "r:6379", &err), ERROR_REFUSED);
		assert_int_equal(err.code, ERROR_REFUSED);
		assert_string_equal(err.text, cases[i].sentence);
	}
}

static void mark_of_this_deployment_or_none_is_accepted(void **state)
{
	struct mark own = { .state = MARK_READY,
			    .epoch = 1,
			    .applied = 1,
			    .deployment = OURS,
			    .layout = INDEX_LAYOUT };
	struct mark rebuilding = { .state = MARK_REBUILDING,
				   .epoch = 1,
				   .applied = 1,
				   .deployment = OURS,
				   .layout = INDEX_LAYOUT };
	struct mark older = { .state = MARK_REBUILDING,
			      .epoch = 1,
			      .applied = 1,
			      .deployment = OURS,
			      .layout = INDEX_LAYOUT - 1 };
	struct mark missing = { .state = MARK_MISSING };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(mark_check(&own, &OURS, "r", &err), 0);
	assert_int_equal(mark_check(&rebuilding, &OURS, "r", &err), 0);
	assert_int_equal(mark_check(&older, &OURS, "r", &err), 0);
	assert_int_equal(mark_check(&missing, &OURS, "r", &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_is_read_as_stored),
		cmocka_unit_test(what_identifies_the_log_is_read_as_stored),
		cmocka_unit_test(mark_lags_by_log_and_then_by_offset),
		cmocka_unit_test(mark_without_a_directory_offset_requires_nothing_of_the_directory),
		cmocka_unit_test(mark_that_nobody_has_stamped_was_never_looked_at),
		cmocka_unit_test(damaged_mark_is_named_with_its_field_and_never_believed),
		cmocka_unit_test(good_mark_or_none_is_not_damaged),
		cmocka_unit_test(mark_without_its_counts_is_rebuilding),
		cmocka_unit_test(mark_without_a_cluster_is_nobodys),
		cmocka_unit_test(state_is_read_from_its_word),
		cmocka_unit_test(index_of_an_older_layout_counts_as_rebuilding),
		cmocka_unit_test(reply_that_is_not_a_mark_counts_as_missing),
		cmocka_unit_test(long_cluster_id_is_cut),
		cmocka_unit_test(glance_is_a_part_of_the_mark),
		cmocka_unit_test(glance_at_a_damaged_mark_finds_none),
		cmocka_unit_test(part_that_vouches_is_read_like_the_whole),
		cmocka_unit_test(damage_in_the_part_that_vouches_is_named),
		cmocka_unit_test(commands_have_the_fields_of_the_design),
		cmocka_unit_test(mark_of_another_deployment_is_refused_with_a_sentence),
		cmocka_unit_test(mark_of_this_deployment_or_none_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
