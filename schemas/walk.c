/*
 * Strict walk over Avro binary. A schema is compiled from its canonical form,
 * where names are resolved and shapes are checked, into one array of nodes
 * that refer to each other by index; recursion in a schema is an index that
 * points back.
 *
 * A type that takes no bytes (null, fixed of size 0, records of only those)
 * has one encoding, the empty one, so compiling finds it and it is never
 * walked. Every other node takes at least one byte. That is why the work is
 * bounded by the bytes, however many items a block announces.
 */

#include "schemas/walk.h"

#include "ops/support/utf8.h"
#include "schemas/fingerprint.h"
#include "schemas/varint.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PATH_SIZE = 160, /* leaves most of ERROR_TEXT_SIZE to the reason */
};

/* The primitives come first: every schema has their nodes, at this index. */
enum kind {
	KIND_NULL,
	KIND_BOOLEAN,
	KIND_INT,
	KIND_LONG,
	KIND_FLOAT,
	KIND_DOUBLE,
	KIND_BYTES,
	KIND_STRING,
	KIND_FIXED,  /* size: its bytes */
	KIND_ENUM,   /* size: its symbols */
	KIND_ARRAY,  /* first: the node of its items */
	KIND_MAP,    /* first: the node of its values */
	KIND_UNION,  /* first and size: its branches among the links */
	KIND_RECORD, /* first and size: its fields among the links */
};

enum { PRIMITIVE_COUNT = KIND_FIXED };

static const char *const PRIMITIVES[PRIMITIVE_COUNT] = { "null",  "boolean", "int",   "long",
							 "float", "double",  "bytes", "string" };

struct node {
	enum kind kind;
	bool empty; /* takes no bytes */
	uint32_t first;
	uint32_t size;
};

/* A field of a record or a branch of a union. */
struct link {
	const char *name; /* the field's, borrowed from the form; NULL for a branch */
	uint32_t node;
};

struct walk_schema {
	struct node *nodes;
	struct link *links;
	uint32_t node_count;
	uint32_t link_count;
	uint32_t root;
	json_t *form; /* keeps the field names */
};

/* A named type while compiling. */
struct named {
	const char *name;
	uint32_t node;
};

struct compiler {
	struct walk_schema *s;
	struct named names[SCHEMA_NAMES_MAX];
	size_t name_count;
};

/* Where the walk is in a value. */
struct cursor {
	const struct walk_schema *s;
	const uint8_t *at;
	const uint8_t *end; /* of the value, or of the sized block it is in */
	uint32_t items_left;
	unsigned depth;
	/* On failure, the fields that lead here, the innermost first. */
	const char *path[WALK_DEPTH_MAX];
	size_t path_len;
	struct error *err;
};

/* Both are declared ahead because types contain types. */
static uint32_t compile_type(struct compiler *c, const json_t *type);
static int walk_node(struct cursor *c, const struct node *n);

static uint32_t add_node(struct walk_schema *s, struct node node)
{
	s->nodes[s->node_count] = node;
	return s->node_count++;
}

static uint32_t compile_reference(const struct compiler *c, const char *name)
{
	for (uint32_t i = 0; i < PRIMITIVE_COUNT; i++)
		if (!strcmp(name, PRIMITIVES[i]))
			return i;
	for (size_t i = 0; i < c->name_count; i++)
		if (!strcmp(name, c->names[i].name))
			return c->names[i].node;
	/* Not reached: the canonical form has proved that the name is defined. */
	abort();
}

static void define_name(struct compiler *c, const json_t *type, uint32_t node)
{
	assert(c->name_count < SCHEMA_NAMES_MAX);
	c->names[c->name_count++] =
		(struct named){ json_string_value(json_object_get(type, "name")), node };
}

static uint32_t reserve_links(struct walk_schema *s, size_t count)
{
	uint32_t first = s->link_count;

	s->link_count += (uint32_t)count;
	return first;
}

/*
 * A record does not count as empty until its fields are known: one that
 * contains itself directly has no finite encoding at all, so it is not empty.
 */
