#include "cache/inspect.h"

#include "cache/bearers.h"
#include "cache/handoff_layout.h"
#include "cache/layout.h"
#include "cache/redis.h"

#include <assert.h>
#include <hiredis/hiredis.h>

enum {
	GRANTS_LOOKED_AT = 2000, /* of one workspace at a time: some milliseconds of Redis' time */
	ENTRIES_LOOKED_AT = 500, /* of one key of the reverse index or of an owner; any of them */
};

static const struct kind {
	const char *name;
	const char *type; /* what TYPE says */
	const char *size; /* the command that counts its entries, or gets them */
	bool has_id;
} kinds[] = {
	[KEY_WORKSPACE] = { "ws:", "hash", "HGETALL", true },
	[KEY_USER] = { "u:", "hash", "HLEN", true },
	[KEY_GROUP] = { "g:", "hash", "HLEN", true },
	[KEY_OWNER] = { "o:", "zset", "ZCARD", true },
	[KEY_HANDOFF] = { "handoff:", "hash", "HLEN", true },
	[KEY_WAITING_USER] = { "hu:", "hash", "HLEN", true },
	[KEY_WAITING_GROUP] = { "hg:", "hash", "HLEN", true },
	[KEY_DUE] = { "due", "zset", "ZCARD", false },
	[KEY_OUTCOMES] = { "outcomes", "stream", "XLEN", false },
	[KEY_UNSENT] = { "unsent", "hash", "HLEN", false },
};
enum { KIND_COUNT = sizeof(kinds) / sizeof(kinds[0]) };

/* ---- finding keys ---- */

/* Sets *out from what follows the base of a partition's keys. */
static bool parse_kind(struct found_key *out, struct bytes rest)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		size_t len = strlen(kinds[i].name);
		struct bytes id;

		if (rest.len < len || memcmp(rest.data, kinds[i].name, len) != 0)
			continue;
		id = (struct bytes){ rest.data + len, rest.len - len };
		out->kind = (enum key_kind)i;
		out->id = (struct uuid){ 0 };
		return kinds[i].has_id ? uuid_from_raw(&out->id, id) : !id.len;
	}
	return false;
}

static bool parse_key(struct found_key *out, const struct keys *any, struct bytes key)
{
	struct bytes rest;

	return keys_parse_partition(any, key, &out->partition, &rest) && parse_kind(out, rest);
}

int inspect_scan(struct index *ix, const struct index_part *of, uint64_t *cursor,
		 struct found_keys *out, struct arena *arena, struct error *err)
{
	const redisReply *found;
	int rc = index_scan(ix, "{*", of, cursor, &found, err);

	if (rc)
		return rc;
	out->list = arena_alloc(arena, (found->elements + 1) * sizeof(*out->list));
	out->count = 0;
	for (size_t i = 0; i < found->elements; i++)
		out->count += parse_key(&out->list[out->count], index_keys(ix, 0),
					reply_bytes(found->element[i]));
	return 0;
}

/* ---- looking at keys ---- */

/* The keys of one call, and what is known of each. */
struct inspecting {
	struct index *ix;
	const struct mark *ours;
	int partition;
	const struct found_key *list;
	size_t count;
	unsigned round;
	struct holdings *sum;
	struct arena *arena;
	bool *there;                  /* each key: it exists */
	struct workspace *workspaces; /* of keys of that kind */
	struct entry *entries;        /* of keys of the kinds that lead to workspaces */
	size_t entry_count;
	size_t entry_cap;
};

/* An entry of a key that leads to a workspace. */
struct entry {
	const struct found_key *key;
	struct uuid workspace_id;
	struct uuid handoff_id; /* nil, unless it is about one */
};

/* Do the entries of such a key lead to workspaces? Those of an owner are bearers of names. */
static bool leads_to_workspaces(enum key_kind kind)
{
	return kind != KEY_WORKSPACE && kinds[kind].has_id;
}

