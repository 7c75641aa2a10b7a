/*
 * Records to bytes and back, and what is refused on the way. Values are
 * decoded from a heap block of exactly their size, so that the address
 * sanitizer sees a read past the end.
 */

#include "schemas/codec.h"

#include "schemas/avsc.h"
#include "schemas/fingerprint.h"
#include "tests/fuzz/shapes.h"
#include "tests/unit/schemas/record_cases.h"
#include "tests/unit/unit.h"

#include <assert.h>

#include <limits.h>
#include <stdio.h>

enum { SENTENCE_SIZE = 128, LONG_TEXT = 100000, RECORDS = RECORD_TYPE_COUNT };

static struct codec *codec;
static struct arena arena;
static struct buffer value;
static struct error err;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena);
	buffer_init(&value);
	err = (struct error){ 0 };
	return codec_new(&codec, &err);
}

static int tear_down(void **state)
{
	(void)state;
	buffer_done(&value);
	arena_done(&arena);
	codec_free(&codec);
	return codec != NULL;
}

static int decode_exact(struct bytes bytes, struct record *out)
{
	uint8_t *copy = exact_copy(bytes);
	int rc;

	err = (struct error){ 0 };
	rc = codec_decode(codec, (struct bytes){ copy, bytes.len }, &arena, out, &err);
	free(copy);
	return rc;
}

static void encode_record(const struct record *r)
{
	buffer_clear(&value);
	if (codec_encode(codec, r, &value, &err))
		fail_msg("%s: %s", record_name(r->type), err.text);
}

/* The value is refused, as wrong for good, with a sentence that has this part. */
static void assert_refused(struct bytes bytes, const char *part)
{
	struct record out;

	assert_int_equal(decode_exact(bytes, &out), ERROR_INPUT);
	assert_int_equal(err.code, ERROR_INPUT);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" lacks \"%s\"", err.text, part);
}

static void assert_same(const struct record *a, const struct record *b)
{
	assert_int_equal(a->type, b->type);
	if (!same_record(a, b))
		fail_msg("%s came back different", record_name(a->type));
}

/* ---- round trips ---- */

static void assert_round_trips(const struct record *records)
{
	for (int i = 0; i < RECORDS; i++) {
		struct record out;

		assert_int_equal(records[i].type, i);
		encode_record(&records[i]);
		if (decode_exact(buffer_bytes(&value), &out))
			fail_msg("%s", err.text);
		assert_same(&records[i], &out);
	}
}

static void records_with_all_fields_come_back(void **state)
{
	(void)state;
	assert_int_equal(sizeof(FULL_RECORDS) / sizeof(*FULL_RECORDS), RECORDS);
	assert_round_trips(FULL_RECORDS);
}

static void records_without_optional_fields_come_back(void **state)
{
	(void)state;
	assert_int_equal(sizeof(BARE_RECORDS) / sizeof(*BARE_RECORDS), RECORDS);
	assert_round_trips(BARE_RECORDS);
}

/* What one record leaves in the reused value must not show in the next. */
static void records_do_not_leak_into_the_next(void **state)
{
	struct buffer full;

	(void)state;
	buffer_init(&full);
	for (int i = 0; i < RECORDS; i++) {
		struct record out;

		encode_record(&FULL_RECORDS[i]);
		buffer_clear(&full);
		buffer_append(&full, value.data, value.len);
		encode_record(&BARE_RECORDS[i]);
		assert_int_equal(decode_exact(buffer_bytes(&full), &out), 0);
		assert_same(&FULL_RECORDS[i], &out);
		assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
		assert_same(&BARE_RECORDS[i], &out);
	}
	buffer_done(&full);
}

static void every_kind_of_symbol_comes_back(void **state)
{
	struct record r = FULL_RECORDS[RECORD_REMOVE_SHARING];
	struct record out;

	(void)state;
	for (int i = REASON_COMMAND; i <= REASON_HANDOFF; i++) {
		r.as.remove_sharing.reason = (enum reason)i;
		encode_record(&r);
		assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
		assert_int_equal(out.as.remove_sharing.reason, i);
	}
}

