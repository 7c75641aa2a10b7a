#include "producer/operator/directory_report.h"

#include "ops/support/buffer.h"
#include "producer/cli/print.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 10 }; /* members that come, and that go, in one line */

/* ---- names ---- */

static struct bytes id_text(const struct uuid *id, struct arena *arena)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return arena_copy(arena, bytes_of(text));
}

/* A name that looks like an id would be taken for one, and "" for nothing. */
static bool is_usable(struct bytes name)
{
	struct uuid id;

	return name.len && uuid_parse(&id, name);
}

struct bytes directory_user_name(const struct directory_finder *names, const struct uuid *id,
				 struct arena *arena)
{
	const struct record *r = directory_find(names, DIRECTORY_USERS, id);

	if (r && r->as.user_changed.status != USER_DELETED &&
	    is_usable(r->as.user_changed.username))
		return r->as.user_changed.username;
	return id_text(id, arena);
}

struct bytes directory_organization_name(const struct directory_finder *names,
					 const struct uuid *id, struct arena *arena)
{
	const struct record *r = directory_find(names, DIRECTORY_ORGANIZATIONS, id);

	if (r && is_usable(r->as.organization_changed.name))
		return r->as.organization_changed.name;
	return id_text(id, arena);
}

/* ---- one change ---- */

/* A change on its way out. */
struct telling {
	const struct directory_change *change;
	const struct directory_finder *names;
	struct arena *arena;
};

/* For people, somebody who is deleted still has a name. */
static struct bytes person(const struct telling *t, const struct uuid *id)
{
	const struct record *r = directory_find(t->names, DIRECTORY_USERS, id);

	return r && r->as.user_changed.username.len ? r->as.user_changed.username
						    : id_text(id, t->arena);
}

static struct bytes joined(const struct telling *t, struct bytes parent, struct bytes name)
{
	return arena_printf(t->arena, "%.*s/%.*s", BYTES_ARG(parent), BYTES_ARG(name));
}

/* What an entity is called: "alice", "acme/contractor", "erin/dev". */
static struct bytes title(const struct telling *t, const struct record *r)
{
	switch (directory_kind(r)) {
	case DIRECTORY_ORGANIZATIONS:
		return r->as.organization_changed.name;
	case DIRECTORY_SWITCH:
		return bytes_of("");
	case DIRECTORY_USERS:
		return r->as.user_changed.username;
	case DIRECTORY_GROUPS:
		return joined(t,
			      directory_organization_name(
				      t->names, &r->as.group_changed.organization_id, t->arena),
			      r->as.group_changed.name);
	case DIRECTORY_WORKSPACES:
		return joined(t, person(t, &r->as.workspace_changed.owner_id),
			      r->as.workspace_changed.name);
	case DIRECTORY_KINDS:
		break;
	}
	return bytes_of("");
}

/* Of an entity that is renamed: what it was called. */
static const struct record *known_as(const struct directory_change *c)
{
	return c->old ? c->old : c->new;
}

static unsigned differences(const struct directory_change *c)
{
	return c->verb == DIRECTORY_CHANGE ? directory_differences(c->old, c->new) : 0;
}

/* The file's key for a difference; there may be several kinds to a bit. */
static const char *key_of(enum directory_kind kind, unsigned difference)
{
	switch ((enum directory_difference)difference) {
	case DIFFERS_NAME:
		return kind == DIRECTORY_USERS ? "username" : "name";
	case DIFFERS_ORGANIZATION:
		return "organization";
	case DIFFERS_SHARING:
		return kind == DIRECTORY_SWITCH ? "sharing_enabled" : "sharing";
	case DIFFERS_FULL_NAME:
		return "name";
	case DIFFERS_EMAIL:
		return "email";
	case DIFFERS_STATUS:
		return "status";
	case DIFFERS_KIND:
		return "kind";
	case DIFFERS_SITE_ROLE:
		return "site_role";
	case DIFFERS_MEMBERSHIPS:
		return "organizations";
	case DIFFERS_MEMBERS:
		return "members";
	case DIFFERS_OWNER:
		return "owner";
	}
	return "";
}

static struct bytes symbol(const char *const *symbols, int value)
{
	return bytes_of(symbol_name(symbols, value));
}

static struct bytes quoted(const struct telling *t, struct bytes text)
{
	return arena_printf(t->arena, "\"%.*s\"", BYTES_ARG(text));
}

static struct bytes organization_of(const struct telling *t, const struct record *r)
{
	const struct uuid *id = r->type == RECORD_GROUP_CHANGED
					? &r->as.group_changed.organization_id
					: &r->as.workspace_changed.organization_id;

	return directory_organization_name(t->names, id, t->arena);
}

static struct bytes sharing_of(const struct record *r)
{
	if (r->type == RECORD_DEPLOYMENT_CHANGED)
		return bytes_of(r->as.deployment_changed.sharing_enabled ? "true" : "false");
	return symbol(sharing_policy_symbols, (int)r->as.organization_changed.sharing);
}

