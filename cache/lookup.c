#include "cache/lookup.h"

#include "cache/directory.h"
#include "cache/layout.h"
#include "cache/redis.h"
#include "ops/support/memory.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

enum { PIECE = 1000 }; /* commands in one pipeline: well under a megabyte */

static size_t piece_of(size_t count, size_t from)
{
	return count - from < PIECE ? count - from : PIECE;
}

/* ---- names ---- */

static int ask_names(struct reader *r, const char *kind, const struct uuid *of,
		     const struct bytes *names, size_t count, struct error *err)
{
	struct pipeline *p = reader_begin(r);

	for (size_t i = 0; i < count; i++)
		bearers_ask(p, reader_keys(r, KEYS_DIRECTORY), kind, of, names[i]);
	return reader_ask(r, err);
}

/* An index by name. */
struct names {
	const char *kind;
	const struct uuid *of; /* the parent that the names are unique in; NULL: the deployment */
};

static int lookup_names(struct reader *r, const struct names *index, const struct bytes *names,
			size_t count, struct bearers *out, struct error *err)
{
	struct bearers *found = memory_zalloc(count + 1, sizeof(*found));
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = piece_of(count, from);

		rc = ask_names(r, index->kind, index->of, names + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			bearers_take(&found[from + i], reader_reply(r, i));
	}
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	free(found);
	return rc;
}

int lookup_usernames(struct reader *r, const struct bytes *names, size_t count, struct bearers *out,
		     struct error *err)
{
	return lookup_names(r, &(struct names){ "usernames", NULL }, names, count, out, err);
}

int lookup_groupnames(struct reader *r, const struct uuid *organization_id,
		      const struct bytes *names, size_t count, struct bearers *out,
		      struct error *err)
{
	return lookup_names(r, &(struct names){ "groupnames:", organization_id }, names, count, out,
			    err);
}

int lookup_organization_names(struct reader *r, const struct bytes *names, size_t count,
			      struct bearers *out, struct error *err)
{
	return lookup_names(r, &(struct names){ "orgnames", NULL }, names, count, out, err);
}

int lookup_all_organizations(struct reader *r, struct arena *arena, struct named_list *out,
			     struct error *err)
{
	struct pipeline *p = reader_begin(r);
	struct named_list found = { 0 };
	const redisReply *all;
	int rc;

	bearers_ask_all(p, reader_keys(r, KEYS_DIRECTORY), "orgnames", NULL);
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	all = reader_reply(r, 0);
	found.list = arena_zalloc(arena, all->elements + 1, sizeof(*found.list));
	for (size_t i = 0; i < all->elements; i++) {
		struct named *n = &found.list[found.count];

		if (!bearers_parse(reply_bytes(all->element[i]), &n->name, &n->id))
			continue;
		n->name = arena_copy(arena, n->name);
		found.count++;
	}
	*out = found;
	return 0;
}

/* ---- entities ---- */

static int ask_hashes(struct reader *r, const char *kind, const struct uuid *ids, size_t count,
		      struct error *err)
{
	struct pipeline *p = reader_begin(r);

	for (size_t i = 0; i < count; i++) {
		pipeline_command(p, 2);
		pipeline_text(p, "HGETALL");
		pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), kind, &ids[i]);
	}
	return reader_ask(r, err);
}

int lookup_users(struct reader *r, const struct uuid *ids, size_t count, struct arena *arena,
		 struct user_changed *out, struct error *err)
{
	struct user_changed *found = arena_zalloc(arena, count + 1, sizeof(*found));
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = piece_of(count, from);

		rc = ask_hashes(r, "user:", ids + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			(void)directory_parse_user(&found[from + i], &ids[from + i],
						   reader_reply(r, i), arena);
	}
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	return rc;
}

int lookup_groups(struct reader *r, const struct uuid *ids, size_t count, struct arena *arena,
		  struct group_changed *out, struct error *err)
{
	struct group_changed *found = arena_zalloc(arena, count + 1, sizeof(*found));
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = piece_of(count, from);

