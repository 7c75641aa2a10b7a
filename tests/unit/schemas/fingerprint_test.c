/* Canonical forms and fingerprints agree with other Avro implementations. */

#include "schemas/fingerprint.h"

#include "tests/unit/schemas/canonical_cases.h"
#include "tests/unit/unit.h"

#include <stdio.h>

enum { JSON_TEXT_SIZE = 256 * 1024 };

/*
 * JSON is written with ' for " here, to stay readable. Returns the text with
 * quotes, valid until the next call; NULL stays NULL.
 */
static const char *double_quoted(const char *text)
{
	static char json[JSON_TEXT_SIZE];
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return NULL;
	assert_true(len < sizeof(json));
	for (size_t i = 0; i <= len; i++)
		json[i] = (char)(text[i] == '\'' ? '"' : text[i]);
	return json;
}

static void assert_form(const char *json, const char *expected)
{
	struct error err = { 0 };
	char *form = NULL;

	if (canonical_form(&form, bytes_of(json), &err))
		fail_msg("%s: %s", json, err.text);
	assert_string_equal(form, expected);
	free(form);
}

static void assert_canonical(const char *input, const char *expected)
{
	char *form = strdup(double_quoted(expected));

	assert_non_null(form);
	assert_form(double_quoted(input), form);
	free(form);
}

static int fingerprint_of(uint64_t *out, const char *input)
{
	return schema_fingerprint(out, bytes_of(double_quoted(input)), NULL);
}

static void assert_refused(const char *input, const char *reason)
{
	struct error err = { 0 };
	uint64_t fingerprint = 7;
	char mark = 0;
	char *form = &mark;

	assert_int_equal(canonical_form(&form, bytes_of(double_quoted(input)), &err), ERROR_INPUT);
	assert_ptr_equal(form, &mark);
	assert_int_equal(err.code, ERROR_INPUT);
	if (!strstr(err.text, reason))
		fail_msg("%s: \"%s\" does not say \"%s\"", input, err.text, reason);
	assert_int_equal(fingerprint_of(&fingerprint, input), ERROR_INPUT);
	assert_int_equal(fingerprint, 7);
}

static void apache_cases_have_their_canonical_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CANONICAL_CASES) / sizeof(*CANONICAL_CASES); i++)
		assert_form(CANONICAL_CASES[i].input, CANONICAL_CASES[i].canonical);
}

static void apache_cases_have_their_fingerprint(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CANONICAL_CASES) / sizeof(*CANONICAL_CASES); i++) {
		uint64_t fingerprint = 0;

		assert_int_equal(
			schema_fingerprint(&fingerprint, bytes_of(CANONICAL_CASES[i].input), NULL),
			0);
		assert_int_equal(fingerprint, (uint64_t)CANONICAL_CASES[i].fingerprint);
	}
}

