/*
 * Finds the version of the schema that a value was written by: ours is read by its
 * plan, any other through avro-c, which only ever sees bytes that have passed the
 * walk.
 */

#include "schemas/codec.h"

#include "ops/support/memory.h"
#include "schemas/avsc.h"
#include "schemas/fingerprint.h"
#include "schemas/generic.h"
#include "schemas/plan_read.h"
#include "schemas/plan_write.h"
#include "schemas/walk.h"

#include <assert.h>
#include <stdlib.h>

static const uint8_t MARKER[2] = { 0xc3, 0x01 };

struct version {
	enum record_type type;
	uint64_t fingerprint;
	uint8_t frame[FRAME_SIZE];
	struct walk_schema *walk;
	struct plan *plan;       /* of the newest, */
	struct generic *generic; /* of all others; else NULL */
};

struct codec {
	struct version *versions; /* the first are the newest of each type */
	size_t version_count;
	size_t version_cap;
};

/* ---- decoding ---- */

static uint64_t read_fingerprint(const uint8_t *p)
{
	uint64_t value = 0;

	for (int i = 7; i >= 0; i--)
		value = value << 8 | p[i];
	return value;
}

static const struct version *find_version(const struct codec *c, uint64_t fingerprint)
{
	for (size_t i = 0; i < c->version_count; i++)
		if (c->versions[i].fingerprint == fingerprint)
			return &c->versions[i];
	return NULL;
}

static int take_frame(const struct codec *c, struct bytes value, const struct version **out,
		      struct error *err)
{
	uint64_t fingerprint;

	if (!value.data)
		return error_set(err, ERROR_INPUT, "the record has no value");
	if (value.len < FRAME_SIZE || memcmp(value.data, MARKER, sizeof(MARKER)) != 0)
		return error_set(err, ERROR_INPUT,
				 "the value does not begin with Avro's single-object marker");
	fingerprint = read_fingerprint(value.data + sizeof(MARKER));
	*out = find_version(c, fingerprint);
	if (!*out)
		return error_set(err, ERROR_INPUT, "no schema has the fingerprint %016llx",
				 (unsigned long long)fingerprint);
	return 0;
}

/* The plan says no more than that the value does not fit; the walk says how. */
static int explain_misfit(const struct version *v, struct bytes body, struct error *err)
{
	struct error how = { 0 };

	if (err && walk_value(v->walk, body, &how))
		*err = how;
	return ERROR_INPUT;
}

static int read_newest(const struct version *v, struct bytes body, struct arena *arena,
		       struct record *out, struct error *err)
{
	if (!plan_read(v->plan, body, arena, &out->as, err))
		return 0;
	return explain_misfit(v, body, err);
}

static int read_other(const struct version *v, struct bytes body, struct arena *arena,
		      struct record *out, struct error *err)
{
	int rc = walk_value(v->walk, body, err);

	return rc ? rc : generic_read(v->generic, body, arena, &out->as, err);
}

int codec_decode(struct codec *c, struct bytes value, struct arena *arena, struct record *out,
		 struct error *err)
{
	const struct version *v = NULL;
	struct bytes body;
	int rc;

	if (take_frame(c, value, &v, err))
		return ERROR_INPUT;
	assert(v);
	body = (struct bytes){ value.data + FRAME_SIZE, value.len - FRAME_SIZE };
	out->type = v->type;
	rc = v->plan ? read_newest(v, body, arena, out, err) : read_other(v, body, arena, out, err);
	return rc ? error_prefix(err, "%s", record_name(v->type)) : 0;
}

/* ---- encoding ---- */

int codec_encode(struct codec *c, const struct record *r, struct buffer *out, struct error *err)
{
	const struct version *v = &c->versions[r->type];
	size_t before = out->len;

	buffer_append(out, v->frame, FRAME_SIZE);
	if (!plan_write(v->plan, &r->as, out, err))
		return 0;
	out->len = before;
	return error_prefix(err, "%s cannot be encoded", record_name(r->type));
}