static struct bytes status_of(const struct record *r)
{
	if (r->type == RECORD_USER_CHANGED)
		return symbol(user_status_symbols, (int)r->as.user_changed.status);
	return symbol(workspace_status_symbols, (int)r->as.workspace_changed.status);
}

/* The value of what differs, as people read it. Lists have none: see struct coming. */
static struct bytes value_of(const struct telling *t, const struct record *r, unsigned difference)
{
	switch ((enum directory_difference)difference) {
	case DIFFERS_NAME:
		return title(t, r);
	case DIFFERS_ORGANIZATION:
		return organization_of(t, r);
	case DIFFERS_SHARING:
		return sharing_of(r);
	case DIFFERS_FULL_NAME:
		return quoted(t, r->as.user_changed.name);
	case DIFFERS_EMAIL:
		return quoted(t, r->as.user_changed.email);
	case DIFFERS_STATUS:
		return status_of(r);
	case DIFFERS_KIND:
		return symbol(user_kind_symbols, (int)r->as.user_changed.kind);
	case DIFFERS_SITE_ROLE:
		return symbol(site_role_symbols, (int)r->as.user_changed.site_role);
	case DIFFERS_OWNER:
		return person(t, &r->as.workspace_changed.owner_id);
	case DIFFERS_MEMBERSHIPS:
	case DIFFERS_MEMBERS:
		break;
	}
	return bytes_of("");
}

/* ---- who comes and who goes ---- */

struct coming {
	struct bytes *list;
	size_t count;
};

/* Members of a, in order of their ids, that b lacks. */
static struct coming members_lacking(const struct telling *t, const struct group_changed *a,
				     const struct group_changed *b)
{
	struct coming out = { arena_alloc(t->arena, (a->member_count + 1) * sizeof(*out.list)), 0 };
	size_t at = 0;

	for (size_t i = 0; i < a->member_count; i++) {
		const struct uuid *id = &a->members[i];

		while (at < b->member_count && memcmp(&b->members[at], id, sizeof(*id)) < 0)
			at++;
		if (at == b->member_count || !uuid_equal(&b->members[at], id))
			out.list[out.count++] = person(t, id);
	}
	return out;
}

/* Memberships of a that b lacks or has with another role: "acme", "acme:admin". */
static struct coming memberships_lacking(const struct telling *t, const struct user_changed *a,
					 const struct user_changed *b)
{
	struct coming out = {
		arena_alloc(t->arena, (a->organization_count + 1) * sizeof(*out.list)), 0
	};

	for (size_t i = 0; i < a->organization_count; i++) {
		const struct membership *m = &a->organizations[i];
		const struct membership *other = user_membership(b, &m->id);
		struct bytes name = directory_organization_name(t->names, &m->id, t->arena);

		if (!other || other->role != m->role)
			out.list[out.count++] =
				arena_printf(t->arena, "%.*s%s", BYTES_ARG(name),
					     m->role == ORGANIZATION_ADMIN ? ":admin" : "");
	}
	return out;
}

/* What the second has and the first lacks, of a list that differs. */
static struct coming lacking(const struct telling *t, const struct record *first,
			     const struct record *second, unsigned difference)
{
	if (difference == DIFFERS_MEMBERS)
		return members_lacking(t, &second->as.group_changed, &first->as.group_changed);
	return memberships_lacking(t, &second->as.user_changed, &first->as.user_changed);
}

/* ---- lines ---- */

static void add_text(struct buffer *line, struct bytes text)
{
	buffer_append(line, text.data, text.len);
}

static void add_coming(struct buffer *line, const struct coming *c, const char *sign)
{
	char more[48];

	for (size_t i = 0; i < c->count && i < SHOWN; i++) {
		buffer_append_text(line, sign);
		add_text(line, c->list[i]);
	}
	(void)snprintf(more, sizeof(more), "%s… and %zu more", sign, c->count - SHOWN);
	if (c->count > SHOWN)
		buffer_append_text(line, more);
}

static void add_difference(const struct telling *t, struct buffer *line, unsigned difference)
{
	const struct directory_change *c = t->change;

	buffer_append_text(line, key_of(c->kind, difference));
	if (difference == DIFFERS_MEMBERS || difference == DIFFERS_MEMBERSHIPS) {
		struct coming in = lacking(t, c->old, c->new, difference);
		struct coming out = lacking(t, c->new, c->old, difference);

		add_coming(line, &in, " +");
		add_coming(line, &out, " -");
		return;
	}
	buffer_append_text(line, " ");
	add_text(line, value_of(t, c->old, difference));
	buffer_append_text(line, " -> ");
	add_text(line, value_of(t, c->new, difference));
}