		rc = ask_hashes(r, "group:", ids + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			(void)directory_parse_group(&found[from + i], &ids[from + i],
						    reader_reply(r, i), arena);
	}
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	return rc;
}

int lookup_organizations(struct reader *r, const struct uuid *ids, size_t count,
			 struct arena *arena, struct organization_changed *out, struct error *err)
{
	struct organization_changed *found = arena_zalloc(arena, count + 1, sizeof(*found));
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = piece_of(count, from);

		rc = ask_hashes(r, "org:", ids + from, piece, err);
		for (size_t i = 0; !rc && i < piece; i++)
			(void)directory_parse_organization(&found[from + i], &ids[from + i],
							   reader_reply(r, i), arena);
	}
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	return rc;
}

int lookup_groups_of(struct reader *r, const struct user_changed *user, struct arena *arena,
		     struct uuid_list *out, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	const redisReply *set;
	int rc;

	pipeline_command(p, 2);
	pipeline_text(p, "SMEMBERS");
	pipeline_key(p, reader_keys(r, KEYS_DIRECTORY), "of:", &user->id);
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	set = reader_reply(r, 0);
	*out = (struct uuid_list){ 0 };
	out->list = arena_zalloc(arena, set->elements + user->organization_count + 1,
				 sizeof(*out->list));
	for (size_t i = 0; i < set->elements; i++)
		if (uuid_from_raw(&out->list[out->count], reply_bytes(set->element[i])))
			out->count++;
	for (size_t i = 0; i < user->organization_count; i++)
		out->list[out->count++] = user->organizations[i].id;
	return 0;
}

/* ---- workspaces ---- */

static void collect_owned(const redisReply *members, struct uuid_list *out)
{
	struct bytes name;

	for (size_t i = 0; i < members->elements; i++)
		if (bearers_parse(reply_bytes(members->element[i]), &name, &out->list[out->count]))
			out->count++;
}

int lookup_owned_by_name(struct reader *r, const struct uuid *owner_id, struct bytes name,
			 struct bearers *out, struct error *err)
{
	int partitions = reader_deployment(r)->partitions;
	struct pipeline *p = reader_begin(r);
	int rc;

	for (int i = 0; i < partitions; i++) {
		bearers_ask(p, reader_keys(r, i), "o:", owner_id, name);
		reader_touch(r, i);
	}
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	out->count = 0;
	for (int i = 0; i < partitions; i++)
		bearers_take(out, reader_reply(r, (size_t)i));
	return 0;
}

int lookup_owned(struct reader *r, const struct uuid *owner_id, struct arena *arena,
		 struct uuid_list *out, struct error *err)
{
	int partitions = reader_deployment(r)->partitions;
	struct pipeline *p = reader_begin(r);
	size_t max = 1;
	int rc;

	for (int i = 0; i < partitions; i++) {
		bearers_ask_all(p, reader_keys(r, i), "o:", owner_id);
		reader_touch(r, i);
	}
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	for (int i = 0; i < partitions; i++)
		max += reader_reply(r, (size_t)i)->elements;
	*out = (struct uuid_list){ arena_zalloc(arena, max, sizeof(struct uuid)), 0 };
	for (int i = 0; i < partitions; i++)
		collect_owned(reader_reply(r, (size_t)i), out);
	return 0;
}

/* ---- the reverse index, which has a hash of workspace id -> role in each partition ---- */

static void collect_ids(const redisReply *hash, struct uuid_list *out)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2)
		if (uuid_from_raw(&out->list[out->count], reply_bytes(hash->element[i])))
			out->count++;
}

int lookup_shared_with(struct reader *r, const struct subject *s, struct arena *arena,
		       struct uuid_list *out, struct error *err)
{
	int partitions = reader_deployment(r)->partitions;
	struct pipeline *p = reader_begin(r);
	size_t max = 1;
	int rc;

