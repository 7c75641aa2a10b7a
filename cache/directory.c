#include "cache/directory.h"

#include "cache/bearers.h"
#include "cache/redis.h"
#include "ops/support/number.h"

#include <hiredis/hiredis.h>

enum {
	MEMBERSHIP_SIZE = 17,
	RULE_SIZE = 4,
	MEMBERS_PER_COMMAND = 1000, /* 25 KB; between two commands Redis serves others */
};

void projection_init(struct projection *p, const struct index *ix)
{
	*p = (struct projection){ 0 };
	pipeline_init(&p->pipeline);
	buffer_init(&p->members);
	if (ix)
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
	begin_command(p, "HSET", 6, "org:", &new->id);
	add_field(p, "name", new->name);
	add_symbol(p, "sharing", sharing_policy_symbols, (int)new->sharing);
	pipeline_text(&p->pipeline, "lifetime");
	pipeline_number(&p->pipeline,
			new->grant_lifetime_max_ms == ABSENT ? 0 : new->grant_lifetime_max_ms);
}

static void append_rule(struct buffer *packed, const struct preference_rule *r)
{
	buffer_append_u8(packed, (uint8_t)r->channel);
	buffer_append_u8(packed, (uint8_t)r->kind);
	buffer_append_u8(packed, (uint8_t)r->category);
	buffer_append_u8(packed, r->on);
}