static void long_text_comes_back(void **state)
{
	struct record r = FULL_RECORDS[RECORD_SHARE_WORKSPACE];
	char *text = malloc(LONG_TEXT);
	struct record out;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', LONG_TEXT);
	r.as.share_workspace.message = (struct bytes){ (uint8_t *)text, LONG_TEXT };
	encode_record(&r);
	assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
	assert_same(&r, &out);
	free(text);
}

static void empty_text_is_not_absent(void **state)
{
	struct record r = FULL_RECORDS[RECORD_SHARE_WORKSPACE];
	struct record out;

	(void)state;
	r.as.share_workspace.message = bytes_of("");
	encode_record(&r);
	assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
	assert_non_null(out.as.share_workspace.message.data);
	assert_int_equal(out.as.share_workspace.message.len, 0);
}

static void encoding_appends_to_what_is_there(void **state)
{
	struct record out;

	(void)state;
	buffer_append_text(&value, "before");
	assert_int_equal(codec_encode(codec, &FULL_RECORDS[0], &value, &err), 0);
	assert_memory_equal(value.data, "before", 6);
	assert_int_equal(decode_exact((struct bytes){ value.data + 6, value.len - 6 }, &out), 0);
	assert_same(&FULL_RECORDS[0], &out);
}

/* ---- the bytes ---- */

