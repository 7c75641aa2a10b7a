/*
 * The Parsing Canonical Form, written while walking the parsed JSON once.
 * Names are resolved on the way, which also proves that each is defined once
 * and before its use.
 */

#include "schemas/fingerprint.h"

#include "ops/support/buffer.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t CRC64_EMPTY = 0xc15d213aa4d7a795;

static const char *const PRIMITIVES[] = { "null",  "boolean", "int",   "long",
					  "float", "double",  "bytes", "string" };

/* A full name in its two parts, borrowed from the JSON. */
struct name {
	struct bytes space; /* empty: the null namespace */
	struct bytes base;
};

struct canon {
	struct buffer out;
	struct name names[SCHEMA_NAMES_MAX]; /* what is defined so far */
	size_t name_count;
	struct error *err;
};

/* Where a type is in the schema. */
struct enclosing {
	struct bytes space; /* the namespace of the enclosing definition */
	unsigned depth;
};

/* Declared ahead because types contain types. */
static int write_type(struct canon *c, const json_t *type, struct enclosing at);

static bool is_primitive(struct bytes name)
{
	for (size_t i = 0; i < sizeof(PRIMITIVES) / sizeof(*PRIMITIVES); i++)
		if (bytes_equal_text(name, PRIMITIVES[i]))
			return true;
	return false;
}

static bool is_letter(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* One or more of [A-Za-z_][A-Za-z0-9_]*, with dots between them. */
static bool is_dotted_name(struct bytes text)
{
	bool first = true;

	for (size_t i = 0; i < text.len; i++) {
		bool dot = text.data[i] == '.';

		if (first ? !is_letter(text.data[i])
			  : !dot && !is_letter(text.data[i]) && !is_digit(text.data[i]))
			return false;
		first = dot;
	}
	return !first;
}

static bool is_simple_name(struct bytes text)
{
	return is_dotted_name(text) && !memchr(text.data, '.', text.len);
}

static struct bytes string_of(const json_t *string)
{
	return (struct bytes){ (const uint8_t *)json_string_value(string),
			       json_string_length(string) };
}

static void write_bytes(struct canon *c, struct bytes text)
{
	buffer_append(&c->out, text.data, text.len);
}

static void write_text(struct canon *c, const char *text)
{
	buffer_append_text(&c->out, text);
}

/* Names need no escapes. */
static void write_quoted(struct canon *c, struct bytes text)
{
	write_text(c, "\"");
	write_bytes(c, text);
	write_text(c, "\"");
}

static void write_name(struct canon *c, struct name name)
{
	write_text(c, "\"");
	write_bytes(c, name.space);
	if (name.space.len)
		write_text(c, ".");
	write_bytes(c, name.base);
	write_text(c, "\"");
}

/* A name with dots is a full name; one without belongs to the namespace `space`. */
static struct name split_name(struct bytes text, struct bytes space)
{
	size_t dot = text.len;

	while (dot > 0 && text.data[dot - 1] != '.')
		dot--;
	if (!dot)
		return (struct name){ space, text };
	return (struct name){ { text.data, dot - 1 }, { text.data + dot, text.len - dot } };
}

static bool is_defined(const struct canon *c, struct name name)
{
	for (size_t i = 0; i < c->name_count; i++)
		if (bytes_equal(c->names[i].base, name.base) &&
		    bytes_equal(c->names[i].space, name.space))
			return true;
	return false;
}

static int define_name(struct canon *c, struct name name)
{
	int len = (int)name.base.len;

	if (is_primitive(name.base))
		return error_set(c->err, ERROR_INPUT, "the schema redefines the primitive %.*s",
				 len, (const char *)name.base.data);
	if (is_defined(c, name))
		return error_set(c->err, ERROR_INPUT, "the schema defines %.*s twice", len,
				 (const char *)name.base.data);
	if (c->name_count == SCHEMA_NAMES_MAX)
		return error_set(c->err, ERROR_INPUT, "the schema defines more than %d types",
				 SCHEMA_NAMES_MAX);
	c->names[c->name_count++] = name;
	return 0;
}

/* Sets *space to the namespace that a definition names; leaves it alone if it names none. */
static int read_space(struct canon *c, const json_t *type, struct bytes *space)
{
	const json_t *value = json_object_get(type, "namespace");

	if (!value)
		return 0;
	*space = string_of(value);
	if (json_is_string(value) && (space->len == 0 || is_dotted_name(*space)))
		return 0;
	return error_set(c->err, ERROR_INPUT, "the schema has a namespace that is not a name");
}

/* Writes {"name":"…","type":"kind", as every definition begins; *at gets its namespace. */
static int write_definition(struct canon *c, const json_t *type, const char *kind,
			    struct enclosing *at)
{
	struct bytes text = string_of(json_object_get(type, "name"));
	struct bytes space = at->space;
	struct name name;
	int rc;

	if (!is_dotted_name(text))
		return error_set(c->err, ERROR_INPUT, "the schema has a %s without a valid name",
				 kind);
	rc = read_space(c, type, &space);
	if (rc)
		return rc;
	name = split_name(text, space);
	rc = define_name(c, name);
	if (rc)
		return rc;
	at->space = name.space;
	write_text(c, "{\"name\":");
	write_name(c, name);
	write_text(c, ",\"type\":\"");
	write_text(c, kind);
	write_text(c, "\"");
	return 0;
}

/* Checks that it is an array of at most SCHEMA_MEMBERS_MAX; `what` names it in the error. */
static int check_members(const struct canon *c, const json_t *array, const char *what)
{
	if (!json_is_array(array))
		return error_set(c->err, ERROR_INPUT, "the schema has a type without %s", what);
	if (json_array_size(array) > SCHEMA_MEMBERS_MAX)
		return error_set(c->err, ERROR_INPUT, "the schema has a type with more than %d %s",
				 SCHEMA_MEMBERS_MAX, what);
	return 0;
}

/* Whether one of the first count fields has this name. */
static bool field_is_repeated(const json_t *fields, size_t count, struct bytes text)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(text,
				string_of(json_object_get(json_array_get(fields, i), "name"))))
			return true;
	return false;
}