	for (int i = 0; i < partitions; i++) {
		pipeline_command(p, 2);
		pipeline_text(p, "HGETALL");
		pipeline_key(p, reader_keys(r, i), keys_subject_kind(s->kind), &s->id);
		reader_touch(r, i);
	}
	rc = reader_ask(r, err);
	if (rc)
		return rc;
	for (int i = 0; i < partitions; i++)
		max += reader_reply(r, (size_t)i)->elements / 2;
	*out = (struct uuid_list){ arena_zalloc(arena, max, sizeof(struct uuid)), 0 };
	for (int i = 0; i < partitions; i++)
		collect_ids(reader_reply(r, (size_t)i), out);
	return 0;
}

/* Appends the ids in the replies to the list, which grows in the arena. */
static void append_ids(const struct reader *r, size_t replies, struct arena *arena,
		       struct uuid_list *out)
{
	size_t cap = out->count;
	size_t max = out->count;

	for (size_t i = 0; i < replies; i++)
		max += reader_reply(r, i)->elements / 2;
	out->list = arena_grow(arena, out->list, &cap, max + 1, sizeof(*out->list));
	for (size_t i = 0; i < replies; i++)
		collect_ids(reader_reply(r, i), out);
}

/* Appends the questions for the hashes of groups: hash i is of group i / partitions. */
static void ask_groups(struct reader *r, struct pipeline *p, const struct uuid_list *groups,
		       size_t from, size_t count)
{
	size_t partitions = (size_t)reader_deployment(r)->partitions;

	for (size_t i = from; i < from + count; i++) {
		int partition = (int)(i % partitions);

		pipeline_command(p, 2);
		pipeline_text(p, "HGETALL");
		pipeline_key(p, reader_keys(r, partition), keys_subject_kind(SUBJECT_GROUP),
			     &groups->list[i / partitions]);
		reader_touch(r, partition);
	}
}

int lookup_shared_with_groups(struct reader *r, const struct uuid_list *groups, struct arena *arena,
			      struct uuid_list *out, struct error *err)
{
	size_t count = groups->count * (size_t)reader_deployment(r)->partitions;
	struct uuid_list found = { 0 };
	int rc = 0;

	for (size_t from = 0; !rc && from < count; from += PIECE) {
		size_t piece = piece_of(count, from);

		ask_groups(r, reader_begin(r), groups, from, piece);
		rc = reader_ask(r, err);
		if (!rc)
			append_ids(r, piece, arena, &found);
	}
	if (!rc)
		*out = found;
	return rc;
}

static int ask_workspaces(struct reader *r, const struct uuid *ids, size_t count, struct error *err)
{
	struct pipeline *p = reader_begin(r);

	for (size_t i = 0; i < count; i++) {
		int partition = reader_partition(r, &ids[i]);

		pipeline_command(p, 2);
		pipeline_text(p, "HGETALL");
		pipeline_key(p, reader_keys(r, partition), "ws:", &ids[i]);
		reader_touch(r, partition);
	}
	return reader_ask(r, err);
}

static int lookup_piece(struct reader *r, const struct uuid *ids, size_t count,
			struct workspace *out, struct error *err)
{
	int rc = ask_workspaces(r, ids, count, err);

	for (size_t i = 0; !rc && i < count; i++)
		if (!layout_parse_workspace(&out[i], reader_reply(r, i)))
			rc = reader_fail_broken(r, &ids[i], err);
	return rc;
}

int lookup_workspaces(struct reader *r, const struct uuid *ids, size_t count, struct workspace *out,
		      struct error *err)
{
	struct workspace *found = memory_zalloc(count + 1, sizeof(*found));
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		workspace_init(&found[i], &ids[i]);
	for (size_t from = 0; !rc && from < count; from += PIECE)
		rc = lookup_piece(r, ids + from, piece_of(count, from), found + from, err);
	for (size_t i = 0; rc && i < count; i++)
		workspace_done(&found[i]);
	if (!rc && count)
		memcpy(out, found, count * sizeof(*out));
	free(found);
	return rc;
}