/* As Python's fastavro writes the same records. */
static const struct {
	enum record_type type;
	struct bytes body;
} GOLDEN[] = {
	{ RECORD_USER_CHANGED,
	  T("\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34\x2d\x37\x33\x39"
	    "\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66\x38\x61\x64\x33"
	    "\x38\x0a\x61\x6c\x69\x63\x65\x10\x41\x6c\x69\x63\x65\x20\x41\x2e\x22\x61"
	    "\x6c\x69\x63\x65\x40\x65\x78\x61\x6d\x70\x6c\x65\x2e\x63\x6f\x6d\x02\x04"
	    "\x02\x04\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34\x2d\x37"
	    "\x33\x39\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66\x38\x61"
	    "\x64\x33\x39\x02\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34"
	    "\x2d\x37\x33\x39\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66"
	    "\x38\x61\x64\x33\x61\x00\x00") },
	{ RECORD_SHARING_CHANGED,
	  T("\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34\x2d\x37\x33\x39"
	    "\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66\x38\x61\x64\x32"
	    "\x30\x0c\x64\x65\x76\x20\xc3\xa9\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d"
	    "\x38\x36\x39\x34\x2d\x37\x33\x39\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36"
	    "\x63\x32\x36\x66\x38\x61\x64\x32\x31\x48\x30\x31\x39\x30\x31\x36\x33\x64"
	    "\x2d\x38\x36\x39\x34\x2d\x37\x33\x39\x62\x2d\x61\x65\x61\x35\x2d\x39\x36"
	    "\x36\x63\x32\x36\x66\x38\x61\x64\x32\x32\x56\x48\x30\x31\x39\x30\x31\x36"
	    "\x33\x64\x2d\x38\x36\x39\x34\x2d\x37\x33\x39\x62\x2d\x61\x65\x61\x35\x2d"
	    "\x39\x36\x36\x63\x32\x36\x66\x38\x61\x64\x34\x31\x04\x02\x48\x30\x31\x39"
	    "\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34\x2d\x37\x33\x39\x62\x2d\x61\x65"
	    "\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66\x38\x61\x64\x34\x32\x0c\x04\x00"
	    "\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34\x2d\x37\x33\x39"
	    "\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66\x38\x61\x64\x34"
	    "\x33\x02\x00\x02\x02\x02\x58\x02\x48\x30\x31\x39\x30\x31\x36\x33\x64\x2d"
	    "\x38\x36\x39\x34\x2d\x37\x33\x39\x62\x2d\x61\x65\x61\x35\x2d\x39\x36\x36"
	    "\x63\x32\x36\x66\x38\x61\x64\x34\x34\x02\x02\x00\x00\x00\x02\x48\x30\x31"
	    "\x39\x30\x31\x36\x33\x64\x2d\x38\x36\x39\x34\x2d\x37\x33\x39\x62\x2d"
	    "\x61\x65\x61\x35\x2d\x39\x36\x36\x63\x32\x36\x66\x38\x61\x64\x38\x66"
	    "\x8c\x97\xa0\xce"
	    "\xc1\x68\x02\x0e\x67\x61\x74\x65\x77\x61\x79") },
	{ RECORD_WORKSPACE_GRANTS,
	  T("\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad\x20\x0c\x64"
	    "\x65\x76\x20\xc3\xa9\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26"
	    "\xf8\xad\x21\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad"
	    "\x22\x02\x5a\x04\x00\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26"
	    "\xf8\xad\x4b\x00\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8"
	    "\xad\x4c\x5c\x02\x5e\x02\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c"
	    "\x26\xf8\xad\x4d\x02\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26"
	    "\xf8\xad\x4e\x60\x00\x00\x04\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96"
	    "\x6c\x26\xf8\xad\x6d\x00\x02\x04\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5"
	    "\x96\x6c\x26\xf8\xad\x6e\x04\x00\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5"
	    "\x96\x6c\x26\xf8\xad\x6f\x02\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96"
	    "\x6c\x26\xf8\xad\x70\x00\x01\x02\x02\x02\x80\x01\x08\x64\x6f\x6e\x65\x02"
	    "\x06\x6f\x6b\x3f\x02\x02\x06\x74\x2d\x31\x02\x12\x68\x74\x74\x70\x73\x3a"
	    "\x2f\x2f\x74\x04\x04\x70\x72\x14\x68\x74\x74\x70\x73\x3a\x2f\x2f\x70\x72"
	    "\x06\x6c\x6f\x67\x16\x68\x74\x74\x70\x73\x3a\x2f\x2f\x6c\x6f\x67\x00\x02"
	    "\x04\x7b\x7d\x02\x08\x6d\x69\x6e\x65\x7a\x02\x7c\x01\x90\x16\x3d\x86\x94"
	    "\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad\x71\x04\x00\x02\x01\x90\x16\x3d\x86"
	    "\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad\x72\x00\x02\x01\x90\x16\x3d\x86"
	    "\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad\x73\x00\x02\x00\x00\x00\x00\x00"
	    "\x00\x00\x00\x00\x7e\x00\x00\x04\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5"
	    "\x96\x6c\x26\xf8\xad\x4f\x66\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96"
	    "\x6c\x26\xf8\xad\x50\x68\x00\x92\x97\xa0\xce\xc1\x68\x62") },
};

static void bodies_are_those_of_another_encoder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(GOLDEN) / sizeof(*GOLDEN); i++) {
		encode_record(&FULL_RECORDS[GOLDEN[i].type]);
		assert_int_equal(value.len, FRAME_SIZE + GOLDEN[i].body.len);
		assert_memory_equal(value.data + FRAME_SIZE, GOLDEN[i].body.data,
				    GOLDEN[i].body.len);
	}
}

static struct bytes json_of(enum record_type type)
{
	const struct avsc *a = avsc_files;

	while (a->name && strcmp(a->name, record_name(type)) != 0)
		a++;
	assert_non_null(a->name);
	return a->json;
}