static int write_field(struct canon *c, const json_t *fields, size_t i, struct enclosing at)
{
	const json_t *field = json_array_get(fields, i);
	struct bytes name = string_of(json_object_get(field, "name"));
	int rc;

	if (!is_simple_name(name))
		return error_set(c->err, ERROR_INPUT,
				 "the schema has a field without a valid name");
	if (field_is_repeated(fields, i, name))
		return error_set(c->err, ERROR_INPUT, "the schema has a second field %.*s",
				 (int)name.len, (const char *)name.data);
	write_text(c, i ? ",{\"name\":" : "{\"name\":");
	write_quoted(c, name);
	write_text(c, ",\"type\":");
	rc = write_type(c, json_object_get(field, "type"), at);
	write_text(c, "}");
	return rc;
}

static int write_record(struct canon *c, const json_t *type, struct enclosing at)
{
	const json_t *fields = json_object_get(type, "fields");
	int rc = check_members(c, fields, "fields");

	if (!rc)
		rc = write_definition(c, type, "record", &at);
	if (rc)
		return rc;
	write_text(c, ",\"fields\":[");
	for (size_t i = 0; i < json_array_size(fields) && !rc; i++)
		rc = write_field(c, fields, i, at);
	write_text(c, "]}");
	return rc;
}

static bool symbol_is_repeated(const json_t *symbols, size_t count, struct bytes text)
{
	for (size_t i = 0; i < count; i++)
		if (bytes_equal(text, string_of(json_array_get(symbols, i))))
			return true;
	return false;
}

static int write_enum(struct canon *c, const json_t *type, struct enclosing at)
{
	const json_t *symbols = json_object_get(type, "symbols");
	int rc = check_members(c, symbols, "symbols");

	if (!rc)
		rc = write_definition(c, type, "enum", &at);
	if (rc)
		return rc;
	write_text(c, ",\"symbols\":[");
	for (size_t i = 0; i < json_array_size(symbols); i++) {
		struct bytes symbol = string_of(json_array_get(symbols, i));

		if (!is_simple_name(symbol) || symbol_is_repeated(symbols, i, symbol))
			return error_set(c->err, ERROR_INPUT,
					 "the schema has an enum with an invalid or repeated "
					 "symbol at %zu",
					 i);
		if (i)
			write_text(c, ",");
		write_quoted(c, symbol);
	}
	write_text(c, "]}");
	return 0;
}

/* The size, which may have quotes and leading zeros (the form removes both); -1: not a number. */
static int64_t read_size(const json_t *size)
{
	struct bytes digits = string_of(size);
	int64_t value = 0;

	if (json_is_integer(size))
		return json_integer_value(size);
	if (!digits.len)
		return -1;
	for (size_t i = 0; i < digits.len; i++) {
		if (!is_digit(digits.data[i]) || value > SCHEMA_FIXED_MAX)
			return -1;
		value = value * 10 + (digits.data[i] - '0');
	}
	return value;
}

