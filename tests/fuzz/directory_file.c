/*
 * A directory file of any content. What it states can be sent: every record
 * encodes and is accepted by whoever reads it, and no two have one id. Compared
 * with nothing, all of it differs; compared with itself, nothing does. What the
 * checks accept has names that can be typed, each of which one thing has.
 */

#include "producer/operator/directory/diff.h"

#include "producer/cli/name.h"
#include "producer/operator/directory/build.h"
#include "producer/operator/directory/claims.h"
#include "producer/operator/directory/entry.h"
#include "producer/operator/directory/file.h"
#include "producer/operator/directory/kinds.h"
#include "schemas/codec.h"

#include "tests/fuzz/target.h"

#include <jansson.h>

static const int64_t NOW_MS = 1795512600007;

/* Plays the index: it knows every name of odd length. */
static void look_up(json_t *names)
{
	const char *name;
	json_t *value;

	json_object_foreach(names, name, value)
	{
		char text[UUID_TEXT_SIZE];
		struct uuid id;
		int rc = uuid_v5(&id, &UUID_NAMESPACE_SHAREBUS, bytes_of(name));

		assert(rc == 0);
		uuid_format(text, &id);
		if (strlen(name) % 2)
			(void)json_object_set_new(names, name, json_string(text));
	}
}

static void check_sendable(const struct record *r, struct arena *arena)
{
	static struct codec *codec;
	struct buffer value = { 0 };
	struct error err = { 0 };
	struct record back;
	int rc = codec ? 0 : codec_new(&codec, &err);

	assert(rc == 0);
	rc = codec_encode(codec, r, &value, &err);
	assert(rc == 0);
	rc = codec_decode(codec, buffer_bytes(&value), arena, &back, &err);
	assert(rc == 0);
	buffer_done(&value);
}

static void check_identity(const struct directory_facts *f)
{
	for (size_t i = 0; i < f->count; i++) {
		if (f->list[i].type == RECORD_DEPLOYMENT_CHANGED)
			continue;
		assert(directory_name(&f->list[i]).len > 0 || !f->derived[i]);
		assert(directory_name(&f->list[i]).len <= NAME_BYTES_MAX);
		for (size_t j = 0; j < i; j++)
			assert(f->list[j].type == RECORD_DEPLOYMENT_CHANGED ||
			       !uuid_equal(directory_id(&f->list[i]), directory_id(&f->list[j])));
	}
}

static void check_facts(const struct directory_facts *f, struct arena *arena)
{
	assert(f->workspaces <= f->count);
	for (size_t i = 0; i < f->count; i++) {
		bool workspace = f->list[i].type == RECORD_WORKSPACE_CHANGED;

		assert(workspace == (i >= f->count - f->workspaces));
		check_sendable(&f->list[i], arena);
	}
	check_identity(f);
}

/* Whoever is deleted and has no id of their own need not be announced. */
static bool is_gone(const struct directory_facts *f, size_t i)
{
	return f->list[i].type == RECORD_USER_CHANGED && f->derived[i] &&
	       f->list[i].as.user_changed.status == USER_DELETED;
}

/* No two of one kind and place have one name, and every name can be typed. */
static void check_names(const struct directory_facts *f)
{
	for (size_t i = 0; i < f->count; i++) {
		const struct record *r = &f->list[i];
		struct uuid parent = claim_parent(r);

		if (r->type == RECORD_DEPLOYMENT_CHANGED || directory_is_deleted(r))
			continue;
		assert(name_is_plain(directory_name(r)));
		for (size_t j = 0; j < i; j++) {
			struct uuid other = claim_parent(&f->list[j]);

			assert(directory_kind(r) != directory_kind(&f->list[j]) ||
			       directory_is_deleted(&f->list[j]) || !uuid_equal(&parent, &other) ||
			       !bytes_equal(directory_name(r), directory_name(&f->list[j])));
		}
	}
}

static void check_claims(const struct directory_facts *f, const struct directory_diff *diff,
			 struct arena *arena)
{
	const struct claim_rivals none = { 0 };
	struct directory_finder known;
	struct error err = { 0 };
	int rc;

	directory_finder_init(&known, &f, 1, arena);
	rc = kinds_check(diff, f, &known, &err);
	if (!rc)
		rc = claims_check(diff, f, &none, arena, &err);
	if (rc)
		assert(rc == ERROR_INPUT && err.text[0]);
	else
		check_names(f);
}

static void check_diff(const struct directory_facts *f, struct arena *arena)
{
	const struct directory_facts nothing = { 0 };
	struct directory_diff diff;
	struct error err = { 0 };
	size_t gone = 0;
	int rc = directory_diff(f, &nothing, true, arena, &diff, &err);

	for (size_t i = 0; i < f->count; i++)
		gone += is_gone(f, i);
	assert(rc == 0 && diff.count == f->count - gone);
	check_claims(f, &diff, arena);
	rc = directory_diff(f, f, true, arena, &diff, &err);
	assert(rc == 0 && diff.count == 0);
}

static void read_file(const json_t *file, struct arena *arena)
{
	struct directory_names names;
	struct directory_facts facts;
	struct error err = { 0 };
	int rc = directory_names(file, &names, &err);

	if (rc) {
		assert(rc == ERROR_INPUT && err.text[0]);
		return;
	}
	look_up(names.organizations);
	look_up(names.users);
	look_up(names.groups);
	look_up(names.workspaces);
	rc = directory_build(file, &names, NOW_MS, arena, &facts, &err);
	if (rc)
		assert(rc == ERROR_INPUT && err.text[0]);
	else
		check_facts(&facts, arena);
	if (!rc)
		check_diff(&facts, arena);
	directory_names_done(&names);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct arena arena;
	struct error err = { 0 };
	json_t *file = NULL;
	int rc = directory_file_parse(&file, (struct bytes){ data, len }, "file", &err);

	if (rc)
		assert(rc == ERROR_INPUT && err.text[0] && !file);
	else
		read_file(file, &arena);
	json_decref(file);
	arena_reset(&arena);
	return 0;
}