static void append_key(struct inspecting *in, struct pipeline *p, const char *verb,
		       size_t arguments, const struct found_key *key)
{
	const struct kind *kind = &kinds[key->kind];

	pipeline_command(p, 2 + arguments);
	pipeline_text(p, verb);
	pipeline_key(p, index_keys(in->ix, in->partition), kind->name,
		     kind->has_id ? &key->id : NULL);
}

/* Fails because of a key: "the key sb:{3}:ws: of 0190… in Redis at … is missing". */
static int fail_damaged(const struct inspecting *in, enum key_kind kind, const struct uuid *id,
			const char *how, struct error *err)
{
	char text[UUID_TEXT_SIZE] = "";

	if (kinds[kind].has_id)
		uuid_format(text, id);
	return error_set(err, ERROR_DAMAGED, "the key %s%s%s%s in Redis at %s %s",
			 index_keys(in->ix, in->partition)->base, kinds[kind].name,
			 *text ? " of " : "", text, index_address(in->ix), how);
}

static int look_at_types(struct inspecting *in, struct error *err)
{
	struct pipeline *p = index_begin(in->ix);
	const struct replies *replies;
	int rc;

	for (size_t i = 0; i < in->count; i++)
		append_key(in, p, "TYPE", 0, &in->list[i]);
	rc = index_ask_owned(in->ix, in->partition, in->ours, &replies, err);
	for (size_t i = 0; !rc && i < in->count; i++) {
		const struct found_key *key = &in->list[i];
		struct bytes type = reply_bytes(replies->list[i]);

		in->there[i] = !bytes_equal_text(type, "none");
		if (in->there[i] && !bytes_equal_text(type, kinds[key->kind].type))
			rc = fail_damaged(in, key->kind, &key->id, "is of another type", err);
	}
	return rc;
}

/* ---- what the keys hold ---- */

static int take_workspace(struct inspecting *in, size_t i, const redisReply *reply,
			  struct error *err)
{
	struct workspace *w = &in->workspaces[i];

	if (!layout_parse_workspace(w, reply))
		return fail_damaged(in, KEY_WORKSPACE, &w->id, "cannot be read", err);
	in->sum->workspaces += w->registered;
	in->sum->grants += (int64_t)w->grant_count;
	for (size_t g = 0; g < w->grant_count; g++)
		in->sum->expiring += w->grants[g].expires_at != ABSENT;
	for (size_t h = 0; h < w->handoffs.count; h++)
		in->sum->expiring += handoff_end(&w->handoffs.list[h]) != ABSENT;
	return 0;
}

/* Any entries: another pass finds others. */
static void append_entries(struct inspecting *in, struct pipeline *p, const struct found_key *key)
{
	append_key(in, p, key->kind == KEY_OWNER ? "ZRANDMEMBER" : "HRANDFIELD", 1, key);
	pipeline_number(p, ENTRIES_LOOKED_AT);
}

static bool parse_entry(struct entry *out, const struct found_key *key, struct bytes entry)
{
	struct bytes name;

	if (key->kind == KEY_OWNER)
		return bearers_parse(entry, &name, &out->workspace_id);
	if (key->kind == KEY_WAITING_USER || key->kind == KEY_WAITING_GROUP)
		return layout_parse_handoff_entry(&out->workspace_id, &out->handoff_id, entry);
	if (key->kind == KEY_HANDOFF)
		out->handoff_id = key->id;
	return uuid_from_raw(&out->workspace_id, entry);
}

static int take_entries(struct inspecting *in, size_t i, const redisReply *reply, struct error *err)
{
	const struct found_key *key = &in->list[i];

	for (size_t f = 0; f < reply->elements; f++) {
		struct entry e = { .key = key };

		if (!parse_entry(&e, key, reply_bytes(reply->element[f])))
			return fail_damaged(in, key->kind, &key->id, "cannot be read", err);
		in->entries = arena_grow(in->arena, in->entries, &in->entry_cap,
					 in->entry_count + 1, sizeof(*in->entries));
		in->entries[in->entry_count++] = e;
	}
	return 0;
}