static void frames_carry_the_fingerprint_of_the_schema_file(void **state)
{
	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		char *canonical = NULL;
		uint64_t fingerprint;

		assert_int_equal(canonical_form(&canonical, json_of((enum record_type)i), &err), 0);
		fingerprint = crc64_avro(bytes_of(canonical));
		free(canonical);
		assert_true(codec_fingerprint(codec, (enum record_type)i) == fingerprint);
		encode_record(&FULL_RECORDS[i]);
		assert_int_equal(value.data[0], 0xc3);
		assert_int_equal(value.data[1], 0x01);
		for (int k = 0; k < 8; k++)
			assert_int_equal(value.data[2 + k], fingerprint >> (8 * k) & 0xff);
	}
}

static void no_two_schemas_share_a_fingerprint(void **state)
{
	(void)state;
	for (int i = 0; i < RECORDS; i++)
		for (int k = 0; k < i; k++)
			assert_true(codec_fingerprint(codec, (enum record_type)i) !=
				    codec_fingerprint(codec, (enum record_type)k));
}

/* ---- what other versions wrote ---- */

/* A ShareWorkspace with fewer fields than ours, in another order, and with one that we do not have. */
#define OTHER_SHARE                                                                                \
	"{\"type\":\"record\",\"name\":\"ShareWorkspace\",\"namespace\":\"sharebus.v1\","          \
	"\"fields\":["                                                                             \
	"{\"name\":\"color\",\"type\":\"string\"},"                                                \
	"{\"name\":\"workspace_id\",\"type\":\"string\"},"                                         \
	"{\"name\":\"actor\",\"type\":{\"type\":\"record\",\"name\":\"Actor\",\"fields\":["        \
	"{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"ActorKind\",\"symbols\":"       \
	"[\"robot\",\"agent\"]}},{\"name\":\"id\",\"type\":\"string\"}]}},"                        \
	"{\"name\":\"command_id\",\"type\":\"string\"},"                                           \
	"{\"name\":\"issued_at\",\"type\":\"long\"},"                                              \
	"{\"name\":\"grants\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"record\","        \
	"\"name\":"                                                                                \
	"\"GrantWish\",\"fields\":[{\"name\":\"role\",\"type\":{\"type\":\"enum\",\"name\":"       \
	"\"Role\","                                                                                \
	"\"symbols\":[\"admin\",\"use\"]}}]}}}]}"

static void append_id(struct buffer *b, const char *text)
{
	buffer_append_u8(b, UUID_TEXT_LEN * 2);
	buffer_append_text(b, text);
}

/* Of OTHER_SHARE, by an actor of that kind: 0 is a robot, 1 an agent. */
static void write_other_share(uint8_t actor_kind)
{
	uint64_t fingerprint = 0;

	assert_int_equal(schema_fingerprint(&fingerprint, bytes_of(OTHER_SHARE), &err), 0);
	buffer_clear(&value);
	buffer_append_text(&value, "\xc3\x01");
	for (int i = 0; i < 8; i++)
		buffer_append_u8(&value, (uint8_t)(fingerprint >> 8 * i));
	buffer_append_text(&value, "\x06"
				   "red");
	append_id(&value, ID_TEXT("12"));
	buffer_append_u8(&value, (uint8_t)(actor_kind << 1));
	append_id(&value, ID_TEXT("11"));
	append_id(&value, ID_TEXT("10"));
	buffer_append(&value, (const uint8_t *)"\x0e\x02\x00\x00", 4); /* 7; one grant: admin */
}

static void what_another_version_wrote_is_read_by_its_schema(void **state)
{
	static const struct uuid id = ID(0x10);
	const struct share_workspace *s;
	struct record out;

	(void)state;
	write_other_share(1);
	assert_refused(buffer_bytes(&value), "no schema has the fingerprint");
	assert_int_equal(codec_learn(codec, RECORD_SHARE_WORKSPACE, bytes_of(OTHER_SHARE), &err),
			 0);
	assert_int_equal(codec_decode(codec, buffer_bytes(&value), &arena, &out, &err), 0);
	assert_int_equal(out.type, RECORD_SHARE_WORKSPACE);
	s = &out.as.share_workspace;
	assert_true(uuid_equal(&s->command.command_id, &id));
	assert_int_equal(s->command.actor.kind, ACTOR_AGENT);
	assert_int_equal(s->command.issued_at, 7);
	assert_int_equal(s->grant_count, 1);
	assert_int_equal(s->grants[0].role, ROLE_ADMIN);
	/* What it lacks. */
	assert_int_equal(s->command.expected_version, ABSENT);
	assert_int_equal(s->grants[0].expires_at, ABSENT);
	assert_null(s->message.data);
	assert_null(s->handoff);
	/* What we write is still our own. */
	encode_record(&FULL_RECORDS[RECORD_SHARE_WORKSPACE]);
	assert_int_equal(value.data[2], codec_fingerprint(codec, RECORD_SHARE_WORKSPACE) & 0xff);
}