void projection_preferences(struct projection *p, const struct preferences_changed *old,
			    const struct preferences_changed *new)
{
	struct buffer packed;

	if (old && !new)
		delete_key(p, "prefs:", &old->user_id);
	if (!new)
		return;
	buffer_init(&packed);
	for (size_t i = 0; i < new->rule_count; i++)
		append_rule(&packed, &new->rules[i]);
	begin_command(p, "HSET", 4, "prefs:", &new->user_id);
	add_field(p, "rules", buffer_bytes(&packed));
	buffer_clear(&packed);
	for (size_t i = 0; i < new->muted_workspace_count; i++)
		buffer_append(&packed, new->muted_workspaces[i].bytes, sizeof(struct uuid));
	add_field(p, "muted", buffer_bytes(&packed));
	buffer_done(&packed);
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

void projection_clear(struct projection *p)
{
	pipeline_trim(&p->pipeline);
	buffer_trim(&p->members, PIPELINE_KEEP_BYTES);
}

int projection_write(struct index *ix, const struct projection *p, const struct mark *seen,
		     const struct mark *wanted, struct error *err)
{
	return index_write(ix, KEYS_DIRECTORY, seen, wanted, &p->pipeline, err);
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

/* False when the bytes are not memberships; *out is then untouched. */
static bool parse_memberships(struct user_changed *out, struct bytes packed, struct arena *arena)
{
	size_t count = packed.len / MEMBERSHIP_SIZE;
	struct membership *list;

	if (!packed.data || packed.len % MEMBERSHIP_SIZE)
		return false;
	list = arena_zalloc(arena, count + 1, sizeof(*list));
	for (size_t i = 0; i < count; i++) {
		const uint8_t *at = packed.data + i * MEMBERSHIP_SIZE;
		uint8_t role = at[MEMBERSHIP_SIZE - 1];

		if (role != 'a' && role != 'm')
			return false;
		memcpy(list[i].id.bytes, at, sizeof(struct uuid));
		list[i].role = role == 'a' ? ORGANIZATION_ADMIN : ORGANIZATION_MEMBER;
	}
	out->organizations = list;
	out->organization_count = count;
	return true;
}

/* A hash without fields is no key at all. */
static bool has_fields(const redisReply *hash)
{
	return hash->type == REDIS_REPLY_ARRAY && hash->elements >= 2;
}

enum entity_found directory_parse_user(struct user_changed *out, const struct uuid *id,
				       const struct redisReply *reply, struct arena *arena)
{
	struct user_changed u = { .id = *id };

	*out = u;
	if (!has_fields(reply))
		return ENTITY_MISSING;
	if (!reply_field(reply, "username").data || !reply_field(reply, "status").data ||
	    !parse_memberships(&u, reply_field(reply, "orgs"), arena))
		return ENTITY_DAMAGED;
	u.username = arena_copy(arena, reply_field(reply, "username"));
	u.name = arena_copy(arena, reply_field(reply, "name"));
	u.email = arena_copy(arena, reply_field(reply, "email"));
	u.status = (enum user_status)parse_symbol(reply, "status", user_status_symbols);
	u.kind = (enum user_kind)parse_symbol(reply, "kind", user_kind_symbols);
	u.site_role = (enum site_role)parse_symbol(reply, "site_role", site_role_symbols);
	*out = u;
	return ENTITY_FOUND;
}

enum entity_found directory_parse_group(struct group_changed *out, const struct uuid *id,
					const struct redisReply *reply, struct arena *arena)
{
	struct group_changed g = { .id = *id };

	*out = g;
	if (!has_fields(reply))
		return ENTITY_MISSING;
	if (!reply_field(reply, "name").data ||
	    !uuid_from_raw(&g.organization_id, reply_field(reply, "org")))
		return ENTITY_DAMAGED;
	g.name = arena_copy(arena, reply_field(reply, "name"));
	*out = g;
	return ENTITY_FOUND;
}

enum entity_found directory_parse_organization(struct organization_changed *out,
					       const struct uuid *id,
					       const struct redisReply *reply, struct arena *arena)
{
	struct organization_changed o = { .id = *id };

	*out = o;
	if (!has_fields(reply))
		return ENTITY_MISSING;
	if (!reply_field(reply, "name").data || !reply_field(reply, "sharing").data ||
	    !number_parse(reply_field(reply, "lifetime"), 0, INT64_MAX, &o.grant_lifetime_max_ms))
		return ENTITY_DAMAGED;
	if (!o.grant_lifetime_max_ms)
		o.grant_lifetime_max_ms = ABSENT;
	o.name = arena_copy(arena, reply_field(reply, "name"));
	o.sharing = (enum sharing_policy)parse_symbol(reply, "sharing", sharing_policy_symbols);
	*out = o;
	return ENTITY_FOUND;
}

/* False when a number stands for nothing. */
static bool parse_rule(struct preference_rule *r, const uint8_t at[static RULE_SIZE])
{
	if (at[0] > CHANNEL_EXEC || at[1] > NOTIFY_HANDOFF_EXPIRED || at[2] > CATEGORY_HANDOFF ||
	    at[3] > 1)
		return false;
	*r = (struct preference_rule){ (enum channel)at[0], (enum notification_kind)at[1],
				       (enum category)at[2], at[3] };
	return true;
}

static bool parse_rules(struct preferences_changed *out, struct bytes packed, struct arena *arena)
{
	size_t count = packed.len / RULE_SIZE;

	if (!packed.data || packed.len % RULE_SIZE)
		return false;
	out->rules = arena_zalloc(arena, count + 1, sizeof(*out->rules));
	out->rule_count = count;
	for (size_t i = 0; i < count; i++)
		if (!parse_rule(&out->rules[i], packed.data + i * RULE_SIZE))
			return false;
	return true;
}

static bool parse_muted(struct preferences_changed *out, struct bytes packed, struct arena *arena)
{
	size_t count = packed.len / sizeof(struct uuid);

	if (!packed.data || packed.len % sizeof(struct uuid))
		return false;
	out->muted_workspaces = arena_zalloc(arena, count + 1, sizeof(struct uuid));
	out->muted_workspace_count = count;
	if (count)
		memcpy(out->muted_workspaces, packed.data, packed.len);
	return true;
}

enum entity_found directory_parse_preferences(struct preferences_changed *out,
					      const struct uuid *user_id,
					      const struct redisReply *reply, struct arena *arena)
{
	struct preferences_changed p = { .user_id = *user_id };

	*out = p;
	if (!has_fields(reply))
		return ENTITY_MISSING;
	if (!parse_rules(&p, reply_field(reply, "rules"), arena) ||
	    !parse_muted(&p, reply_field(reply, "muted"), arena))
		return ENTITY_DAMAGED;
	*out = p;
	return ENTITY_FOUND;
}