/* Cases of our own; forms and fingerprints are those of Python's fastavro 1.13.1. */
static const struct {
	const char *input;
	const char *canonical;
	uint64_t fingerprint;
} NAME_CASES[] = {
	/* The namespace of a dotted name holds inside its definition. */
	{ "{'type':'record','name':'a.b.Outer','fields':[{'name':'e','type':"
	  "{'type':'enum','name':'E','symbols':['X']}},{'name':'again',"
	  "'type':'E'}]}",
	  "{'name':'a.b.Outer','type':'record','fields':[{'name':'e','type':"
	  "{'name':'a.b.E','type':'enum','symbols':['X']}},{'name':'again',"
	  "'type':'a.b.E'}]}",
	  0x93d69fb64a9a44ff },
	/* An inner namespace ends with its definition. */
	{ "{'type':'record','name':'Outer','namespace':'n','fields':[{'name':"
	  "'i','type':{'type':'record','name':'Inner','namespace':'m','fields':"
	  "[{'name':'f','type':{'type':'fixed','name':'F','size':4}},{'name':"
	  "'up','type':'n.Outer'}]}},{'name':'g','type':['null','m.F'],"
	  "'default':null}]}",
	  "{'name':'n.Outer','type':'record','fields':[{'name':'i','type':"
	  "{'name':'m.Inner','type':'record','fields':[{'name':'f','type':"
	  "{'name':'m.F','type':'fixed','size':4}},{'name':'up','type':"
	  "'n.Outer'}]}},{'name':'g','type':['null','m.F']}]}",
	  0xce83cc5d16412e54 },
	/* Documentation, defaults and logical types go; recursion stays a name. */
	{ "{'type':'record','name':'R','namespace':'sharebus.v1','doc':'\\u00e9',"
	  "'fields':[{'name':'id','type':{'type':'string','logicalType':'uuid'},"
	  "'doc':'x'},{'name':'at','type':{'type':'long','logicalType':"
	  "'timestamp-millis'},'default':0},{'name':'m','type':{'type':'map',"
	  "'values':{'type':'array','items':'R'}}}]}",
	  "{'name':'sharebus.v1.R','type':'record','fields':[{'name':'id','type':"
	  "'string'},{'name':'at','type':'long'},{'name':'m','type':{'type':"
	  "'map','values':{'type':'array','items':'sharebus.v1.R'}}}]}",
	  0x14f9fae26af11b9a },
	/* An empty namespace is the null namespace, and not the one around. */
	{ "{'type':'record','name':'Outer','namespace':'n','fields':[{'name':"
	  "'i','type':{'type':'record','name':'Inner','namespace':'','fields':"
	  "[]}},{'name':'j','type':['Outer','double']}]}",
	  "{'name':'n.Outer','type':'record','fields':[{'name':'i','type':"
	  "{'name':'Inner','type':'record','fields':[]}},{'name':'j','type':"
	  "['n.Outer','double']}]}",
	  0xf6bf1ecf92f56361 },
};

static void names_become_full_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(NAME_CASES) / sizeof(*NAME_CASES); i++) {
		uint64_t fingerprint = 0;

		assert_canonical(NAME_CASES[i].input, NAME_CASES[i].canonical);
		assert_int_equal(fingerprint_of(&fingerprint, NAME_CASES[i].input), 0);
		assert_int_equal(fingerprint, NAME_CASES[i].fingerprint);
	}
}

static void a_name_as_the_type_of_an_object_is_a_reference(void **state)
{
	(void)state;
	assert_canonical("[{'type':'fixed','name':'F','size':1},{'type':'array',"
			 "'items':{'type':'F'}}]",
			 "[{'name':'F','type':'fixed','size':1},{'type':'array',"
			 "'items':'F'}]");
}

/* The rule INTEGERS. */
static void a_size_loses_quotes_and_leading_zeros(void **state)
{
	(void)state;
	assert_canonical("{'type':'fixed','name':'F','size':'0016'}",
			 "{'name':'F','type':'fixed','size':16}");
	assert_canonical("{'type':'fixed','name':'F','size':'2147483647'}",
			 "{'name':'F','type':'fixed','size':2147483647}");
}

/* The rule STRINGS: an escape and the letter are the same name. */
static void escapes_in_names_are_resolved(void **state)
{
	(void)state;
	assert_canonical("{'type':'\\u0065num','name':'\\u0045','symbols':['\\u0041']}",
			 "{'name':'E','type':'enum','symbols':['A']}");
}