static void symbol_that_we_do_not_know_is_refused_by_name(void **state)
{
	(void)state;
	assert_int_equal(codec_learn(codec, RECORD_SHARE_WORKSPACE, bytes_of(OTHER_SHARE), &err),
			 0);
	write_other_share(0);
	assert_refused(buffer_bytes(&value),
		       "ShareWorkspace: field kind has the unknown symbol \"robot\"");
}

static void version_with_another_kind_of_field_is_not_learned(void **state)
{
	static const char json[] = "{\"type\":\"record\",\"name\":\"Progress\",\"fields\":["
				   "{\"name\":\"applied\",\"type\":[\"null\",\"long\"]}]}";

	(void)state;
	assert_int_equal(codec_learn(codec, RECORD_PROGRESS, bytes_of(json), &err), ERROR_REFUSED);
	assert_string_equal(err.text,
			    "an earlier schema Progress: field applied is optional on one "
			    "side only");
	encode_record(&FULL_RECORDS[RECORD_PROGRESS]);
}

/* ---- refusals when reading ---- */

static void absent_value_is_refused(void **state)
{
	struct record out;

	(void)state;
	assert_int_equal(codec_decode(codec, (struct bytes){ 0 }, &arena, &out, &err), ERROR_INPUT);
	assert_string_equal(err.text, "the record has no value");
}

static void value_without_the_marker_is_refused(void **state)
{
	static const char sentence[] = "the value does not begin with Avro's single-object marker";

	(void)state;
	encode_record(&FULL_RECORDS[RECORD_PROGRESS]);
	for (size_t len = 0; len < FRAME_SIZE; len++)
		assert_refused((struct bytes){ value.data, len }, sentence);
	value.data[0] = 0xc4;
	assert_refused(buffer_bytes(&value), sentence);
	value.data[0] = 0xc3;
	value.data[1] = 0x02;
	assert_refused(buffer_bytes(&value), sentence);
	assert_refused(bytes_of("{\"workspace_id\": \"none\"}"), sentence);
}

static void unknown_fingerprint_is_named(void **state)
{
	char sentence[SENTENCE_SIZE];
	uint64_t fingerprint = codec_fingerprint(codec, RECORD_PROGRESS) ^ 1;

	(void)state;
	encode_record(&FULL_RECORDS[RECORD_PROGRESS]);
	value.data[2] ^= 1;
	(void)snprintf(sentence, sizeof(sentence), "no schema has the fingerprint %016llx",
		       (unsigned long long)fingerprint);
	assert_refused(buffer_bytes(&value), sentence);
}

static void value_cut_short_anywhere_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		encode_record(&FULL_RECORDS[i]);
		for (size_t len = FRAME_SIZE; len < value.len; len++)
			assert_refused((struct bytes){ value.data, len },
				       record_name((enum record_type)i));
	}
}

static void byte_left_over_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		encode_record(&FULL_RECORDS[i]);
		buffer_append_u8(&value, 0);
		assert_refused(buffer_bytes(&value), record_name((enum record_type)i));
	}
}

/* Where that text stands in the encoded value. */
static uint8_t *locate_text(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i + len <= value.len; i++)
		if (memcmp(value.data + i, text, len) == 0)
			return value.data + i;
	fail_msg("%s is not in the value", text);
	return NULL;
}