static void print_change(const struct telling *t, struct buffer *line)
{
	static const char *const signs[] = {
		[DIRECTORY_CREATE] = "+ ", [DIRECTORY_CHANGE] = "~ ", [DIRECTORY_DELETE] = "- "
	};
	const struct directory_change *c = t->change;
	struct bytes name = title(t, known_as(c));
	const char *before = ": ";

	buffer_clear(line);
	buffer_append_text(line, signs[c->verb]);
	buffer_append_text(line, directory_kinds[c->kind].one);
	if (name.len)
		buffer_append_text(line, " ");
	add_text(line, name);
	for (unsigned rest = differences(c); rest; rest &= rest - 1) {
		buffer_append_text(line, before);
		add_difference(t, line, rest & -rest);
		before = ", ";
	}
	name = printable(buffer_bytes(line), t->arena);
	(void)printf("%.*s\n", BYTES_ARG(name));
}

void directory_report_lines(const struct directory_diff *d, const struct directory_finder *names)
{
	struct arena arena;
	struct buffer line;

	arena_init(&arena);
	buffer_init(&line);
	for (size_t i = 0; i < d->count; i++) {
		print_change(&(struct telling){ &d->list[i], names, &arena }, &line);
		arena_reset(&arena);
	}
	buffer_done(&line);
	arena_done(&arena);
}

/* ---- counts ---- */

void directory_report_counts(const struct directory_diff *d, bool pruned)
{
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		const struct directory_counts *c = &d->counts[kind];

		if (kind == DIRECTORY_SWITCH)
			continue;
		(void)printf("%s: %zu created, %zu changed, ", directory_kinds[kind].section,
			     c->created, c->changed);
		if (pruned)
			(void)printf("%zu deleted, ", c->deleted);
		(void)printf("%zu unchanged\n", c->unchanged);
	}
	if (d->counts[DIRECTORY_SWITCH].changed)
		(void)printf("%s: changed\n", directory_kinds[DIRECTORY_SWITCH].section);
}

/* ---- JSON ---- */

static json_t *coming_json(const struct coming *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->count; i++)
		(void)json_array_append_new(list, json_text(c->list[i]));
	return list;
}

static json_t *change_json(const struct telling *t)
{
	static const char *const verbs[] = { [DIRECTORY_CREATE] = "created",
					     [DIRECTORY_CHANGE] = "changed",
					     [DIRECTORY_DELETE] = "deleted" };
	const struct directory_change *c = t->change;
	struct coming in = { 0 };
	struct coming out = { 0 };
	json_t *differs = json_array();
	json_t *o = json_object();
	char id[UUID_TEXT_SIZE];

	for (unsigned rest = differences(c); rest; rest &= rest - 1) {
		unsigned one = rest & -rest;

		(void)json_array_append_new(differs, json_string(key_of(c->kind, one)));
		if (one == DIFFERS_MEMBERS || one == DIFFERS_MEMBERSHIPS) {
			in = lacking(t, c->old, c->new, one);
			out = lacking(t, c->new, c->old, one);
		}
	}
	uuid_format(id, directory_id(known_as(c)));
	(void)json_object_set_new(o, "change", json_string(verbs[c->verb]));
	(void)json_object_set_new(o, "kind", json_string(directory_kinds[c->kind].one));
	(void)json_object_set_new(o, "name", json_text(title(t, known_as(c))));
	(void)json_object_set_new(o, "id",
				  c->kind == DIRECTORY_SWITCH ? json_null() : json_string(id));
	(void)json_object_set_new(o, "differs", differs);
	(void)json_object_set_new(o, "added", coming_json(&in));
	(void)json_object_set_new(o, "removed", coming_json(&out));
	return o;
}

static void print_counts(const struct directory_diff *d)
{
	for (int kind = 0; kind < DIRECTORY_KINDS; kind++) {
		const struct directory_counts *c = &d->counts[kind];

		(void)printf("  \"%s\": {\"created\": %zu, \"changed\": %zu, \"deleted\": %zu, "
			     "\"unchanged\": %zu},\n",
			     directory_kinds[kind].section, c->created, c->changed, c->deleted,
			     c->unchanged);
	}
}

/* Change by change: there may be hundreds of thousands, and jansson would want room for all. */
void directory_report_json(const struct directory_diff *d, const struct directory_finder *names,
			   bool dry_run)
{
	struct arena arena;

	arena_init(&arena);
	(void)printf("{\n  \"dry_run\": %s,\n", dry_run ? "true" : "false");
	print_counts(d);
	(void)printf("  \"changes\": [");
	for (size_t i = 0; i < d->count; i++) {
		json_t *o = change_json(&(struct telling){ &d->list[i], names, &arena });

		(void)printf("%s\n    ", i ? "," : "");
		(void)json_dumpf(o, stdout, 0);
		json_decref(o);
		arena_reset(&arena);
	}
	(void)printf("%s]\n}\n", d->count ? "\n  " : "");
	arena_done(&arena);
}