static int write_fixed(struct canon *c, const json_t *type, struct enclosing at)
{
	int64_t size = read_size(json_object_get(type, "size"));
	int rc = write_definition(c, type, "fixed", &at);
	char text[32];

	if (rc)
		return rc;
	if (size < 0 || size > SCHEMA_FIXED_MAX)
		return error_set(c->err, ERROR_INPUT,
				 "the schema has a fixed whose size is not 0 to %d",
				 SCHEMA_FIXED_MAX);
	(void)snprintf(text, sizeof(text), ",\"size\":%lld}", (long long)size);
	write_text(c, text);
	return 0;
}

/* Writes an array or a map; key is "items" or "values". */
static int write_container(struct canon *c, const json_t *type, const char *key,
			   struct enclosing at)
{
	int rc;

	write_text(c, "{\"type\":");
	write_quoted(c, string_of(json_object_get(type, "type")));
	write_text(c, ",\"");
	write_text(c, key);
	write_text(c, "\":");
	rc = write_type(c, json_object_get(type, key), at);
	write_text(c, "}");
	return rc;
}

static int write_union(struct canon *c, const json_t *branches, struct enclosing at)
{
	int rc = check_members(c, branches, "branches");

	write_text(c, "[");
	for (size_t i = 0; i < json_array_size(branches) && !rc; i++) {
		const json_t *branch = json_array_get(branches, i);

		if (i)
			write_text(c, ",");
		if (json_is_array(branch))
			return error_set(c->err, ERROR_INPUT,
					 "the schema has a union directly in a union");
		rc = write_type(c, branch, at);
	}
	write_text(c, "]");
	return rc;
}

/* Writes the name of a primitive, or of a type defined before. */
static int write_reference(struct canon *c, struct bytes text, struct enclosing at)
{
	struct name name = split_name(text, at.space);

	if (is_primitive(text)) {
		write_quoted(c, text);
		return 0;
	}
	if (!is_dotted_name(text) || !is_defined(c, name))
		return error_set(c->err, ERROR_INPUT,
				 "the schema uses the type %.*s before it is defined",
				 (int)text.len, (const char *)text.data);
	write_name(c, name);
	return 0;
}

static int write_object(struct canon *c, const json_t *type, struct enclosing at)
{
	struct bytes kind = string_of(json_object_get(type, "type"));

	if (bytes_equal_text(kind, "record"))
		return write_record(c, type, at);
	if (bytes_equal_text(kind, "enum"))
		return write_enum(c, type, at);
	if (bytes_equal_text(kind, "fixed"))
		return write_fixed(c, type, at);
	if (bytes_equal_text(kind, "array"))
		return write_container(c, type, "items", at);
	if (bytes_equal_text(kind, "map"))
		return write_container(c, type, "values", at);
	if (kind.data)
		return write_reference(c, kind, at);
	return error_set(c->err, ERROR_INPUT,
			 "the schema has an object whose type is not a string");
}

static int write_type(struct canon *c, const json_t *type, struct enclosing at)
{
	if (++at.depth > SCHEMA_DEPTH_MAX)
		return error_set(c->err, ERROR_INPUT, "the schema nests deeper than %d types",
				 SCHEMA_DEPTH_MAX);
	if (json_is_string(type))
		return write_reference(c, string_of(type), at);
	if (json_is_array(type))
		return write_union(c, type, at);
	if (json_is_object(type))
		return write_object(c, type, at);
	return error_set(c->err, ERROR_INPUT, "the schema lacks a type where one is required");
}

static int json_failed(const json_error_t *why, struct error *err)
{
	if (json_error_code(why) == json_error_out_of_memory)
		return error_set(err, ERROR_NOMEM, "out of memory");
	return error_set(err, ERROR_INPUT, "the schema is not JSON: line %d: %s", why->line,
			 why->text);
}

int canonical_form(char **out, struct bytes json, struct error *err)
{
	struct canon c = { .err = err };
	json_error_t why;
	json_t *root;
	int rc;

	root = json_loadb(json.data ? (const char *)json.data : "", json.len,
			  JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &why);
	if (!root)
		return json_failed(&why, err);
	rc = write_type(&c, root, (struct enclosing){ 0 });
	buffer_append_u8(&c.out, 0);
	json_decref(root);
	if (rc) {
		buffer_done(&c.out);
		return rc;
	}
	*out = (char *)c.out.data;
	return 0;
}

uint64_t crc64_avro(struct bytes bytes)
{
	uint64_t crc = CRC64_EMPTY;

	/* Bit by bit, without a table: it runs once per schema. */
	for (size_t i = 0; i < bytes.len; i++) {
		crc ^= bytes.data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? CRC64_EMPTY : 0);
	}
	return crc;
}

int schema_fingerprint(uint64_t *out, struct bytes json, struct error *err)
{
	char *form = NULL;
	int rc = canonical_form(&form, json, err);

	if (rc)
		return rc;
	*out = crc64_avro(bytes_of(form));
	free(form);
	return 0;
}