static void what_is_not_json_is_refused(void **state)
{
	static const char *const table[] = {
		"", "int", "{", "'int' x", "['int',]", "'\xff'", "{'type':'int','type':'int'}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_refused(table[i], "not JSON");
	assert_refused(NULL, "not JSON: line 1");
}

static void malformed_schemas_are_refused(void **state)
{
	static const struct {
		const char *input;
		const char *reason;
	} table[] = {
		{ "7", "lacks a type" },
		{ "null", "lacks a type" },
		{ "{}", "type is not a string" },
		{ "{'type':{'type':'int'}}", "type is not a string" },
		{ "'text'", "uses the type text" },
		{ "''", "uses the type" },
		{ "[['int']]", "union directly in a union" },
		{ "{'type':'array'}", "lacks a type" },
		{ "{'type':'map','items':'int'}", "lacks a type" },
		{ "{'type':'record','name':'R'}", "without fields" },
		{ "{'type':'record','name':'R','fields':{}}", "without fields" },
		{ "{'type':'record','fields':[]}", "record without a valid name" },
		{ "{'type':'record','name':7,'fields':[]}", "record without a valid name" },
		{ "{'type':'record','name':'1R','fields':[]}", "without a valid name" },
		{ "{'type':'record','name':'a-b','fields':[]}", "without a valid name" },
		{ "{'type':'record','name':'.R','fields':[]}", "without a valid name" },
		{ "{'type':'record','name':'a.','fields':[]}", "without a valid name" },
		{ "{'type':'record','name':'a..R','fields':[]}", "without a valid name" },
		{ "{'type':'record','name':'a.1','fields':[]}", "without a valid name" },
		{ "{'type':'record','name':'R','namespace':7,'fields':[]}",
		  "namespace that is not a name" },
		{ "{'type':'record','name':'R','namespace':'a b','fields':[]}",
		  "namespace that is not a name" },
		{ "{'type':'record','name':'string','fields':[]}",
		  "redefines the primitive string" },
		{ "{'type':'record','name':'R','fields':[7]}", "field without" },
		{ "{'type':'record','name':'R','fields':[{'type':'int'}]}", "field without" },
		{ "{'type':'record','name':'R','fields':[{'name':'a.b','type':"
		  "'int'}]}",
		  "field without" },
		{ "{'type':'record','name':'R','fields':[{'name':'a'}]}", "lacks a type" },
		{ "{'type':'record','name':'R','fields':[{'name':'a','type':"
		  "'int'},{'name':'b','type':'int'},{'name':'a','type':'int'}]}",
		  "second field a" },
		{ "{'type':'enum','name':'E'}", "without symbols" },
		{ "{'type':'enum','name':'E','symbols':['A',7]}", "symbol at 1" },
		{ "{'type':'enum','name':'E','symbols':['A.B']}", "symbol at 0" },
		{ "{'type':'enum','name':'E','symbols':['A','B','A']}", "symbol at 2" },
		{ "{'type':'fixed','name':'F'}", "size is not" },
		{ "{'type':'fixed','name':'F','size':-1}", "size is not" },
		{ "{'type':'fixed','name':'F','size':1.5}", "size is not" },
		{ "{'type':'fixed','name':'F','size':2147483648}", "size is not" },
		{ "{'type':'fixed','name':'F','size':'99999999999999999999'}", "size is not" },
		{ "{'type':'fixed','name':'F','size':'1x'}", "size is not" },
		{ "{'type':'fixed','name':'F','size':''}", "size is not" },
		{ "[{'type':'fixed','name':'F','size':1},{'type':'enum','name':"
		  "'F','symbols':[]}]",
		  "defines F twice" },
		{ "{'type':'record','name':'n.R','fields':[{'name':'a','type':"
		  "'m.R'}]}",
		  "uses the type m.R" },
		{ "['F',{'type':'fixed','name':'F','size':1}]", "uses the type F" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		assert_refused(table[i].input, table[i].reason);
}

/* begin, then count times each with its number for #, separated by commas, then end. */
static char *repeat_text(const char *begin, const char *each, int count, const char *end)
{
	size_t size = strlen(begin) + (strlen(each) + 16) * (size_t)count + strlen(end) + 1;
	char *text = malloc(size);
	const char *mark = strchr(each, '#');
	size_t at;

	assert_non_null(text);
	assert_non_null(mark);
	at = (size_t)snprintf(text, size, "%s", begin);
	for (int i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "%s%.*s%d%s", i ? "," : "",
				       (int)(mark - each), each, i, mark + 1);
	(void)snprintf(text + at, size - at, "%s", end);
	return text;
}

/* With max repetitions a schema passes, one more is refused. */
static void assert_limit(const char *begin, const char *each, const char *end, int max)
{
	char *text = repeat_text(begin, each, max, end);
	uint64_t fingerprint;

	assert_int_equal(fingerprint_of(&fingerprint, text), 0);
	free(text);
	text = repeat_text(begin, each, max + 1, end);
	assert_refused(text, "more than");
	free(text);
}

static void members_are_bounded(void **state)
{
	(void)state;
	assert_limit("{'type':'record','name':'R','fields':[", "{'name':'f#','type':'int'}", "]}",
		     SCHEMA_MEMBERS_MAX);
	assert_limit("{'type':'enum','name':'E','symbols':[", "'A#'", "]}", SCHEMA_MEMBERS_MAX);
	assert_limit("[", "{'type':'int','#':0}", "]", SCHEMA_MEMBERS_MAX);
}

static void named_types_are_bounded(void **state)
{
	(void)state;
	assert_limit("[", "{'type':'fixed','name':'F#','size':1}", "]", SCHEMA_NAMES_MAX);
}

static char *nested_arrays(int count)
{
	static const char open[] = "{'type':'array','items':";
	size_t size = (sizeof(open) + 1) * (size_t)count + 8;
	char *text = malloc(size);
	size_t at = 0;

	assert_non_null(text);
	for (int i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "%s", open);
	at += (size_t)snprintf(text + at, size - at, "'int'");
	for (int i = 0; i < count; i++)
		at += (size_t)snprintf(text + at, size - at, "}");
	return text;
}

static void depth_is_bounded(void **state)
{
	char *text = nested_arrays(SCHEMA_DEPTH_MAX - 1); /* the int is a level too */
	uint64_t fingerprint;

	(void)state;
	assert_int_equal(fingerprint_of(&fingerprint, text), 0);
	free(text);
	text = nested_arrays(SCHEMA_DEPTH_MAX);
	assert_refused(text, "nests deeper");
	free(text);
}

/* Nothing is remembered from one schema to the next. */
static void the_same_schema_twice_is_fine(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++)
		assert_canonical("{'type':'fixed','name':'F','size':1}",
				 "{'name':'F','type':'fixed','size':1}");
}

static void crc_of_nothing_is_the_seed(void **state)
{
	(void)state;
	assert_int_equal(crc64_avro(bytes_of("")), 0xc15d213aa4d7a795);
	assert_int_equal(crc64_avro(bytes_of(NULL)), 0xc15d213aa4d7a795);
}

/* By the table-driven code of the specification; a signed char would spoil these. */
static void crc_takes_bytes_from_0x80(void **state)
{
	static const uint8_t high[] = { 0x80, 0xff, 0x00, 0xc3 };

	(void)state;
	assert_int_equal(crc64_avro((struct bytes){ high, sizeof(high) }), 0xab90cd23f6e05825);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(apache_cases_have_their_canonical_form),
		cmocka_unit_test(apache_cases_have_their_fingerprint),
		cmocka_unit_test(names_become_full_names),
		cmocka_unit_test(a_name_as_the_type_of_an_object_is_a_reference),
		cmocka_unit_test(a_size_loses_quotes_and_leading_zeros),
		cmocka_unit_test(escapes_in_names_are_resolved),
		cmocka_unit_test(what_is_not_json_is_refused),
		cmocka_unit_test(malformed_schemas_are_refused),
		cmocka_unit_test(members_are_bounded),
		cmocka_unit_test(named_types_are_bounded),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(the_same_schema_twice_is_fine),
		cmocka_unit_test(crc_of_nothing_is_the_seed),
		cmocka_unit_test(crc_takes_bytes_from_0x80),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
