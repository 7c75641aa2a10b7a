/*
 * The wall before the decoder: what is one datum passes, everything else is
 * refused. Each value is walked in a heap block of exactly its size, so that
 * the address sanitizer sees a read past its end.
 */

#include "schemas/walk.h"

#include "tests/unit/unit.h"

#include <stdio.h>

/* A string literal as a value, with NULs inside but without the one that ends it. */
#define V(text)                                                                                    \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

enum {
	JSON_SIZE = 16384,
	RANDOM_RUNS = 4000,
	RANDOM_LEN = 64,
	DAMAGED_RUNS = 2000,
};

/* reason NULL: the value passes; else a part of the error's text. */
struct walk_case {
	const char *schema; /* JSON with ' for ", to stay readable */
	struct bytes value;
	const char *reason;
};

/* A record of every type with two of its kind inside, as Python's fastavro writes it. */
static const char ALL_SCHEMA[] =
	"{'type':'record','name':'All','namespace':'t','fields':["
	"{'name':'nothing','type':'null'},"
	"{'name':'flag','type':'boolean'},"
	"{'name':'small','type':'int'},"
	"{'name':'large','type':'long'},"
	"{'name':'single','type':'float'},"
	"{'name':'twice','type':'double'},"
	"{'name':'raw','type':'bytes'},"
	"{'name':'text','type':'string'},"
	"{'name':'four','type':{'type':'fixed','name':'Four','size':4}},"
	"{'name':'role','type':{'type':'enum','name':'Role','symbols':['use','admin']}},"
	"{'name':'roles','type':{'type':'array','items':'Role'}},"
	"{'name':'notes','type':{'type':'map','values':'long'}},"
	"{'name':'maybe','type':['null','Four']},"
	"{'name':'children','type':{'type':'array','items':'All'}}]}";

static const struct bytes ALL_VALUE =
	V("\x01\xff\xff\xff\xff\x0f\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
	  "\x00\x00\xc0\x3f\x00\x00\x00\x00\x00\x00\x04\xc0\x04\x00\xff\x2c"
	  "\x67\x72\xc3\xbc\xc3\x9f\x65\x20\xf0\x9f\x98\x80\x2c\x20\x61\x6e"
	  "\x64\x20\x6d\x6f\x72\x65\x80\x61\x62\x63\x02\x06\x00\x02\x00\x00"
	  "\x04\x02\x61\x02\x04\xc3\xa9\xd7\x04\x00\x00\x04\x01\xfd\xff\xff"
	  "\xff\x0f\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\xc0\x3f"
	  "\x00\x00\x00\x00\x00\x00\x04\xc0\x04\x00\xff\x2c\x67\x72\xc3\xbc"
	  "\xc3\x9f\x65\x20\xf0\x9f\x98\x80\x2c\x20\x61\x6e\x64\x20\x6d\x6f"
	  "\x72\x65\x80\x61\x62\x63\x02\x06\x00\x02\x00\x00\x04\x02\x61\x02"
	  "\x04\xc3\xa9\xd7\x04\x00\x02\x31\x32\x33\x34\x00\x01\xfb\xff\xff"
	  "\xff\x0f\xfb\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\xc0\x3f"
	  "\x00\x00\x00\x00\x00\x00\x04\xc0\x04\x00\xff\x2c\x67\x72\xc3\xbc"
	  "\xc3\x9f\x65\x20\xf0\x9f\x98\x80\x2c\x20\x61\x6e\x64\x20\x6d\x6f"
	  "\x72\x65\x80\x61\x62\x63\x02\x06\x00\x02\x00\x00\x04\x02\x61\x02"
	  "\x04\xc3\xa9\xd7\x04\x00\x02\x31\x32\x33\x34\x00\x00");

static struct walk_schema *compile_schema(const char *text)
{
	struct walk_schema *s = NULL;
	struct error err = { 0 };
	char json[JSON_SIZE];
	size_t len = strlen(text);