static int take_contents(struct inspecting *in, size_t i, const redisReply *reply,
			 struct error *err)
{
	switch (in->list[i].kind) {
	case KEY_WORKSPACE:
		return take_workspace(in, i, reply, err);
	case KEY_USER:
	case KEY_GROUP:
		in->sum->shared += reply_number(reply, 0);
		return 0;
	case KEY_DUE:
		in->sum->due += reply_number(reply, 0);
		return 0;
	case KEY_OWNER:
	case KEY_HANDOFF:
	case KEY_WAITING_USER:
	case KEY_WAITING_GROUP:
	case KEY_OUTCOMES:
	case KEY_UNSENT:
		break;
	}
	return 0;
}

static int look_at_contents(struct inspecting *in, struct error *err)
{
	struct pipeline *p = index_begin(in->ix);
	const struct replies *replies;
	int rc;

	for (size_t i = 0; i < in->count; i++) {
		append_key(in, p, kinds[in->list[i].kind].size, 0, &in->list[i]);
		if (leads_to_workspaces(in->list[i].kind))
			append_entries(in, p, &in->list[i]);
	}
	rc = index_ask_owned(in->ix, in->partition, in->ours, &replies, err);
	for (size_t i = 0, at = 0; !rc && i < in->count; i++) {
		if (in->there[i])
			rc = take_contents(in, i, replies->list[at], err);
		at++;
		if (leads_to_workspaces(in->list[i].kind) && !rc)
			rc = take_entries(in, i, replies->list[at++], err);
	}
	return rc;
}

/* ---- what leads to a workspace, and from where ---- */

/* The grants of a workspace that are looked at: `count` of them, from `first` on, around the end. */
struct portion {
	size_t first;
	size_t count;
};

static struct portion portion_of(const struct inspecting *in, const struct workspace *w)
{
	struct portion p = { 0, w->grant_count };

	if (w->grant_count > GRANTS_LOOKED_AT)
		p = (struct portion){ (size_t)in->round * GRANTS_LOOKED_AT % w->grant_count,
				      GRANTS_LOOKED_AT };
	return p;
}

static const struct grant *grant_at(const struct workspace *w, struct portion p, size_t i)
{
	return &w->grants[(p.first + i) % w->grant_count];
}

static enum key_kind kind_of(const struct subject *s)
{
	return s->kind == SUBJECT_USER ? KEY_USER : KEY_GROUP;
}

static void append_grant(struct inspecting *in, struct pipeline *p, const struct workspace *w,
			 const struct grant *g)
{
	const struct found_key shared = { in->partition, kind_of(&g->subject), g->subject.id };
	const struct found_key due = { in->partition, KEY_DUE, { { 0 } } };
	uint8_t member[DUE_MEMBER_SIZE];

	append_key(in, p, "HGET", 1, &shared);
	pipeline_id(p, &w->id);
	if (g->expires_at == ABSENT)
		return;
	layout_due_member(member, &w->id, &g->subject);
	append_key(in, p, "ZSCORE", 1, &due);
	pipeline_bytes(p, (struct bytes){ member, sizeof(member) });
}

static struct found_key waiting_key(const struct inspecting *in, const struct handoff *h)
{
	const struct subject holder = handoff_holder(h);

	return (struct found_key){ in->partition,
				   holder.kind == SUBJECT_USER ? KEY_WAITING_USER
							       : KEY_WAITING_GROUP,
				   holder.id };
}