uint64_t codec_fingerprint(const struct codec *c, enum record_type type)
{
	return c->versions[type].fingerprint;
}

/* ---- lifecycle ---- */

static void set_frame(struct version *v)
{
	memcpy(v->frame, MARKER, sizeof(MARKER));
	for (int i = 0; i < 8; i++)
		v->frame[2 + i] = (uint8_t)(v->fingerprint >> (8 * i));
}

static int find_avsc(const char *name, struct bytes *json, struct error *err)
{
	for (const struct avsc *a = avsc_files; a->name; a++) {
		if (strcmp(a->name, name) != 0)
			continue;
		*json = a->json;
		return 0;
	}
	return error_set(err, ERROR_REFUSED, "there is no schema %s", name);
}

static int compile_form(struct version *v, struct bytes form, bool newest, struct error *err)
{
	const struct record_shape *shape = record_shape(v->type);
	int rc = walk_schema_new(&v->walk, form, err);

	if (rc)
		return rc;
	return newest ? plan_new(&v->plan, shape, form, err)
		      : generic_new(&v->generic, shape, form, err);
}

/* The canonical form has all that counts, without the documentation, which is most of a file. */
static int version_open(struct version *v, enum record_type type, struct bytes json, bool newest,
			struct error *err)
{
	char *form = NULL;
	int rc = canonical_form(&form, json, err);

	if (rc)
		return rc;
	v->type = type;
	v->fingerprint = crc64_avro(bytes_of(form));
	set_frame(v);
	rc = compile_form(v, bytes_of(form), newest, err);
	free(form);
	return rc;
}

static void version_close(struct version *v)
{
	generic_free(&v->generic);
	plan_free(&v->plan);
	walk_schema_free(&v->walk);
}

static int add_version(struct codec *c, enum record_type type, struct bytes json, struct error *err)
{
	bool newest = c->version_count < RECORD_TYPE_COUNT;
	struct version *v;

	c->versions = memory_grow(c->versions, &c->version_cap, c->version_count + 1,
				  sizeof(*c->versions));
	v = &c->versions[c->version_count++];
	*v = (struct version){ 0 };
	return version_open(v, type, json, newest, err);
}

static int add_newest(struct codec *c, enum record_type type, struct error *err)
{
	struct bytes json = { 0 };
	int rc = find_avsc(record_name(type), &json, err);

	if (!rc && add_version(c, type, json, err))
		rc = error_prefix(err, "schema %s", record_name(type));
	return rc;
}

static int add_earlier(struct codec *c, const struct avsc *a, struct error *err)
{
	for (int i = 0; i < RECORD_TYPE_COUNT; i++)
		if (strcmp(a->name, record_name((enum record_type)i)) == 0)
			return codec_learn(c, (enum record_type)i, a->json, err);
	return 0; /* a record that there is no more */
}

int codec_learn(struct codec *c, enum record_type type, struct bytes json, struct error *err)
{
	struct version *v;

	if (!add_version(c, type, json, err))
		return 0;
	v = &c->versions[--c->version_count];
	version_close(v);
	return error_prefix(err, "an earlier schema %s", record_name(type));
}

int codec_new(struct codec **out, struct error *err)
{
	struct codec *c = calloc(1, sizeof(*c));
	int rc = 0;

	if (!c)
		return error_set(err, ERROR_NOMEM, "out of memory");
	for (int i = 0; !rc && i < RECORD_TYPE_COUNT; i++)
		rc = add_newest(c, (enum record_type)i, err);
	for (const struct avsc *a = avsc_earlier_files; !rc && a->name; a++)
		rc = add_earlier(c, a, err);
	if (rc)
		codec_free(&c);
	else
		*out = c;
	return rc;
}

void codec_free(struct codec **cp)
{
	struct codec *c = *cp;

	if (!c)
		return;
	for (size_t i = 0; i < c->version_count; i++)
		version_close(&c->versions[i]);
	free(c->versions);
	free(c);
	*cp = NULL;
}