static void text_that_is_no_uuid_is_refused_by_field(void **state)
{
	static const struct {
		enum record_type type;
		const char *id;
		const char *sentence;
	} cases[] = {
		{ RECORD_SHARE_WORKSPACE, ID_TEXT("10"), "field command_id is not a UUID" },
		{ RECORD_SHARE_WORKSPACE, ID_TEXT("11"), "field id is not a UUID" },
		{ RECORD_SHARE_WORKSPACE, ID_TEXT("12"), "field workspace_id is not a UUID" },
		{ RECORD_SHARE_WORKSPACE, ID_TEXT("31"), "field id is not a UUID" },
		{ RECORD_GROUP_CHANGED, ID_TEXT("3c"), "field organization_id is not a UUID" },
		{ RECORD_GROUP_CHANGED, ID_TEXT("3f"), "field members is not a UUID" },
		{ RECORD_SHARING_CHANGED, ID_TEXT("42"), "field command_id is not a UUID" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char sentence[SENTENCE_SIZE];

		encode_record(&FULL_RECORDS[cases[i].type]);
		*locate_text(cases[i].id) = 'x';
		(void)snprintf(sentence, sizeof(sentence), "%s: %s", record_name(cases[i].type),
			       cases[i].sentence);
		assert_refused(buffer_bytes(&value), sentence);
	}
}

/* In sharing.grants ids are their 16 bytes: less than half of their text, and nothing to parse. */
static void ids_of_the_changelog_are_their_bytes(void **state)
{
	static const uint8_t id[] = { 0x01, 0x90, 0x16, 0x3d, 0x86, 0x94, 0x73, 0x9b,
				      0xae, 0xa5, 0x96, 0x6c, 0x26, 0xf8, 0xad, 0x20 };
	struct record r = BARE_RECORDS[RECORD_WORKSPACE_GRANTS];
	struct record out;

	(void)state;
	encode_record(&r);
	assert_memory_equal(value.data + FRAME_SIZE, id, sizeof(id));
	memset(value.data + FRAME_SIZE, 0xff, sizeof(id)); /* any 16 bytes are an id */
	memset(r.as.workspace_grants.workspace.id.bytes, 0xff, sizeof(id));
	assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
	assert_same(&r, &out);
}

static void good_value_decodes_after_a_broken_one(void **state)
{
	struct record out;

	(void)state;
	for (int i = 0; i < RECORDS; i++) {
		encode_record(&FULL_RECORDS[i]);
		assert_int_equal(decode_exact((struct bytes){ value.data, value.len - 1 }, &out),
				 ERROR_INPUT);
		assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
		assert_same(&FULL_RECORDS[i], &out);
	}
	encode_record(&FULL_RECORDS[RECORD_GROUP_CHANGED]);
	*locate_text(ID_TEXT("3f")) = 'x';
	assert_int_equal(decode_exact(buffer_bytes(&value), &out), ERROR_INPUT);
	*locate_text("x190163d") = '0';
	assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
	assert_same(&FULL_RECORDS[RECORD_GROUP_CHANGED], &out);
}

/* ---- refusals when writing ---- */

/* The enum in a copy of a record that is taken away, and its field. */
struct lacking {
	struct record record;
	const char *field;
};

static size_t lacking_records(struct lacking out[static 8])
{
	for (size_t i = 0; i < 8; i++)
		out[i].record = FULL_RECORDS[i % 2 ? RECORD_REMOVE_SHARING : RECORD_USER_CHANGED];
	out[0].record.as.user_changed.status = 0;
	out[0].field = "status";
	out[1].record.as.remove_sharing.reason = 0;
	out[1].field = "reason";
	out[2].record.as.user_changed.kind = 0;
	out[2].field = "kind";
	out[3].record.as.remove_sharing.command.actor.kind = 0;
	out[3].field = "kind";
	out[4].record.as.user_changed.site_role = 0;
	out[4].field = "site_role";
	out[5].record = FULL_RECORDS[RECORD_ORGANIZATION_CHANGED];
	out[5].record.as.organization_changed.sharing = 0;
	out[5].field = "sharing";
	out[6].record = FULL_RECORDS[RECORD_NOTIFICATION];
	out[6].record.as.notification.kind = 0;
	out[6].field = "kind";
	out[7].record = FULL_RECORDS[RECORD_WORKSPACE_CHANGED];
	out[7].record.as.workspace_changed.status = 0;
	out[7].field = "status";
	return 8;
}

static void required_enum_must_be_set(void **state)
{
	struct lacking cases[8];
	size_t count = lacking_records(cases);

	(void)state;
	buffer_append_text(&value, "before");
	for (size_t i = 0; i < count; i++) {
		char sentence[SENTENCE_SIZE];

		assert_int_equal(codec_encode(codec, &cases[i].record, &value, &err), ERROR_INPUT);
		(void)snprintf(sentence, sizeof(sentence),
			       "%s cannot be encoded: field %s has no value that the schema knows",
			       record_name(cases[i].record.type), cases[i].field);
		assert_int_equal(err.code, ERROR_INPUT);
		assert_string_equal(err.text, sentence);
		assert_true(bytes_equal_text(buffer_bytes(&value), "before"));
	}
}

/* Its bytes are those of the next number, but for the first: fd becomes ff. */
static void smallest_number_is_not_absent(void **state)
{
	static const uint8_t next[] = { 0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 };
	struct grant_wish wish = { { SUBJECT_USER, ID(1) }, ROLE_USE, ABSENT + 1, false };
	struct record r = FULL_RECORDS[RECORD_SHARE_WORKSPACE];
	struct record got;
	uint8_t *at = NULL;

	(void)state;
	r.as.share_workspace.grants = &wish;
	r.as.share_workspace.grant_count = 1;
	assert_int_equal(codec_encode(codec, &r, &value, &err), 0);
	for (size_t i = 0; !at && i + sizeof(next) <= value.len; i++)
		at = memcmp(value.data + i, next, sizeof(next)) ? NULL : value.data + i;
	assert_non_null(at);
	assert(at); /* cmocka's does not tell the analyzer that it ends the test */
	*at = 0xff;
	assert_int_equal(codec_decode(codec, buffer_bytes(&value), &arena, &got, &err), 0);
	assert_true(got.as.share_workspace.grants[0].expires_at == ABSENT + 1);
}

static void enum_inside_an_array_must_be_set(void **state)
{
	struct grant_wish wishes[2] = { { { SUBJECT_USER, ID(1) }, ROLE_USE, ABSENT, false },
					{ { SUBJECT_USER, ID(2) }, ROLE_NONE, ABSENT, false } };
	struct record r = FULL_RECORDS[RECORD_SHARE_WORKSPACE];

	(void)state;
	r.as.share_workspace.grants = wishes;
	assert_int_equal(codec_encode(codec, &r, &value, &err), ERROR_INPUT);
	assert_int_equal(value.len, 0);
	assert_non_null(strstr(err.text, "field role has no value that the schema knows"));
}

static void assert_not_encoded(const struct record *r, const char *field)
{
	char part[SENTENCE_SIZE];

	(void)snprintf(part, sizeof(part), "field %s has no value that the schema knows", field);
	err = (struct error){ 0 };
	assert_int_equal(codec_encode(codec, r, &value, &err), ERROR_INPUT);
	if (!strstr(err.text, part))
		fail_msg("\"%s\" lacks \"%s\"", err.text, part);
	assert_int_equal(value.len, 0);
}

/* The owner's role is none that a record may carry, not even where a role may be absent. */
static void role_of_the_owner_is_not_encoded(void **state)
{
	struct grant_wish wish = { { SUBJECT_USER, ID(1) }, ROLE_OWNER, ABSENT, false };
	struct grant grant = { { SUBJECT_USER, ID(1) }, ROLE_OWNER, ID(2), 0, ABSENT };
	struct change change = { { SUBJECT_USER, ID(1) }, ROLE_OWNER, ROLE_USE, ABSENT };
	struct record r = FULL_RECORDS[RECORD_SHARE_WORKSPACE];

	(void)state;
	r.as.share_workspace.grants = &wish;
	r.as.share_workspace.grant_count = 1;
	assert_not_encoded(&r, "role");
	r = FULL_RECORDS[RECORD_WORKSPACE_GRANTS];
	r.as.workspace_grants.grants = &grant;
	r.as.workspace_grants.grant_count = 1;
	assert_not_encoded(&r, "role");
	r = FULL_RECORDS[RECORD_SHARING_CHANGED];
	r.as.sharing_changed.changes = &change;
	r.as.sharing_changed.change_count = 1;
	assert_not_encoded(&r, "before");
	change.before = ROLE_NONE;
	change.after = ROLE_OWNER;
	assert_not_encoded(&r, "after");
	r = FULL_RECORDS[RECORD_NOTIFICATION];
	r.as.notification.role = ROLE_OWNER;
	assert_not_encoded(&r, "role");
}

static void enum_out_of_its_range_is_not_encoded(void **state)
{
	static const int wrong[] = { INT_MIN, -1, REASON_HANDOFF + 1, 15, 16, 17, 256, INT_MAX };
	struct record reason = FULL_RECORDS[RECORD_REMOVE_SHARING];
	struct record role = FULL_RECORDS[RECORD_NOTIFICATION];

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		reason.as.remove_sharing.reason = (enum reason)wrong[i];
		assert_not_encoded(&reason, "reason");
		role.as.notification.role = (enum role)wrong[i];
		assert_not_encoded(&role, "role");
	}
}