static uint32_t compile_record(struct compiler *c, const json_t *type)
{
	const json_t *fields = json_object_get(type, "fields");
	size_t count = json_array_size(fields);
	uint32_t first = reserve_links(c->s, count);
	uint32_t node = add_node(
		c->s,
		(struct node){ .kind = KIND_RECORD, .first = first, .size = (uint32_t)count });
	bool empty = true;

	define_name(c, type, node);
	for (size_t i = 0; i < count; i++) {
		const json_t *field = json_array_get(fields, i);
		uint32_t child = compile_type(c, json_object_get(field, "type"));

		c->s->links[first + i] =
			(struct link){ json_string_value(json_object_get(field, "name")), child };
		empty = empty && c->s->nodes[child].empty;
	}
	c->s->nodes[node].empty = empty;
	return node;
}

static uint32_t compile_union(struct compiler *c, const json_t *branches)
{
	size_t count = json_array_size(branches);
	uint32_t first = reserve_links(c->s, count);
	uint32_t node = add_node(
		c->s, (struct node){ .kind = KIND_UNION, .first = first, .size = (uint32_t)count });

	for (size_t i = 0; i < count; i++) {
		uint32_t child = compile_type(c, json_array_get(branches, i));

		c->s->links[first + i] = (struct link){ NULL, child };
	}
	return node;
}

static uint32_t compile_enum(struct compiler *c, const json_t *type)
{
	size_t count = json_array_size(json_object_get(type, "symbols"));
	uint32_t node = add_node(c->s, (struct node){ .kind = KIND_ENUM, .size = (uint32_t)count });

	define_name(c, type, node);
	return node;
}

static uint32_t compile_fixed(struct compiler *c, const json_t *type)
{
	uint32_t size = (uint32_t)json_integer_value(json_object_get(type, "size"));
	uint32_t node = add_node(
		c->s, (struct node){ .kind = KIND_FIXED, .size = size, .empty = size == 0 });

	define_name(c, type, node);
	return node;
}

static uint32_t compile_container(struct compiler *c, enum kind kind, const json_t *items)
{
	uint32_t child = compile_type(c, items);

	return add_node(c->s, (struct node){ .kind = kind, .first = child });
}

static uint32_t compile_type(struct compiler *c, const json_t *type)
{
	const char *kind = json_string_value(json_object_get(type, "type"));

	if (json_is_string(type))
		return compile_reference(c, json_string_value(type));
	if (json_is_array(type))
		return compile_union(c, type);
	if (!strcmp(kind, "record"))
		return compile_record(c, type);
	if (!strcmp(kind, "enum"))
		return compile_enum(c, type);
	if (!strcmp(kind, "fixed"))
		return compile_fixed(c, type);
	if (!strcmp(kind, "array"))
		return compile_container(c, KIND_ARRAY, json_object_get(type, "items"));
	return compile_container(c, KIND_MAP, json_object_get(type, "values"));
}

static size_t count_of(const char *text, const char *any)
{
	size_t count = 0;

	for (text = strpbrk(text, any); text; text = strpbrk(text + 1, any))
		count++;
	return count;
}

/*
 * Allocates all nodes and links. How many there are is known before compiling:
 * in the canonical form every type that is not a name begins with a bracket, a
 * list of n members has one bracket and n - 1 commas, and no string holds any
 * of these.
 */
static int make_room(struct walk_schema *s, const char *form)
{
	s->nodes = calloc(PRIMITIVE_COUNT + count_of(form, "[{"), sizeof(*s->nodes));
	s->links = calloc(1 + count_of(form, "[,"), sizeof(*s->links));
	s->form = json_loads(form, JSON_DECODE_ANY, NULL);
	if (!s->nodes || !s->links || !s->form)
		return ERROR_NOMEM;
	for (int i = 0; i < PRIMITIVE_COUNT; i++)
		(void)add_node(s, (struct node){ .kind = (enum kind)i, .empty = i == KIND_NULL });
	return 0;
}

int walk_schema_new(struct walk_schema **out, struct bytes json, struct error *err)
{
	struct walk_schema *s = NULL;
	char *form = NULL;
	int rc = canonical_form(&form, json, err);

	if (rc)
		return rc;
	s = calloc(1, sizeof(*s));
	if (!s || make_room(s, form)) {
		rc = error_set(err, ERROR_NOMEM, "out of memory");
		goto out;
	}
	s->root = compile_type(&(struct compiler){ .s = s }, s->form);
	*out = s;
	s = NULL;
out:
	walk_schema_free(&s);
	free(form);
	return rc;
}