static void append_handoff(struct inspecting *in, struct pipeline *p, const struct workspace *w,
			   const struct handoff *h)
{
	const struct found_key handoff = { in->partition, KEY_HANDOFF, h->id };
	const struct found_key waiting = waiting_key(in, h);
	const struct found_key due = { in->partition, KEY_DUE, { { 0 } } };
	uint8_t entry[HANDOFF_ENTRY_SIZE];
	uint8_t member[DUE_MEMBER_SIZE];

	append_key(in, p, "HGET", 1, &handoff);
	pipeline_id(p, &w->id);
	layout_handoff_entry(entry, &w->id, &h->id);
	append_key(in, p, "HGET", 1, &waiting);
	pipeline_bytes(p, (struct bytes){ entry, sizeof(entry) });
	if (handoff_end(h) == ABSENT)
		return;
	layout_due_handoff(member, &w->id, &h->id);
	append_key(in, p, "ZSCORE", 1, &due);
	pipeline_bytes(p, (struct bytes){ member, sizeof(member) });
}

static void append_links(struct inspecting *in, struct pipeline *p, const struct workspace *w)
{
	struct portion portion = portion_of(in, w);

	bearers_ask_one(p, index_keys(in->ix, in->partition), kinds[KEY_OWNER].name, &w->owner_id,
			w->name, &w->id);
	for (size_t i = 0; i < portion.count; i++)
		append_grant(in, p, w, grant_at(w, portion, i));
	for (size_t i = 0; i < w->handoffs.count; i++)
		append_handoff(in, p, w, &w->handoffs.list[i]);
}

static int check_grant(const struct inspecting *in, const struct grant *g,
		       redisReply *const **reply, struct error *err)
{
	if (layout_role(reply_bytes(*(*reply)++)) != g->role)
		return fail_damaged(in, kind_of(&g->subject), &g->subject.id,
				    "lacks a grant, or has it with another role", err);
	if (g->expires_at != ABSENT && reply_number(*(*reply)++, ABSENT) != g->expires_at)
		return fail_damaged(in, KEY_DUE, NULL,
				    "lacks a grant that expires, or has it with another time", err);
	return 0;
}

static int check_handoff(const struct inspecting *in, const struct handoff *h,
			 redisReply *const **reply, struct error *err)
{
	const struct found_key waiting = waiting_key(in, h);
	const char *state = layout_handoff_state(h->state);

	if (!bytes_equal_text(reply_bytes(*(*reply)++), state))
		return fail_damaged(in, KEY_HANDOFF, &h->id,
				    "lacks a handoff, or has it with another state", err);
	if (!bytes_equal_text(reply_bytes(*(*reply)++), state))
		return fail_damaged(in, waiting.kind, &waiting.id,
				    "lacks a handoff, or has it with another state", err);
	if (handoff_end(h) != ABSENT && reply_number(*(*reply)++, ABSENT) != handoff_end(h))
		return fail_damaged(in, KEY_DUE, NULL,
				    "lacks a handoff that expires, or has it with another time",
				    err);
	return 0;
}

/* Checks the replies to append_links(), and moves *reply after them. */
static int check_links(const struct inspecting *in, const struct workspace *w,
		       redisReply *const **reply, struct error *err)
{
	struct portion portion = portion_of(in, w);
	int rc = 0;

	if (!reply_bytes(*(*reply)++).data)
		return fail_damaged(in, KEY_OWNER, &w->owner_id, "lacks a workspace", err);
	for (size_t i = 0; !rc && i < portion.count; i++)
		rc = check_grant(in, grant_at(w, portion, i), reply, err);
	for (size_t i = 0; !rc && i < w->handoffs.count; i++)
		rc = check_handoff(in, &w->handoffs.list[i], reply, err);
	return rc;
}

