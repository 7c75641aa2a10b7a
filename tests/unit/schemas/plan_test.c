/*
 * Plans, held against avro-c on bytes that are right and on bytes that are not quite;
 * and what only plans promise: how much memory a record may take.
 */

#include "schemas/plan_read.h"
#include "schemas/plan_write.h"

#include "schemas/avsc.h"
#include "schemas/walk.h"
#include "tests/fuzz/readers.h"
#include "tests/fuzz/shapes.h"
#include "tests/unit/schemas/record_cases.h"
#include "tests/unit/unit.h"

#include <stdio.h>

static struct plan *plans[RECORD_TYPE_COUNT];
static struct arena arena;
static struct buffer value;
static struct error err;

static struct bytes json_of(enum record_type type)
{
	const struct avsc *a = avsc_files;

	while (strcmp(a->name, record_name(type)) != 0)
		a++;
	return a->json;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	buffer_init(&value);
	err = (struct error){ 0 };
	for (int i = 0; i < RECORD_TYPE_COUNT; i++) {
		const struct record_shape *shape = record_shape((enum record_type)i);

		if (plan_new(&plans[i], shape, json_of((enum record_type)i), &err))
			fail_msg("%s", err.text);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int i = 0; i < RECORD_TYPE_COUNT; i++)
		plan_free(&plans[i]);
	buffer_done(&value);
	arena_done(&arena);
	return 0;
}

static void write_record(const struct record *r)
{
	buffer_clear(&value);
	if (plan_write(plans[r->type], &r->as, &value, &err))
		fail_msg("%s: %s", record_name(r->type), err.text);
}

/* Whether the bytes, in a heap block of exactly their size, are a record; both readers must agree. */
static bool agreed_readable(enum record_type type, struct bytes bytes)
{
	uint8_t *copy = exact_copy(bytes);
	bool readable = false;

	if (!readers_agree(type, (struct bytes){ copy, bytes.len }, &arena, &readable))
		fail_msg("%s of %zu bytes is read in two ways", record_name(type), bytes.len);
	free(copy);
	arena_reset(&arena);
	return readable;
}

static const struct record *record_case(int i)
{
	return i < RECORD_TYPE_COUNT ? &FULL_RECORDS[i] : &BARE_RECORDS[i - RECORD_TYPE_COUNT];
}

/* ---- as avro-c reads it ---- */

static void avro_reads_what_is_written(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * RECORD_TYPE_COUNT; i++) {
		write_record(record_case(i));
		assert_true(agreed_readable(record_case(i)->type, buffer_bytes(&value)));
	}
}

static void records_cut_short_are_none(void **state)
{
	(void)state;
	for (int i = 0; i < 2 * RECORD_TYPE_COUNT; i++) {
		write_record(record_case(i));
		for (size_t len = 0; len < value.len; len++)
			assert_false(agreed_readable(record_case(i)->type,
						     (struct bytes){ value.data, len }));
	}
}

static void damaged_records_are_read_alike(void **state)
{
	static const uint8_t flips[] = { 0x01, 0x02, 0x40, 0x80, 0xff };
	size_t readable = 0;

	(void)state;
	for (int i = 0; i < 2 * RECORD_TYPE_COUNT; i++) {
		write_record(record_case(i));
		for (size_t k = 0; k < value.len * sizeof(flips); k++) {
			uint8_t *byte = &value.data[k / sizeof(flips)];
			uint8_t flip = flips[k % sizeof(flips)];

			*byte ^= flip;
			readable += agreed_readable(record_case(i)->type, buffer_bytes(&value));
			*byte ^= flip;
		}
	}
	assert_int_not_equal(readable, 0);
}

/* ---- what is unusual, of a list of texts ---- */

/* Where that text stands in the value. */
static size_t find_text(const char *text)
{
	size_t at = 0;

	while (memcmp(value.data + at, text, strlen(text)) != 0)
		at++;
	return at;
}

/* A rejection whose list of details is in these bytes: all its blocks. */
static bool details_are_readable(struct bytes blocks)
{
	struct record r = BARE_RECORDS[RECORD_COMMAND_REJECTED];
	struct buffer changed = { 0 };
	bool readable;
	size_t tail;

	r.as.command_rejected.message = bytes_of("here:");
	r.as.command_rejected.detail_count = 0;
	write_record(&r);
	tail = find_text("here:") + 5;
	buffer_append(&changed, value.data, tail);
	buffer_append(&changed, blocks.data, blocks.len);
	assert_int_equal(value.data[tail], 0); /* the list without items */
	buffer_append(&changed, value.data + tail + 1, value.len - tail - 1);
	readable = agreed_readable(RECORD_COMMAND_REJECTED, buffer_bytes(&changed));
	buffer_done(&changed);
	return readable;
}