void walk_schema_free(struct walk_schema **p)
{
	struct walk_schema *s = *p;

	if (!s)
		return;
	free(s->nodes);
	free(s->links);
	json_decref(s->form);
	free(s);
	*p = NULL;
}

static size_t bytes_left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static int ends_early(struct cursor *c)
{
	return error_set(c->err, ERROR_INPUT, "the value ends too early");
}

static int take_varint(struct cursor *c, unsigned bits, int64_t *out)
{
	*out = 0;
	switch (varint_take(&c->at, c->end, bits, out)) {
	case VARINT_TAKEN:
		return 0;
	case VARINT_CUT:
		return ends_early(c);
	case VARINT_WIDE:
		break;
	}
	return error_set(c->err, ERROR_INPUT, "a number does not fit into %u bits", bits);
}

static int take_long(struct cursor *c, int64_t *out)
{
	return take_varint(c, VARINT_LONG_BITS, out);
}

static int take_int(struct cursor *c, int64_t *out)
{
	return take_varint(c, VARINT_INT_BITS, out);
}

static int skip_bytes(struct cursor *c, size_t len)
{
	if (bytes_left(c) < len)
		return ends_early(c);
	c->at += len;
	return 0;
}

/* Takes a length and as many bytes, to which *out then points. */
static int take_sized(struct cursor *c, struct bytes *out)
{
	int64_t len;
	int rc = take_long(c, &len);

	if (rc)
		return rc;
	if (len < 0 || (uint64_t)len > bytes_left(c))
		return error_set(c->err, ERROR_INPUT,
				 "a length of %" PRId64 " where %zu bytes are left", len,
				 bytes_left(c));
	*out = (struct bytes){ c->at, (size_t)len };
	c->at += len;
	return 0;
}

static int walk_string(struct cursor *c)
{
	struct bytes text = { 0 };
	int rc = take_sized(c, &text);

	if (rc)
		return rc;
	if (!utf8_is_valid(text.data, text.len))
		return error_set(c->err, ERROR_INPUT, "a string is not UTF-8");
	return 0;
}

static int walk_boolean(struct cursor *c)
{
	if (!bytes_left(c))
		return ends_early(c);
	if (*c->at > 1)
		return error_set(c->err, ERROR_INPUT, "a boolean is %d", *c->at);
	c->at++;
	return 0;
}

/* Takes the index of an enum's symbol or a union's branch, which must be below count. */
static int take_index(struct cursor *c, uint32_t count, int64_t *out)
{
	int rc = take_int(c, out);

	if (rc)
		return rc;
	if (*out < 0 || *out >= count)
		return error_set(c->err, ERROR_INPUT,
				 "index %" PRId64 " is out of range: only %" PRIu32 " exist", *out,
				 count);
	return 0;
}

static int enter_level(struct cursor *c)
{
	if (c->depth == WALK_DEPTH_MAX)
		return error_set(c->err, ERROR_INPUT, "the value nests deeper than %d levels",
				 WALK_DEPTH_MAX);
	c->depth++;
	return 0;
}

static int walk_record(struct cursor *c, const struct node *n)
{
	const struct link *fields = c->s->links + n->first;
	int rc = enter_level(c);

	if (rc)
		return rc;
	for (uint32_t i = 0; i < n->size && !rc; i++) {
		rc = walk_node(c, c->s->nodes + fields[i].node);
		if (rc) /* at most one for each level of depth */
			c->path[c->path_len++] = fields[i].name;
	}
	c->depth--;
	return rc;
}

static int walk_union(struct cursor *c, const struct node *n)
{
	int64_t index;
	int rc = take_index(c, n->size, &index);

	if (!rc)
		rc = enter_level(c);
	if (rc)
		return rc;
	rc = walk_node(c, c->s->nodes + c->s->links[n->first + (uint32_t)index].node);
	c->depth--;
	return rc;
}

/*
 * Takes the head of a block: how many items follow, 0 after the last block. A
 * negative count is followed by the block's size, and *end is then where the
 * block must end; otherwise it is NULL.
 */
static int take_block(struct cursor *c, int64_t *count, const uint8_t **end)
{
	struct bytes block = { 0 };
	int rc = take_long(c, count);

	*end = NULL;
	if (rc || *count >= 0)
		return rc;
	rc = take_sized(c, &block);
	if (rc)
		return rc;
	c->at = block.data;
	*end = block.data + block.len;
	/* INT64_MIN has no opposite; it is too many in any case. */
	*count = *count == INT64_MIN ? INT64_MAX : -*count;
	return 0;
}

