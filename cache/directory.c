#include "cache/directory.h"

#include "cache/bearers.h"
#include "cache/redis.h"

#include <hiredis/hiredis.h>

enum {
	MEMBERSHIP_SIZE = 17,
	MEMBERS_PER_COMMAND = 1000, /* 25 KB; between two commands Redis serves others */
};

void projection_init(struct projection *p, const struct index *ix)
{
	pipeline_init(&p->pipeline);
	buffer_init(&p->members);
	p->keys = *index_keys(ix, KEYS_DIRECTORY);
}

void projection_done(struct projection *p)
{
	pipeline_done(&p->pipeline);
	buffer_done(&p->members);
}

size_t projection_size(const struct projection *p)
{
	return p->pipeline.bytes.len;
}

static void begin_command(struct projection *p, const char *verb, size_t arguments,
			  const char *kind, const struct uuid *id)
{
	pipeline_command(&p->pipeline, 2 + arguments);
	pipeline_text(&p->pipeline, verb);
	pipeline_key(&p->pipeline, &p->keys, kind, id);
}

static void delete_key(struct projection *p, const char *kind, const struct uuid *id)
{
	begin_command(p, "DEL", 0, kind, id);
}

/* Adds the bearer of a name to the index of that kind; `of` is the parent, or NULL. */
static void add_name(struct projection *p, const char *kind, const struct uuid *of,
		     struct bytes name, const struct uuid *id)
{
	bearers_add(&p->pipeline, &p->keys, kind, of, name, id);
}

static void remove_name(struct projection *p, const char *kind, const struct uuid *of,
			struct bytes name, const struct uuid *id)
{
	bearers_drop(&p->pipeline, &p->keys, kind, of, name, id);
}

static void add_field(struct projection *p, const char *field, struct bytes value)
{
	pipeline_text(&p->pipeline, field);
	pipeline_bytes(&p->pipeline, value);
}

static void add_symbol(struct projection *p, const char *field, const char *const *symbols,
		       int value)
{
	add_field(p, field, bytes_of(symbol_name(symbols, value)));
}

static void add_memberships(struct projection *p, const struct user_changed *u)
{
	struct buffer packed;

	buffer_init(&packed);
	for (size_t i = 0; i < u->organization_count; i++) {
		buffer_append(&packed, u->organizations[i].id.bytes, sizeof(struct uuid));
		buffer_append_u8(&packed,
				 u->organizations[i].role == ORGANIZATION_ADMIN ? 'a' : 'm');
	}
	add_field(p, "orgs", buffer_bytes(&packed));
	buffer_done(&packed);
}

/* A deleted user has given the name up; another user may have it. */
static bool holds_name(const struct user_changed *u)
{
	return u && u->status != USER_DELETED;
}

void projection_user(struct projection *p, const struct user_changed *old,
		     const struct user_changed *new)
{
	bool keeps_name = holds_name(new) && old && bytes_equal(old->username, new->username);

	if (holds_name(old) && !keeps_name)
		remove_name(p, "usernames", NULL, old->username, &old->id);
	if (old && !new)
		delete_key(p, "user:", &old->id);
	if (!new)
		return;
	if (holds_name(new))
		add_name(p, "usernames", NULL, new->username, &new->id);
	begin_command(p, "HSET", 14, "user:", &new->id);
	add_field(p, "username", new->username);
	add_field(p, "name", new->name);
	add_field(p, "email", new->email);
	add_symbol(p, "status", user_status_symbols, (int)new->status);
	add_symbol(p, "kind", user_kind_symbols, (int)new->kind);
	add_symbol(p, "site_role", site_role_symbols, (int)new->site_role);
	add_memberships(p, new);
}

/* Adds users to the group's set (SADD) or removes them (SREM); so, too, the group in their sets. */
static void set_members(struct projection *p, const char *verb, const struct uuid *group,
			const struct uuid *users, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		size_t left = count - i;

		if (i % MEMBERS_PER_COMMAND == 0)
			begin_command(p, verb,
				      left < MEMBERS_PER_COMMAND ? left : MEMBERS_PER_COMMAND,
				      "members:", group);
		pipeline_id(&p->pipeline, &users[i]);
	}
	for (size_t i = 0; i < count; i++) {
		begin_command(p, verb, 1, "of:", &users[i]);
		pipeline_id(&p->pipeline, group);
	}
}

/* Writes to out the members of a that b does not have; returns how many. Either may be NULL. */
static size_t collect_missing(const struct group_changed *a, const struct group_changed *b,
			      struct uuid *out)
{
	size_t count = 0;
	size_t at = 0;

	for (size_t i = 0; a && i < a->member_count; i++) {
		const struct uuid *id = &a->members[i];

		while (b && at < b->member_count && memcmp(&b->members[at], id, sizeof(*id)) < 0)
			at++;
		if (!b || at == b->member_count || !uuid_equal(&b->members[at], id))
			out[count++] = *id;
	}
	return count;
}

/* Writes only the users that join or leave: a group may have a hundred thousand members. */
static void project_members(struct projection *p, const struct group_changed *old,
			    const struct group_changed *new)
{
	size_t max = (old ? old->member_count : 0) + (new ? new->member_count : 0);
	struct uuid *users;

	if (!max)
		return;
	users = (struct uuid *)(void *)buffer_reserve(&p->members, max * sizeof(*users));
	if (old)
		set_members(p, "SREM", &old->id, users, collect_missing(old, new, users));
	if (new)
		set_members(p, "SADD", &new->id, users, collect_missing(new, old, users));
}