	assert_true(len < sizeof(json));
	for (size_t i = 0; i <= len; i++)
		json[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	if (walk_schema_new(&s, bytes_of(json), &err))
		fail_msg("%s: %s", json, err.text);
	return s;
}

static int walk_exact(const struct walk_schema *s, struct bytes value, struct error *err)
{
	uint8_t *copy = exact_copy(value);
	int rc;

	/* An empty value starts where the block ends, so that any read is seen. */
	rc = walk_value(s, (struct bytes){ value.len ? copy : copy + 1, value.len }, err);
	free(copy);
	return rc;
}

static void run_case(const struct walk_case *t, size_t i)
{
	struct walk_schema *s = compile_schema(t->schema);
	struct error err = { 0 };
	int rc = walk_exact(s, t->value, &err);

	if (rc && !t->reason)
		fail_msg("case %zu of %s is refused: %s", i, t->schema, err.text);
	if (!rc && t->reason)
		fail_msg("case %zu of %s passes", i, t->schema);
	if (t->reason) {
		assert_int_equal(rc, ERROR_INPUT);
		assert_int_equal(err.code, ERROR_INPUT);
		if (!strstr(err.text, t->reason))
			fail_msg("case %zu of %s: \"%s\"", i, t->schema, err.text);
		assert_int_equal(walk_exact(s, t->value, NULL), ERROR_INPUT);
	}
	walk_schema_free(&s);
}

#define RUN(table)                                                                                 \
	for (size_t i_ = 0; i_ < sizeof(table) / sizeof(*(table)); i_++)                           \
	run_case((table) + i_, i_)

static void a_record_of_every_type_passes(void **state)
{
	const struct walk_case table[] = { { ALL_SCHEMA, ALL_VALUE, NULL } };

	(void)state;
	RUN(table);
}

static void every_proper_prefix_is_refused(void **state)
{
	struct walk_schema *s = compile_schema(ALL_SCHEMA);

	(void)state;
	for (size_t len = 0; len < ALL_VALUE.len; len++)
		assert_int_equal(walk_exact(s, (struct bytes){ ALL_VALUE.data, len }, NULL),
				 ERROR_INPUT);
	walk_schema_free(&s);
}

static void bytes_after_the_value_are_refused(void **state)
{
	static const struct walk_case table[] = {
		{ "'null'", V("\x00"), "1 bytes are left over" },
		{ "'int'", V("\x00\x00"), "1 bytes are left over" },
		{ "'string'",
		  V("\x02"
		    "a..."),
		  "3 bytes are left over" },
		{ "{'type':'array','items':'int'}", V("\x00\x00"), "left over" },
		{ "{'type':'record','name':'R','fields':[]}", V("\x00"), "left over" },
	};

	(void)state;
	RUN(table);
}

static void types_without_bytes_take_none(void **state)
{
	static const struct walk_case table[] = {
		{ "'null'", V(""), NULL },
		{ "{'type':'fixed','name':'F','size':0}", V(""), NULL },
		{ "{'type':'record','name':'R','fields':[]}", V(""), NULL },
		{ "{'type':'record','name':'R','fields':[{'name':'a','type':'null'},{'name':'b',"
		  "'type':{'type':'fixed','name':'F','size':0}}]}",
		  V(""), NULL },
		{ "{'type':'record','name':'R','fields':[{'name':'a','type':'null'},{'name':'b',"
		  "'type':'int'},{'name':'c','type':'null'}]}",
		  V("\x02"), NULL },
		{ "{'type':'record','name':'R','fields':[{'name':'a','type':'int'},{'name':'b',"
		  "'type':'null'}]}",
		  V(""), "a: the value ends too early" },
	};

	(void)state;
	RUN(table);
}

static void an_absent_value_is_an_empty_one(void **state)
{
	struct walk_schema *null = compile_schema("'null'");
	struct walk_schema *string = compile_schema("'string'");

	(void)state;
	assert_int_equal(walk_value(null, bytes_of(NULL), NULL), 0);
	assert_int_equal(walk_value(string, bytes_of(NULL), NULL), ERROR_INPUT);
	walk_schema_free(&null);
	walk_schema_free(&string);
}

static void varint_of_eleven_bytes_is_refused(void **state)
{
	static const struct walk_case table[] = {
		{ "'long'", V("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "64 bits" },
		{ "'long'", V("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "64 bits" },
		{ "'string'", V("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "64 bits" },
		{ "{'type':'array','items':'int'}",
		  V("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), "64 bits" },
	};

	(void)state;
	RUN(table);
}

static void varint_of_ten_bytes_has_64_bits(void **state)
{
	static const struct walk_case table[] = {
		{ "'long'", V("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL },
		{ "'long'", V("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), NULL },
		{ "'long'", V("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00"), NULL },
		{ "'long'", V("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02"), "64 bits" },
		{ "'long'", V("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "64 bits" },
	};

	(void)state;
	RUN(table);
}

static void int_has_five_bytes_and_32_bits(void **state)
{
	static const struct walk_case table[] = {
		{ "'int'", V("\x00"), NULL },
		{ "'int'", V("\xff\xff\xff\xff\x0f"), NULL },
		{ "'int'", V("\xfe\xff\xff\xff\x0f"), NULL },
		{ "'int'", V("\x80\x80\x80\x80\x00"), NULL },
		{ "'int'", V("\x80\x80\x80\x80\x10"), "32 bits" },
		{ "'int'", V("\xff\xff\xff\xff\x1f"), "32 bits" },
		{ "'int'", V("\xff\xff\xff\xff\x7f"), "32 bits" },
		{ "'int'", V("\x80\x80\x80\x80\x80\x00"), "32 bits" },
		{ "{'type':'enum','name':'E','symbols':['A']}", V("\x80\x80\x80\x80\x80\x00"),
		  "32 bits" },
		{ "['null']", V("\x80\x80\x80\x80\x80\x00"), "32 bits" },
	};

	(void)state;
	RUN(table);
}

static void boolean_is_0_or_1(void **state)
{
	struct walk_schema *s = compile_schema("'boolean'");

	(void)state;
	for (unsigned i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;

		assert_int_equal(walk_exact(s, (struct bytes){ &byte, 1 }, NULL),
				 i < 2 ? 0 : ERROR_INPUT);
	}
	assert_int_equal(walk_exact(s, bytes_of(""), NULL), ERROR_INPUT);
	walk_schema_free(&s);
}

static void lengths_stay_within_the_value(void **state)
{
	static const struct walk_case table[] = {
		{ "'bytes'", V("\x00"), NULL },
		{ "'bytes'", V("\x04\x00\xff"), NULL },
		{ "'bytes'", V("\x06\x00\xff"), "a length of 3 where 2 bytes are left" },
		{ "'bytes'", V("\x01"), "a length of -1 where 0 bytes are left" },
		{ "'bytes'", V("\x01\x00"), "a length of -1 where 1 bytes are left" },
		{ "'bytes'", V("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		  "a length of 9223372036854775807 where" },
		{ "'bytes'", V("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
		  "a length of -9223372036854775808 where" },
		{ "'string'",
		  V("\x04"
		    "a"),
		  "a length of 2 where 1 bytes are left" },
		{ "'float'", V("\x00\x00\x00\x00"), NULL },
		{ "'float'", V("\x00\x00\x00"), "ends too early" },
		{ "'double'", V("\x00\x00\x00\x00\x00\x00\x00\x00"), NULL },
		{ "'double'", V("\x00\x00\x00\x00\x00\x00\x00"), "ends too early" },
		{ "{'type':'fixed','name':'F','size':3}", V("abc"), NULL },
		{ "{'type':'fixed','name':'F','size':3}", V("ab"), "ends too early" },
		{ "{'type':'fixed','name':'F','size':2147483647}", V("abc"), "ends too early" },
	};

	(void)state;
	RUN(table);
}

/* Walks text as a string with so many ASCII letters before and after it. */
static int walk_text(const struct walk_schema *s, struct bytes text, size_t before, size_t after)
{
	uint8_t value[64];
	size_t len = before + text.len + after;

	assert_true(len < sizeof(value) - 1);
	value[0] = (uint8_t)(2 * len);
	memset(value + 1, 'x', len);
	memcpy(value + 1 + before, text.data, text.len);
	return walk_exact(s, (struct bytes){ value, 1 + len }, NULL);
}

static void strings_are_utf8_wherever_a_character_stands(void **state)
{
	static const struct {
		struct bytes text;
		int rc;
	} table[] = {
		{ V(""), 0 },
		{ V("\x00"), 0 },
		{ V("\x7f"), 0 },
		{ V("\xc2\x80"), 0 },
		{ V("\xdf\xbf"), 0 },
		{ V("\xe0\xa0\x80"), 0 },
		{ V("\xed\x9f\xbf"), 0 },
		{ V("\xee\x80\x80"), 0 },
		{ V("\xef\xbf\xbf"), 0 },
		{ V("\xf0\x90\x80\x80"), 0 },
		{ V("\xf4\x8f\xbf\xbf"), 0 },
		{ V("\x80"), ERROR_INPUT },             /* a tail alone */
		{ V("\xc0\x80"), ERROR_INPUT },         /* overlong, 2 bytes */
		{ V("\xc1\xbf"), ERROR_INPUT },         /* overlong, 2 bytes */
		{ V("\xe0\x9f\xbf"), ERROR_INPUT },     /* overlong, 3 bytes */
		{ V("\xf0\x8f\xbf\xbf"), ERROR_INPUT }, /* overlong, 4 bytes */
		{ V("\xed\xa0\x80"), ERROR_INPUT },     /* the first surrogate */
		{ V("\xed\xbf\xbf"), ERROR_INPUT },     /* the last surrogate */
		{ V("\xf4\x90\x80\x80"), ERROR_INPUT }, /* past U+10FFFF */
		{ V("\xf5\x80\x80\x80"), ERROR_INPUT }, /* no such first byte */
		{ V("\xff"), ERROR_INPUT },             /* no such first byte */
		{ V("\xc3"), ERROR_INPUT },             /* cut */
		{ V("\xe2\x82"), ERROR_INPUT },         /* cut */
		{ V("\xf0\x9f\x98"), ERROR_INPUT },     /* cut */
		{ V("\xe2\x82\x28"), ERROR_INPUT },     /* a letter for the last tail */
		{ V("\xe2\x82\xc0"), ERROR_INPUT },
		{ V("\xf0\x9f\x98\xff"), ERROR_INPUT },
	};
	struct walk_schema *s = compile_schema("'string'");

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		for (size_t before = 0; before <= 17; before++)
			for (size_t after = 0; after <= 17; after++)
				assert_int_equal(walk_text(s, table[i].text, before, after),
						 table[i].rc);
	walk_schema_free(&s);
}

static size_t encode_utf8(uint8_t *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

static void every_code_point_but_the_surrogates_passes(void **state)
{
	struct walk_schema *s = compile_schema("'string'");

	(void)state;
	for (uint32_t c = 0; c < 0x120000; c++) {
		uint8_t value[5];
		size_t len = encode_utf8(value + 1, c);
		bool good = (c < 0xd800 || c > 0xdfff) && c <= 0x10ffff;

		value[0] = (uint8_t)(2 * len);
		assert_int_equal(walk_value(s, (struct bytes){ value, 1 + len }, NULL),
				 good ? 0 : ERROR_INPUT);
	}
	walk_schema_free(&s);
}

/* Two bytes are two ASCII characters or one of U+0080 to U+07FF, nothing else. */
static void every_pair_of_bytes_is_judged_rightly(void **state)
{
	struct walk_schema *s = compile_schema("'string'");

	(void)state;
	for (unsigned pair = 0; pair < 0x10000; pair++) {
		uint8_t value[3] = { 4, (uint8_t)(pair >> 8), (uint8_t)pair };
		bool ascii = value[1] < 0x80 && value[2] < 0x80;
		bool two = value[1] >= 0xc2 && value[1] <= 0xdf && value[2] >= 0x80 &&
			   value[2] <= 0xbf;

		assert_int_equal(walk_value(s, (struct bytes){ value, sizeof(value) }, NULL),
				 ascii || two ? 0 : ERROR_INPUT);
	}
	walk_schema_free(&s);
}

static void only_strings_must_be_utf8(void **state)
{
	static const struct walk_case table[] = {
		{ "'string'", V("\x02\xff"), "a string is not UTF-8" },
		{ "'bytes'", V("\x02\xff"), NULL },
		{ "{'type':'map','values':'null'}", V("\x02\x02\xff\x00"), "not UTF-8" },
		{ "{'type':'map','values':'bytes'}",
		  V("\x02\x02"
		    "a\x02\xff\x00"),
		  NULL },
	};

	(void)state;
	RUN(table);
}

static void indexes_name_what_exists(void **state)
{
	static const struct walk_case table[] = {
		{ "{'type':'enum','name':'E','symbols':['A','B']}", V("\x00"), NULL },
		{ "{'type':'enum','name':'E','symbols':['A','B']}", V("\x02"), NULL },
		{ "{'type':'enum','name':'E','symbols':['A','B']}", V("\x04"),
		  "index 2 is out of range: only 2 exist" },
		{ "{'type':'enum','name':'E','symbols':['A','B']}", V("\x01"),
		  "index -1 is out of range: only 2 exist" },
		{ "{'type':'enum','name':'E','symbols':['A','B']}", V("\xff\xff\xff\xff\x0f"),
		  "index -2147483648 is out of range: only 2 exist" },
		{ "{'type':'enum','name':'E','symbols':[]}", V("\x00"),
		  "index 0 is out of range: only 0 exist" },
		{ "['null','int']", V("\x00"), NULL },
		{ "['null','int']", V("\x02\x0e"), NULL },
		{ "['null','int']", V("\x02"), "ends too early" },
		{ "['null','int']", V("\x04\x00"), "index 2 is out of range: only 2 exist" },
		{ "['null','int']", V("\x01\x00"), "index -1 is out of range: only 2 exist" },
		{ "[]", V("\x00"), "index 0 is out of range: only 0 exist" },
	};

	(void)state;
	RUN(table);
}

/* Counts: 02 is 1, 04 is 2, 01 is -1, 03 is -2. */
static void blocks_are_what_they_say(void **state)
{
	static const char ints[] = "{'type':'array','items':'int'}";
	static const char nulls[] = "{'type':'array','items':'null'}";
	static const char map[] = "{'type':'map','values':'int'}";
	static const struct walk_case table[] = {
		{ ints, V("\x00"), NULL },
		{ ints, V("\x04\x02\x04\x00"), NULL },
		{ ints, V("\x02\x02\x02\x04\x00"), NULL },                  /* two blocks */
		{ ints, V("\x03\x04\x02\x04\x00"), NULL },                  /* -2 items, 2 bytes */
		{ ints, V("\x03\x04\x02\x04\x02\x06\x00"), NULL },          /* and one more item */
		{ ints, V("\x03\x02\x02\x04\x00"), "items where 1 bytes" }, /* stated too small */
		{ ints, V("\x01\x02\x80\x00\x00"), "ends too early" },      /* reaches beyond it */
		{ ints, V("\x01\x04\x02\x04\x00"), "1 bytes shorter than it says" },
		{ ints, V("\x01\x06\x02\x00"), "a length of 3 where 2" },
		{ ints, V("\x01\x01\x02\x00"), "a length of -1 where" },
		{ ints, V("\x01"), "ends too early" },
		{ ints, V("\x04\x02\x04"), "ends too early" },
		{ ints, V("\x06\x02\x00"), "a block of 3 items where 2 bytes" },
		{ ints, V("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x02"), "a block of" },
		{ ints, V("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02"), "a block of" },
		{ nulls, V("\x0e\x00"), NULL },
		{ "{'type':'array','items':{'type':'fixed','name':'F','size':0}}", V("\x0e\x00"),
		  NULL },
		{ nulls, V("\x0d\x00\x00"), NULL }, /* -7 items, 0 bytes */
		{ nulls, V("\x0d\x02\x00\x00"), "1 bytes shorter than it says" },
		{ nulls, V("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00"),
		  "more than 262144" },
		{ map, V("\x00"), NULL },
		{ map, V("\x02\x02k\x06\x00"), NULL },
		{ map, V("\x04\x02k\x06\x00\x08\x00"), NULL }, /* the keys "k" and "" */
		{ map, V("\x01\x06\x02k\x06\x00"), NULL },
		{ map, V("\x01\x04\x02k\x06\x00"), "ends too early" },
		{ map, V("\x02\x04k"), "a length of 2 where 1" },
		{ map, V("\x02\x02k"), "ends too early" },
		{ "{'type':'map','values':'null'}", V("\x08\x02k\x00"), "a block of 4 items" },
	};

	(void)state;
	RUN(table);
}

/* Items of a type without bytes are bounded by the limit alone. */
static void items_are_bounded_over_the_whole_value(void **state)
{
	static const char nulls[] = "{'type':'array','items':'null'}";
	static const char two[] = "{'type':'record','name':'R','fields':["
				  "{'name':'a','type':{'type':'array','items':'null'}},"
				  "{'name':'b','type':{'type':'map','values':'null'}}]}";
	static const struct walk_case table[] = {
		{ nulls, V("\x80\x80\x20\x00"), NULL }, /* 262144 */
		{ nulls, V("\x82\x80\x20\x00"), "more than 262144 items" },
		{ nulls, V("\x80\x80\x20\x02\x00"), "more than 262144 items" },
		{ nulls, V("\x81\x80\x20\x00\x00"), "more than 262144 items" }, /* -262145 */
		{ two, V("\xfe\xff\x1f\x00\x02\x00\x00"), NULL },               /* 262143 and 1 */
		{ two, V("\x80\x80\x20\x00\x02\x00\x00"),
		  "b: the value has more than 262144 items" },
		{ "{'type':'array','items':{'type':'array','items':'null'}}",
		  V("\x04\xfc\xff\x1f\x00\x02\x00\x00"), "more than 262144 items" },
		{ "{'type':'array','items':{'type':'array','items':'null'}}",
		  V("\x04\xfa\xff\x1f\x00\x02\x00\x00"), NULL },
		{ "{'type':'array','items':{'type':'record','name':'R','fields':[{'name':'a',"
		  "'type':'null'}]}}",
		  V("\x80\x80\x20\x00"), NULL },
	};

	(void)state;
	assert_int_equal(WALK_ITEMS_MAX, 262144);
	RUN(table);
}

/* A list of count links: a record and a union for each, and for the end. */
static int walk_list(size_t count, struct error *err)
{
	struct walk_schema *s = compile_schema(
		"{'type':'record','name':'L','fields':[{'name':'next','type':['null','L']}]}");
	uint8_t value[WALK_DEPTH_MAX];
	int rc;

	assert_true(count < sizeof(value));
	memset(value, 2, count);
	value[count] = 0;
	rc = walk_exact(s, (struct bytes){ value, count + 1 }, err);
	walk_schema_free(&s);
	return rc;
}

static void depth_is_bounded(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(walk_list(WALK_DEPTH_MAX / 2 - 1, &err), 0);
	assert_int_equal(walk_list(WALK_DEPTH_MAX / 2, &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, "nests deeper than 64 levels"));
}

/* Tree after tree at the same depth: levels are given back. */
static void width_is_not_depth(void **state)
{
	struct walk_schema *s =
		compile_schema("{'type':'record','name':'T','fields':["
			       "{'name':'kids','type':{'type':'array','items':'T'}},"
			       "{'name':'more','type':['null','T']},"
			       "{'name':'named','type':{'type':'map','values':'T'}}]}");
	/* For each of 63 no kids, no more, none named; then the root's own three. */
	uint8_t value[1 + 63 * 3 + 3] = { 2 * 63 };

	(void)state;
	assert_int_equal(walk_exact(s, (struct bytes){ value, sizeof(value) }, NULL), 0);
	walk_schema_free(&s);
}

static void a_record_that_contains_itself_has_no_value(void **state)
{
	static const struct walk_case table[] = {
		{ "{'type':'record','name':'R','fields':[{'name':'r','type':'R'}]}", V(""),
		  "nests deeper" },
		{ "{'type':'record','name':'R','fields':[{'name':'r','type':'R'},{'name':'i',"
		  "'type':'int'}]}",
		  V("\x02\x02"), "nests deeper" },
		{ "{'type':'record','name':'R','fields':[{'name':'r','type':{'type':'record',"
		  "'name':'S','fields':[{'name':'back','type':'R'}]}}]}",
		  V(""), "nests deeper" },
	};

	(void)state;
	RUN(table);
}

/*
 * R99 holds R98 twice, and so on down to R0 without fields: 2^99 values of no
 * bytes, which no walk would ever finish or nest within the limit.
 */
static void records_without_bytes_are_not_walked(void **state)
{
	enum { LEVELS = 100 };
	char text[LEVELS * 100];
	size_t at =
		(size_t)snprintf(text, sizeof(text), "[{'type':'record','name':'R0','fields':[]}");
	static const struct bytes last = V("\xc6\x01"); /* branch 99 */
	static const struct bytes none = V("\xc8\x01"); /* branch 100 */
	struct walk_schema *s;

	(void)state;
	for (int i = 1; i < LEVELS; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       ",{'type':'record','name':'R%d','fields':["
				       "{'name':'a','type':'R%d'},{'name':'b','type':'R%d'}]}",
				       i, i - 1, i - 1);
	(void)snprintf(text + at, sizeof(text) - at, "]");
	s = compile_schema(text);
	assert_int_equal(walk_exact(s, last, NULL), 0);
	assert_int_equal(walk_exact(s, none, NULL), ERROR_INPUT);
	walk_schema_free(&s);
}

/* Names of other namespaces, and a name used again where it is not in force. */
static void references_lead_to_their_definition(void **state)
{
	static const char schema[] =
		"{'type':'record','name':'n.Outer','fields':["
		"{'name':'a','type':{'type':'fixed','name':'m.F','size':2}},"
		"{'name':'b','type':{'type':'enum','name':'F','symbols':['X']}},"
		"{'name':'c','type':'F'},{'name':'d','type':'m.F'},{'name':'e','type':'n.F'}]}";
	static const struct walk_case table[] = {
		{ schema,
		  V("ab\x00\x00"
		    "cd\x00"),
		  NULL },
		{ schema,
		  V("ab\x00\x02"
		    "cd\x00"),
		  "c: index 1 is out of range: only 1 exist" },
		{ schema,
		  V("ab\x00\x00"
		    "cd\x02"),
		  "e: index 1 is out of range: only 1 exist" },
		{ schema,
		  V("ab\x00\x00"
		    "c"),
		  "d: the value ends too early" },
	};

	(void)state;
	RUN(table);
}

static void error_begins_with_the_path_of_fields(void **state)
{
	struct walk_schema *s = compile_schema(
		"{'type':'record','name':'R','fields':[{'name':'grants','type':{'type':'array',"
		"'items':{'type':'record','name':'G','fields':[{'name':'subject','type':['null',"
		"{'type':'record','name':'S','fields':[{'name':'kind','type':{'type':'enum','name':"
		"'K','symbols':['user','group']}}]}]}]}}}]}");
	static const struct bytes value = V("\x04\x00\x02\x0e\x00");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(walk_exact(s, value, &err), ERROR_INPUT);
	assert_string_equal(err.text, "grants.subject.kind: index 7 is out of range: only 2 exist");
	walk_schema_free(&s);
}

static void a_long_path_leaves_room_for_the_reason(void **state)
{
	struct walk_schema *s = compile_schema(
		"{'type':'record','name':'L','fields':[{'name':"
		"'a_name_that_makes_even_a_path_of_a_few_fields_longer_than_a_person_would_read',"
		"'type':['null','L']}]}");
	static const struct bytes value = V("\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x02\x06");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(walk_exact(s, value, &err), ERROR_INPUT);
	assert_non_null(strstr(err.text, ": index 3 is out of range: only 2 exist"));
	assert_true(strlen(err.text) < 200);
	walk_schema_free(&s);
}

static void what_is_no_schema_is_refused(void **state)
{
	static const char *const table[] = { "", "{", "\"text\"", "{\"type\":\"record\"}" };

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct walk_schema *s = NULL;
		struct error err = { 0 };

		assert_int_equal(walk_schema_new(&s, bytes_of(table[i]), &err), ERROR_INPUT);
		assert_null(s);
		assert_int_equal(err.code, ERROR_INPUT);
	}
}

static void free_takes_null_and_leaves_null(void **state)
{
	struct walk_schema *s = NULL;

	(void)state;
	walk_schema_free(&s);
	s = compile_schema("'int'");
	walk_schema_free(&s);
	assert_null(s);
}

/* xorshift64*, so that every run sees the same bytes. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545F4914F6CDD1D;
}

/* How many beginnings of the bytes are a datum: no datum begins another, so 0 or 1. */
static size_t count_data(const struct walk_schema *s, struct bytes bytes)
{
	size_t count = 0;

	for (size_t len = 0; len <= bytes.len; len++)
		if (!walk_exact(s, (struct bytes){ bytes.data, len }, NULL))
			count++;
	assert_true(count <= 1);
	return count;
}

static void random_bytes_begin_with_one_datum_at_most(void **state)
{
	static const char *const schemas[] = {
		ALL_SCHEMA,
		"{'type':'array','items':['null','string',{'type':'map','values':'long'}]}",
		"{'type':'record','name':'T','fields':[{'name':'a','type':['null','T']},"
		"{'name':'b','type':{'type':'array','items':'T'}}]}",
		"{'type':'map','values':['boolean','bytes']}",
	};
	uint64_t seed = 20241124;
	size_t passed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(schemas) / sizeof(*schemas); i++) {
		struct walk_schema *s = compile_schema(schemas[i]);

		for (int run = 0; run < RANDOM_RUNS; run++) {
			uint8_t room[RANDOM_LEN];
			uint64_t mask = next_random(&seed); /* smaller bytes get further */

			for (size_t b = 0; b < RANDOM_LEN; b++)
				room[b] = (uint8_t)(next_random(&seed) >> 32 & mask);
			passed += count_data(s, (struct bytes){ room, RANDOM_LEN });
		}
		walk_schema_free(&s);
	}
	/* The seed gives 973 of 16,000: neither idle nor letting all through. */
	assert_true(passed > 500 && passed < 2000);
}

static void damaged_records_are_one_datum_at_most(void **state)
{
	struct walk_schema *s = compile_schema(ALL_SCHEMA);
	uint64_t seed = 4121142;
	size_t passed = 0;

	(void)state;
	for (int run = 0; run < DAMAGED_RUNS; run++) {
		uint8_t room[256];

		memcpy(room, ALL_VALUE.data, ALL_VALUE.len);
		for (uint64_t hits = 1 + next_random(&seed) % 3; hits > 0; hits--)
			room[next_random(&seed) % ALL_VALUE.len] = (uint8_t)next_random(&seed);
		passed += count_data(s, (struct bytes){ room, ALL_VALUE.len });
	}
	/* The seed gives 570 of 2,000. */
	assert_true(passed > 300 && passed < 1000);
	walk_schema_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_every_type_passes),
		cmocka_unit_test(every_proper_prefix_is_refused),
		cmocka_unit_test(bytes_after_the_value_are_refused),
		cmocka_unit_test(types_without_bytes_take_none),
		cmocka_unit_test(an_absent_value_is_an_empty_one),
		cmocka_unit_test(varint_of_eleven_bytes_is_refused),
		cmocka_unit_test(varint_of_ten_bytes_has_64_bits),
		cmocka_unit_test(int_has_five_bytes_and_32_bits),
		cmocka_unit_test(boolean_is_0_or_1),
		cmocka_unit_test(lengths_stay_within_the_value),
		cmocka_unit_test(strings_are_utf8_wherever_a_character_stands),
		cmocka_unit_test(every_code_point_but_the_surrogates_passes),
		cmocka_unit_test(every_pair_of_bytes_is_judged_rightly),
		cmocka_unit_test(only_strings_must_be_utf8),
		cmocka_unit_test(indexes_name_what_exists),
		cmocka_unit_test(blocks_are_what_they_say),
		cmocka_unit_test(items_are_bounded_over_the_whole_value),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(width_is_not_depth),
		cmocka_unit_test(a_record_that_contains_itself_has_no_value),
		cmocka_unit_test(records_without_bytes_are_not_walked),
		cmocka_unit_test(references_lead_to_their_definition),
		cmocka_unit_test(error_begins_with_the_path_of_fields),
		cmocka_unit_test(a_long_path_leaves_room_for_the_reason),
		cmocka_unit_test(what_is_no_schema_is_refused),
		cmocka_unit_test(free_takes_null_and_leaves_null),
		cmocka_unit_test(random_bytes_begin_with_one_datum_at_most),
		cmocka_unit_test(damaged_records_are_one_datum_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