/* Takes count off the number of items that the value may still have. */
static int spend_items(struct cursor *c, int64_t count, bool empty)
{
	if (!empty && (uint64_t)count > bytes_left(c))
		return error_set(c->err, ERROR_INPUT,
				 "a block of %" PRId64 " items where %zu bytes are left", count,
				 bytes_left(c));
	if (count > c->items_left)
		return error_set(c->err, ERROR_INPUT, "the value has more than %d items",
				 WALK_ITEMS_MAX);
	c->items_left -= (uint32_t)count;
	return 0;
}

static int walk_items(struct cursor *c, const struct node *n, int64_t count)
{
	const struct node *item = c->s->nodes + n->first;
	int rc = 0;

	for (int64_t i = 0; i < count && !rc; i++) {
		if (n->kind == KIND_MAP)
			rc = walk_string(c);
		if (!rc)
			rc = walk_node(c, item);
	}
	return rc;
}

/* Walks one block, whose items may not reach past its size. */
static int walk_block(struct cursor *c, const struct node *n, int64_t count, const uint8_t *end)
{
	bool empty = n->kind == KIND_ARRAY && c->s->nodes[n->first].empty;
	const uint8_t *outer = c->end;
	int rc;

	if (end)
		c->end = end;
	rc = spend_items(c, count, empty);
	if (!rc && !empty)
		rc = walk_items(c, n, count);
	if (!rc && end && c->at != end)
		rc = error_set(c->err, ERROR_INPUT, "a block is %zu bytes shorter than it says",
			       bytes_left(c));
	c->end = outer;
	return rc;
}

static int walk_blocks(struct cursor *c, const struct node *n)
{
	int64_t count = 1;
	int rc = enter_level(c);

	if (rc)
		return rc;
	while (!rc && count) {
		const uint8_t *end = NULL;

		rc = take_block(c, &count, &end);
		if (!rc) /* the last one, without items, takes no walking */
			rc = walk_block(c, n, count, end);
	}
	c->depth--;
	return rc;
}

static int walk_node(struct cursor *c, const struct node *n)
{
	struct bytes unused;
	int64_t number;

	if (n->empty)
		return 0;
	switch (n->kind) {
	case KIND_NULL:
		return 0;
	case KIND_BOOLEAN:
		return walk_boolean(c);
	case KIND_INT:
		return take_int(c, &number);
	case KIND_LONG:
		return take_long(c, &number);
	case KIND_FLOAT:
		return skip_bytes(c, 4);
	case KIND_DOUBLE:
		return skip_bytes(c, 8);
	case KIND_BYTES:
		return take_sized(c, &unused);
	case KIND_STRING:
		return walk_string(c);
	case KIND_FIXED:
		return skip_bytes(c, n->size);
	case KIND_ENUM:
		return take_index(c, n->size, &number);
	case KIND_ARRAY:
	case KIND_MAP:
		return walk_blocks(c, n);
	case KIND_UNION:
		return walk_union(c, n);
	case KIND_RECORD:
		return walk_record(c, n);
	}
	abort(); /* not one of enum kind */
}

/* Puts the path of the fields, as far as it fits, before the sentence. */
static int fail_at(const struct cursor *c)
{
	char path[PATH_SIZE];
	size_t at = 0;

	path[0] = 0;
	for (size_t i = c->path_len; i > 0 && at < sizeof(path); i--) {
		int n = snprintf(path + at, sizeof(path) - at, at ? ".%s" : "%s", c->path[i - 1]);

		at += n > 0 ? (size_t)n : 0;
	}
	if (c->path_len)
		(void)error_prefix(c->err, "%s", path);
	return ERROR_INPUT;
}

int walk_value(const struct walk_schema *s, struct bytes value, struct error *err)
{
	struct cursor c = {
		.s = s,
		.at = value.data,
		.items_left = WALK_ITEMS_MAX,
		.err = err,
	};

	/* An absent value has no address to add to. */
	c.end = value.data ? value.data + value.len : NULL;
	if (walk_node(&c, s->nodes + s->root))
		return fail_at(&c);
	if (c.at != c.end)
		return error_set(err, ERROR_INPUT, "%zu bytes are left over after the value",
				 bytes_left(&c));
	return 0;
}