/* Asks whether the workspace of an entry has the grant or the handoff, or is there at all. */
static void append_entry(struct inspecting *in, struct pipeline *p, const struct entry *e)
{
	const struct found_key workspace = { in->partition, KEY_WORKSPACE, e->workspace_id };
	const struct subject s = { e->key->kind == KEY_GROUP ? SUBJECT_GROUP : SUBJECT_USER,
				   e->key->id };
	uint8_t field[SUBJECT_FIELD_SIZE];
	uint8_t handoff[HANDOFF_FIELD_SIZE];

	append_key(in, p, "HEXISTS", 1, &workspace);
	if (!uuid_is_nil(&e->handoff_id)) {
		layout_handoff_field(handoff, &e->handoff_id);
		pipeline_bytes(p, (struct bytes){ handoff, sizeof(handoff) });
		return;
	}
	if (e->key->kind == KEY_OWNER) {
		pipeline_text(p, LAYOUT_HEADER);
		return;
	}
	layout_subject_field(field, &s);
	pipeline_bytes(p, (struct bytes){ field, sizeof(field) });
}

static int look_at_entries(struct inspecting *in, struct error *err)
{
	struct pipeline *p = index_begin(in->ix);
	const struct replies *replies;
	int rc;

	for (size_t i = 0; i < in->entry_count; i++)
		append_entry(in, p, &in->entries[i]);
	if (!p->commands)
		return 0;
	rc = index_ask_owned(in->ix, in->partition, in->ours, &replies, err);
	for (size_t i = 0; !rc && i < in->entry_count; i++) {
		const struct entry *e = &in->entries[i];

		if (reply_number(replies->list[i], 0) == 0)
			rc = fail_damaged(in, KEY_WORKSPACE, &e->workspace_id,
					  e->key->kind == KEY_OWNER
						  ? "is missing"
						  : "is missing, or lacks a grant or a handoff",
					  err);
	}
	return rc;
}

static int look_at_links(struct inspecting *in, struct error *err)
{
	struct pipeline *p = index_begin(in->ix);
	const struct replies *replies;
	redisReply *const *reply;
	int rc;

	for (size_t i = 0; i < in->count; i++)
		if (in->workspaces[i].registered)
			append_links(in, p, &in->workspaces[i]);
	if (!p->commands)
		return 0;
	rc = index_ask_owned(in->ix, in->partition, in->ours, &replies, err);
	if (rc)
		return rc;
	reply = replies->list;
	for (size_t i = 0; !rc && i < in->count; i++)
		if (in->workspaces[i].registered)
			rc = check_links(in, &in->workspaces[i], &reply, err);
	return rc;
}

int inspect_keys(struct index *ix, const struct mark *ours, const struct inspect_piece *piece,
		 struct holdings *sum, struct arena *arena, struct error *err)
{
	const struct found_key *list = piece->list;
	size_t count = piece->count;
	struct inspecting in = { .ix = ix,
				 .ours = ours,
				 .partition = list[0].partition,
				 .list = list,
				 .count = count,
				 .round = piece->round,
				 .sum = sum,
				 .arena = arena,
				 .there = arena_zalloc(arena, count, sizeof(*in.there)),
				 .workspaces = arena_zalloc(arena, count, sizeof(*in.workspaces)) };
	int rc;

	for (size_t i = 0; i < count; i++) {
		assert(list[i].partition == in.partition);
		workspace_init(&in.workspaces[i], &list[i].id);
	}
	rc = look_at_types(&in, err);
	if (!rc)
		rc = look_at_contents(&in, err);
	if (!rc)
		rc = look_at_links(&in, err);
	if (!rc)
		rc = look_at_entries(&in, err);
	for (size_t i = 0; i < count; i++)
		workspace_done(&in.workspaces[i]);
	return rc;
}

enum inspection inspect_compare(const struct holdings *sum, const struct mark *mark)
{
	if (sum->workspaces < mark->workspaces || sum->grants < mark->grants ||
	    sum->shared < mark->grants)
		return INSPECTION_LOST;
	if (sum->workspaces > mark->workspaces || sum->grants > mark->grants ||
	    sum->shared > mark->grants || sum->due > sum->expiring)
		return INSPECTION_SURPLUS;
	return INSPECTION_GOOD;
}