static void lists_may_come_in_blocks(void **state)
{
	static const struct {
		struct bytes blocks;
		bool readable;
	} cases[] = {
		{ T("\x00"), true },
		{ T("\x02\x02y\x00"), true },
		{ T("\x02\x02y\x02\x02z\x04\x00\x00\x00"), true },
		{ T("\x80\x00"), true },                      /* 0 in two bytes */
		{ T("\x82\x00\x82\x00y\x80\x80\x00"), true }, /* and 1 */
		{ T("\x03\x08\x02y\x02z\x00"), true },        /* two items in four bytes */
		{ T("\x01\x08\x02y\x02z\x00"), false },       /* one fewer than there are */
		{ T("\x05\x08\x02y\x02z\x00"), false },       /* one more */
		{ T("\x03\x06\x02y\x02z\x00"), false },       /* the last byte is outside */
		{ T("\x01\x04\x02y\x00"), true },
		{ T("\x01\x06\x02y\x00"), false }, /* too large for its item, */
		{ T("\x01\x02\x02y\x00"), false }, /* too small, */
		{ T("\x01\x01\x02y\x00"), false }, /* below zero */
		{ T("\x01\x00\x00"), false },
		{ T("\x01\x04\x02y\x01\x04\x02z\x02\x00\x00"), true },
		{ T("\x02\x01\x00"), false },     /* a text of -1 bytes */
		{ T("\x02\x02\xff\x00"), false }, /* no UTF-8 */
		{ T("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"), false }, /* INT64_MIN */
		{ T("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"), false },
		{ T("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), true },      /* 0 in ten bytes */
		{ T("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), false }, /* and in eleven */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (details_are_readable(cases[i].blocks) != cases[i].readable)
			fail_msg("case %zu", i);
}

/* An index has no more than five bytes. */
static void indexes_may_be_longer_than_they_need(void **state)
{
	static const struct {
		struct bytes index;
		bool readable;
	} cases[] = {
		{ T("\x00"), true },
		{ T("\x80\x80\x80\x80\x00"), true },
		{ T("\x80\x80\x80\x80\x80\x00"), false },
		{ T("\x82\x80\x80\x80\x10"), false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		write_record(&BARE_RECORDS[RECORD_COMMAND_REJECTED]);
		value.len--; /* signed_by is the last, and absent */
		buffer_append(&value, cases[i].index.data, cases[i].index.len);
		if (agreed_readable(RECORD_COMMAND_REJECTED, buffer_bytes(&value)) !=
		    cases[i].readable)
			fail_msg("case %zu", i);
	}
}

static void append_details(struct buffer *b, size_t count)
{
	uint64_t zigzag = 2 * (uint64_t)count;

	buffer_append_varint(b, zigzag);
	memset(buffer_reserve(b, count), 0, count);
	b->len += count;
}

static void items_are_counted_over_all_blocks(void **state)
{
	struct buffer blocks = { 0 };

	(void)state;
	append_details(&blocks, WALK_ITEMS_MAX - 1);
	append_details(&blocks, 1);
	buffer_append_u8(&blocks, 0);
	assert_true(details_are_readable(buffer_bytes(&blocks)));
	blocks.len--;
	append_details(&blocks, 1);
	buffer_append_u8(&blocks, 0);
	assert_false(details_are_readable(buffer_bytes(&blocks)));
	buffer_done(&blocks);
}

/* ---- memory ---- */

static struct record many_artifacts(size_t count)
{
	struct record r = BARE_RECORDS[RECORD_ANSWER_HANDOFF];
	struct artifact *list = calloc(count, sizeof(*list));

	assert_non_null(list);
	for (size_t i = 0; i < count; i++)
		list[i] = (struct artifact){ bytes_of(""), bytes_of("") };
	r.as.answer_handoff.artifacts = list;
	r.as.answer_handoff.artifact_count = count;
	return r;
}

/* An artifact of two bytes takes its struct, and a NUL for each text. */
static void items_take_no_more_than_their_structs(void **state)
{
	enum { COUNT = 100000, BLOCK_BYTES = 256 * 1024 }; /* as arena.c has it */
	struct record r = many_artifacts(COUNT);
	struct record out;

	(void)state;
	write_record(&r);
	assert_int_equal(plan_read(plans[r.type], buffer_bytes(&value), &arena, &out.as, &err), 0);
	assert_int_equal(out.as.answer_handoff.artifact_count, COUNT);
	assert_in_range(arena_size(&arena), COUNT * sizeof(struct artifact),
			COUNT * (sizeof(struct artifact) + 2) + 2 * (size_t)BLOCK_BYTES);
	free(r.as.answer_handoff.artifacts);
}

/* Two bytes are the least that an artifact takes, so that no more are made room for. */
static void announced_items_must_fit_into_the_bytes(void **state)
{
	enum { COUNT = 100000 };
	struct record r = BARE_RECORDS[RECORD_ANSWER_HANDOFF];
	struct record out;
	size_t at;

	(void)state;
	r.as.answer_handoff.note = bytes_of("here:");
	write_record(&r);
	at = find_text("here:") + 5;
	assert_int_equal(value.data[at], 0); /* the list of artifacts */
	value.len = at;
	append_details(&value, COUNT); /* half of what as many artifacts would take */
	assert_int_equal(plan_read(plans[r.type], buffer_bytes(&value), &arena, &out.as, &err),
			 ERROR_INPUT);
	assert_string_equal(err.text, "the value does not fit its schema");
	assert_in_range(arena_size(&arena), 0, COUNT * sizeof(struct artifact) - 1);
}

/* A fresh buffer ends at a power of two; here, everywhere in the record. */
static void write_to_every_end(const struct record *r)
{
	write_record(r);
	for (size_t before = 0; before < 512; before++) {
		struct buffer b = { 0 };

		while (b.len < before)
			buffer_append_u8(&b, 'x');
		assert_int_equal(plan_write(plans[r->type], &r->as, &b, &err), 0);
		assert_int_equal(b.len, before + value.len);
		assert_memory_equal(b.data + before, value.data, value.len);
		buffer_done(&b);
	}
}

static void room_is_made_wherever_the_buffer_ends(void **state)
{
	struct record r = FULL_RECORDS[RECORD_USER_CHANGED];
	char text[300];

	(void)state;
	for (int i = 0; i < 2 * RECORD_TYPE_COUNT; i++)
		write_to_every_end(record_case(i));
	memset(text, 'x', sizeof(text)); /* takes what there is of room */
	r.as.user_changed.email = (struct bytes){ (uint8_t *)text, sizeof(text) };
	write_to_every_end(&r);
}

static void texts_end_with_a_nul(void **state)
{
	const struct share_workspace *s;
	struct record out;

	(void)state;
	write_record(&FULL_RECORDS[RECORD_SHARE_WORKSPACE]);
	assert_int_equal(plan_read(plans[RECORD_SHARE_WORKSPACE], buffer_bytes(&value), &arena,
				   &out.as, &err),
			 0);
	memset(value.data, 'x', value.len); /* nothing points into it */
	s = &out.as.share_workspace;
	assert_string_equal(text_of(s->message), "please look");
	assert_string_equal(text_of(s->handoff->artifacts[1].url), "https://log");
	assert_int_equal(s->message.len, strlen("please look"));
}

/* ---- what does not match ---- */

static void assert_not_planned(const char *fields, const char *why)
{
	struct plan *p = NULL;
	char json[512];

	(void)snprintf(json, sizeof(json),
		       "{\"type\":\"record\",\"name\":\"DeploymentChanged\",\"fields\":[%s]}",
		       fields);
	err = (struct error){ 0 };
	assert_int_equal(
		plan_new(&p, record_shape(RECORD_DEPLOYMENT_CHANGED), bytes_of(json), &err),
		ERROR_REFUSED);
	assert_null(p);
	assert_string_equal(err.text, why);
}

static void schemas_that_the_struct_does_not_match_are_refused(void **state)
{
	(void)state;
	assert_not_planned("", "schema DeploymentChanged and its struct differ in fields");
	assert_not_planned("{\"name\":\"other\",\"type\":\"boolean\"}",
			   "schema DeploymentChanged has a field that the struct lacks");
	assert_not_planned("{\"name\":\"sharing_enabled\",\"type\":\"boolean\"},"
			   "{\"name\":\"other\",\"type\":\"boolean\"}",
			   "schema DeploymentChanged and its struct differ in fields");
	assert_not_planned("{\"name\":\"sharing_enabled\",\"type\":\"string\"}",
			   "field sharing_enabled has another type than ours");
	assert_not_planned("{\"name\":\"sharing_enabled\",\"type\":[\"null\",\"boolean\"]}",
			   "field sharing_enabled is optional on one side only");
}

static int free_readers(void **state)
{
	(void)state;
	readers_done();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(avro_reads_what_is_written),
		TEST(records_cut_short_are_none),
		TEST(damaged_records_are_read_alike),
		TEST(lists_may_come_in_blocks),
		TEST(indexes_may_be_longer_than_they_need),
		TEST(items_are_counted_over_all_blocks),
		TEST(items_take_no_more_than_their_structs),
		TEST(announced_items_must_fit_into_the_bytes),
		TEST(room_is_made_wherever_the_buffer_ends),
		TEST(texts_end_with_a_nul),
		TEST(schemas_that_the_struct_does_not_match_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, free_readers);
}