static void good_record_encodes_after_a_refused_one(void **state)
{
	struct record r = FULL_RECORDS[RECORD_USER_CHANGED];
	struct record out;

	(void)state;
	r.as.user_changed.kind = 0;
	assert_int_equal(codec_encode(codec, &r, &value, &err), ERROR_INPUT);
	encode_record(&FULL_RECORDS[RECORD_USER_CHANGED]);
	assert_int_equal(decode_exact(buffer_bytes(&value), &out), 0);
	assert_same(&FULL_RECORDS[RECORD_USER_CHANGED], &out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(records_with_all_fields_come_back),
		TEST(records_without_optional_fields_come_back),
		TEST(smallest_number_is_not_absent),
		TEST(records_do_not_leak_into_the_next),
		TEST(every_kind_of_symbol_comes_back),
		TEST(long_text_comes_back),
		TEST(empty_text_is_not_absent),
		TEST(encoding_appends_to_what_is_there),
		TEST(bodies_are_those_of_another_encoder),
		TEST(frames_carry_the_fingerprint_of_the_schema_file),
		TEST(no_two_schemas_share_a_fingerprint),
		TEST(what_another_version_wrote_is_read_by_its_schema),
		TEST(symbol_that_we_do_not_know_is_refused_by_name),
		TEST(version_with_another_kind_of_field_is_not_learned),
		TEST(absent_value_is_refused),
		TEST(value_without_the_marker_is_refused),
		TEST(unknown_fingerprint_is_named),
		TEST(value_cut_short_anywhere_is_refused),
		TEST(byte_left_over_is_refused),
		TEST(text_that_is_no_uuid_is_refused_by_field),
		TEST(ids_of_the_changelog_are_their_bytes),
		TEST(good_value_decodes_after_a_broken_one),
		TEST(required_enum_must_be_set),
		TEST(enum_inside_an_array_must_be_set),
		TEST(role_of_the_owner_is_not_encoded),
		TEST(enum_out_of_its_range_is_not_encoded),
		TEST(good_record_encodes_after_a_refused_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