void projection_group(struct projection *p, const struct group_changed *old,
		      const struct group_changed *new)
{
	bool keeps_name = old && new &&bytes_equal(old->name, new->name) &&
			  uuid_equal(&old->organization_id, &new->organization_id);

	project_members(p, old, new);
	if (old && !keeps_name)
		remove_name(p, "groupnames:", &old->organization_id, old->name, &old->id);
	if (old && !new)
		delete_key(p, "group:", &old->id);
	if (!new)
		return;
	add_name(p, "groupnames:", &new->organization_id, new->name, &new->id);
	begin_command(p, "HSET", 4, "group:", &new->id);
	add_field(p, "name", new->name);
	pipeline_text(&p->pipeline, "org");
	pipeline_id(&p->pipeline, &new->organization_id);
}

void projection_organization(struct projection *p, const struct organization_changed *old,
			     const struct organization_changed *new)
{
	if (old && (!new || !bytes_equal(old->name, new->name)))
		remove_name(p, "orgnames", NULL, old->name, &old->id);
	if (old && !new)
		delete_key(p, "org:", &old->id);
	if (!new)
		return;
	add_name(p, "orgnames", NULL, new->name, &new->id);
	begin_command(p, "HSET", 4, "org:", &new->id);
	add_field(p, "name", new->name);
	add_symbol(p, "sharing", sharing_policy_symbols, (int)new->sharing);
}

void projection_deployment(struct projection *p, const struct deployment_changed *new)
{
	begin_command(p, "HSET", 2, "deployment", NULL);
	add_field(p, "sharing_enabled", bytes_of(new->sharing_enabled ? "1" : "0"));
}

void projection_shadow(struct projection *p, const struct uuid *id, bool shadowed)
{
	begin_command(p, shadowed ? "SADD" : "SREM", 1, "shadowed", NULL);
	pipeline_id(&p->pipeline, id);
}

int projection_write(struct index *ix, struct projection *p, const struct mark *seen,
		     const struct mark *wanted, struct error *err)
{
	int rc = index_write(ix, KEYS_DIRECTORY, seen, wanted, &p->pipeline, err);

	pipeline_trim(&p->pipeline);
	if (p->members.cap > PIPELINE_KEEP_BYTES)
		buffer_done(&p->members);
	return rc;
}

/* ---- reading ---- */

struct bytes reply_field(const struct redisReply *hash, const char *field)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2)
		if (bytes_equal_text(reply_bytes(hash->element[i]), field))
			return reply_bytes(hash->element[i + 1]);
	return (struct bytes){ 0 };
}

/* The value of the symbol in that field; 0 when the field is absent or the symbol unknown. */
static int parse_symbol(const redisReply *hash, const char *field, const char *const *symbols)
{
	struct bytes text = reply_field(hash, field);

	return text.data ? symbol_parse(symbols, (const char *)text.data) : 0;
}

static void parse_memberships(struct user_changed *out, struct bytes packed, struct arena *arena)
{
	size_t count = packed.len / MEMBERSHIP_SIZE;

	out->organizations = arena_zalloc(arena, count + 1, sizeof(*out->organizations));
	out->organization_count = count;
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = packed.data + i * MEMBERSHIP_SIZE;

		memcpy(out->organizations[i].id.bytes, at, sizeof(struct uuid));
		out->organizations[i].role =
			at[MEMBERSHIP_SIZE - 1] == 'a' ? ORGANIZATION_ADMIN : ORGANIZATION_MEMBER;
	}
}

static bool has_fields(const redisReply *hash)
{
	return hash->type == REDIS_REPLY_ARRAY && hash->elements >= 2;
}

bool directory_parse_user(struct user_changed *out, const struct uuid *id,
			  const struct redisReply *reply, struct arena *arena)
{
	*out = (struct user_changed){ .id = *id };
	if (!has_fields(reply))
		return false;
	out->username = arena_copy(arena, reply_field(reply, "username"));
	out->name = arena_copy(arena, reply_field(reply, "name"));
	out->email = arena_copy(arena, reply_field(reply, "email"));
	out->status = (enum user_status)parse_symbol(reply, "status", user_status_symbols);
	out->kind = (enum user_kind)parse_symbol(reply, "kind", user_kind_symbols);
	out->site_role = (enum site_role)parse_symbol(reply, "site_role", site_role_symbols);
	parse_memberships(out, reply_field(reply, "orgs"), arena);
	return true;
}

bool directory_parse_group(struct group_changed *out, const struct uuid *id,
			   const struct redisReply *reply, struct arena *arena)
{
	*out = (struct group_changed){ .id = *id };
	if (!has_fields(reply) || !uuid_from_raw(&out->organization_id, reply_field(reply, "org")))
		return false;
	out->name = arena_copy(arena, reply_field(reply, "name"));
	return true;
}

bool directory_parse_organization(struct organization_changed *out, const struct uuid *id,
				  const struct redisReply *reply, struct arena *arena)
{
	*out = (struct organization_changed){ .id = *id };
	if (!has_fields(reply))
		return false;
	out->name = arena_copy(arena, reply_field(reply, "name"));
	out->sharing = (enum sharing_policy)parse_symbol(reply, "sharing", sharing_policy_symbols);
	return true;
}
