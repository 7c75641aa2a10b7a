#include "tests/unit/simulation/model.h"

#include "schemas/murmur2.h"
#include "tests/unit/simulation/memory.h"
#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/wrapped.h"

#include <assert.h>
#include <stdio.h>

enum { ORGANIZATION = 100, GROUP = 101, FIRST_TIME_MS = 1000, INPUTS_LEAST = 4, NO_ONE = -1 };

struct model model;

static struct directory *directory;
static struct codec *codec;
static struct arena arena;
static struct buffer scratch;
static struct uuid workspace_ids[PARTITIONS][WORKSPACES];
static const char *const usernames[USERS] = { "olivia", "bob", "carol", "dave" };
static const int members[] = { 1, 2 };

static struct uuid id_of(uint8_t kind, int number)
{
	struct uuid id = { { 0x01, 0x90, kind } };

	id.bytes[14] = (uint8_t)(number >> 8);
	id.bytes[15] = (uint8_t)number;
	return id;
}

struct uuid model_user(int user)
{
	return id_of(1, user + 1);
}

struct uuid model_organization(void)
{
	return id_of(1, ORGANIZATION);
}

struct subject model_subject(int subject)
{
	if (subject < USERS)
		return (struct subject){ SUBJECT_USER, model_user(subject) };
	return (struct subject){ SUBJECT_GROUP, id_of(1, GROUP) };
}

int model_user_of(const struct uuid *id)
{
	int user = id->bytes[15] - 1;
	struct uuid expected = model_user(user);

	return user >= 0 && user < USERS && uuid_equal(&expected, id) ? user : -1;
}

int model_subject_of(const struct subject *s)
{
	struct subject group = model_subject(USERS);

	if (s->kind == SUBJECT_GROUP)
		return uuid_equal(&s->id, &group.id) ? USERS : -1;
	return model_user_of(&s->id);
}

struct uuid model_workspace_id(int partition, int workspace)
{
	return workspace_ids[partition][workspace];
}

const struct directory *model_directory(void)
{
	return directory;
}

/* ---- one workspace by the rules ---- */

/* A command in the making. */
struct wish {
	int actor;
	int subject;
	enum role role; /* ROLE_NONE: remove */
	struct uuid command_id;
};

static bool is_member(int user)
{
	return user == members[0] || user == members[1];
}

static bool is_admin(const struct model_workspace *w, int user)
{
	return w->grants[user].role == ROLE_ADMIN ||
	       (is_member(user) && w->grants[USERS].role == ROLE_ADMIN);
}

static bool may(const struct model_workspace *w, const struct wish *c)
{
	bool owner = c->actor == w->owner;
	bool self = c->subject == c->actor;
	bool touches_admin = c->role == ROLE_ADMIN || w->grants[c->subject].role == ROLE_ADMIN;

	if (c->role == ROLE_NONE && self)
		return true;
	if (!owner && !is_admin(w, c->actor))
		return false;
	if (c->role != ROLE_NONE && (c->subject == w->owner || self))
		return false;
	return owner || !touches_admin;
}

static bool saw(const struct model_workspace *w, const struct uuid *command_id)
{
	for (int i = 0; i < w->recent_count; i++)
		if (uuid_equal(&w->recent[i], command_id))
			return true;
	return false;
}

static void remember(struct model_workspace *w, const struct uuid *command_id)
{
	if (w->recent_count == RECENT) {
		memmove(w->recent, w->recent + 1, (RECENT - 1) * sizeof(*w->recent));
		w->recent_count--;
	}
	w->recent[w->recent_count++] = *command_id;
}

static void tell(struct input *in, int user, int owner, int actor)
{
	if (user != owner && user != actor)
		in->told |= 1U << user;
}

/* The subject's role becomes another, by the actor or by a fact (NO_ONE). */
static void change(struct input *in, struct model_workspace *w, int subject, enum role role,
		   int actor)
{
	struct model_grant *g = &w->grants[subject];

	in->before[subject] = g->role;
	in->after[subject] = role;
	*g = role == ROLE_NONE ? (struct model_grant){ ROLE_NONE, { { 0 } }, 0 }
			       : (struct model_grant){ role, model_user(actor), in->time };
	if (subject < USERS)
		tell(in, subject, w->owner, actor);
	for (int i = 0; subject == USERS && i < 2; i++)
		tell(in, members[i], w->owner, actor);
	if (actor != NO_ONE && actor != w->owner)
		in->told |= 1U << w->owner;
}

static void apply_wish(struct input *in, struct model_workspace *w, const struct wish *c)
{
	if (w->registered && saw(w, &c->command_id))
		return;
	if (!w->registered || !may(w, c)) {
		in->event = EXPECT_REJECTED;
	} else if (w->grants[c->subject].role != c->role) {
		in->event = EXPECT_CHANGED;
		in->version = ++w->version;
		change(in, w, c->subject, c->role, c->actor);
	}
	if (w->registered)
		remember(w, &c->command_id);
}

static void apply_fact(struct input *in, struct model_workspace *w,
		       const struct model_workspace *fact)
{
	if (w->registered && w->owner == fact->owner && w->dormant == fact->dormant &&
	    strcmp(w->name, fact->name) == 0)
		return;
	w->registered = true;
	w->owner = fact->owner;
	w->dormant = fact->dormant;
	(void)snprintf(w->name, sizeof(w->name), "%s", fact->name);
	w->version++;
	if (w->grants[w->owner].role == ROLE_NONE)
		return;
	in->event = EXPECT_CHANGED;
	in->version = w->version;
	change(in, w, w->owner, ROLE_NONE, NO_ONE);
}

static void apply_deletion(struct input *in, struct model_workspace *w)
{
	int64_t version = w->version + 1;

	for (int s = 0; w->registered && s < SUBJECTS; s++) {
		if (w->grants[s].role == ROLE_NONE)
			continue;
		in->event = EXPECT_CHANGED;
		in->version = version;
		change(in, w, s, ROLE_NONE, NO_ONE);
	}
	*w = (struct model_workspace){ 0 };
}

/* ---- the records ---- */

static struct bytes id_text(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return world_copy(bytes_of(text));
}

static void write_record(struct input *in, const struct record *r)
{
	struct error err = { 0 };
	int rc;

	buffer_clear(&scratch);
	rc = codec_encode(codec, r, &scratch, &err);
	assert(!rc);
	in->value = world_copy(buffer_bytes(&scratch));
}

static struct command command_of(const struct wish *c, const struct uuid *id)
{
	return (struct command){ .command_id = c->command_id,
				 .issued_at = 1,
				 .actor = { model_user(c->actor), ACTOR_USER },
				 .workspace_id = *id,
				 .expected_version = ABSENT,
				 .directory_offset = ABSENT };
}

static void write_wish(struct input *in, const struct wish *c, const struct uuid *id)
{
	struct subject subject = model_subject(c->subject);
	struct grant_wish grant = { subject, c->role, ABSENT };
	struct record r = { .type = RECORD_SHARE_WORKSPACE };

	if (c->role == ROLE_NONE) {
		r.type = RECORD_REMOVE_SHARING;
		r.as.remove_sharing =
			(struct remove_sharing){ command_of(c, id), &subject, 1, REASON_COMMAND };
	} else {
		r.as.share_workspace =
			(struct share_workspace){ command_of(c, id), &grant, 1, { 0 } };
	}
	write_record(in, &r);
}

static void write_fact(struct input *in, const struct model_workspace *fact, const struct uuid *id)
{
	struct record r = { .type = RECORD_WORKSPACE_CHANGED };

	r.as.workspace_changed = (struct workspace_changed){
		.workspace_id = *id,
		.organization_id = model_organization(),
		.owner_id = model_user(fact->owner),
		.name = bytes_of(fact->name),
		.status = fact->dormant ? WORKSPACE_DORMANT : WORKSPACE_ACTIVE,
		.changed_at = 1,
	};
	write_record(in, &r);
}

static void write_deletion(struct input *in, const struct uuid *id)
{
	struct record r = { .type = RECORD_WORKSPACE_DELETED };

	r.as.workspace_deleted = (struct workspace_deleted){ *id, 1 };
	write_record(in, &r);
}

/* ---- drawing them ---- */

static enum role draw_role(void)
{
	static const enum role roles[] = { ROLE_USE, ROLE_USE, ROLE_ADMIN, ROLE_NONE };

	return roles[draw(4)];
}

/* The commands of a partition, to be sent again. */
struct history {
	struct wish wishes[INPUTS_MAX];
	int workspaces[INPUTS_MAX];
	size_t count;
};

static void add_wish(struct input *in, struct model_workspace *all, int partition,
		     struct history *h)
{
	bool again = h->count && chance(200);
	size_t i = again ? draw((unsigned)h->count) : h->count++;
	struct uuid id;

	if (!again) {
		h->wishes[i] = (struct wish){ (int)draw(USERS), (int)draw(SUBJECTS), draw_role(),
					      id_of(3, partition * INPUTS_MAX + (int)i + 1) };
		h->workspaces[i] = (int)draw(WORKSPACES);
		if (chance(600))
			h->wishes[i].actor = all[h->workspaces[i]].owner;
	}
	id = workspace_ids[partition][h->workspaces[i]];
	in->key = id_text(&id);
	write_wish(in, &h->wishes[i], &id);
	apply_wish(in, &all[h->workspaces[i]], &h->wishes[i]);
}

/* Workspaces have their own names, whoever owns them. */
static void add_fact(struct input *in, struct model_workspace *w, int partition, int workspace)
{
	struct uuid id = workspace_ids[partition][workspace];
	struct model_workspace fact = { .owner = (int)draw(2), .dormant = chance(200) };

	(void)snprintf(fact.name, sizeof(fact.name), "w%d%d%s", partition, workspace,
		       chance(300) ? "x" : "");
	in->key = id_text(&id);
	write_fact(in, &fact, &id);
	apply_fact(in, w, &fact);
}

static void add_deletion(struct input *in, struct model_workspace *w, int partition, int workspace)
{
	struct uuid id = workspace_ids[partition][workspace];

	in->key = id_text(&id);
	write_deletion(in, &id);
	apply_deletion(in, w);
}

static void add_garbage(struct input *in)
{
	in->key = world_copy(bytes_of("somebody"));
	in->value = world_copy(bytes_of("garbage"));
	in->event = EXPECT_DEAD_LETTER;
}

static void add_input(int partition, size_t offset, struct history *h)
{
	struct input *in = &model.inputs[partition][offset];
	struct model_workspace *all = model.after[partition][offset + 1];
	unsigned kind = draw(100);
	int workspace = (int)draw(WORKSPACES);
	char id[32];

	memcpy(all, model.after[partition][offset], sizeof(model.after[partition][offset]));
	(void)snprintf(id, sizeof(id), "c-%d-%zu", partition, offset);
	*in = (struct input){ .ce_id = world_copy(bytes_of(id)),
			      .time = FIRST_TIME_MS + (int64_t)offset };
	if (offset < WORKSPACES)
		add_fact(in, &all[offset], partition, (int)offset);
	else if (kind < 10)
		add_fact(in, &all[workspace], partition, workspace);
	else if (kind < 14)
		add_deletion(in, &all[workspace], partition, workspace);
	else if (kind < 18)
		add_garbage(in);
	else
		add_wish(in, all, partition, h);
}

void model_begin(void)
{
	for (int p = 0; p < PARTITIONS; p++) {
		struct history h = { .count = 0 };

		model.count[p] = INPUTS_LEAST + draw(INPUTS_MAX - INPUTS_LEAST + 1);
		memset(model.after[p][0], 0, sizeof(model.after[p][0]));
		for (size_t i = 0; i < model.count[p]; i++)
			add_input(p, i, &h);
	}
}

bool model_decode(struct bytes value, struct record *out)
{
	struct error err = { 0 };

	arena_reset(&arena);
	return !codec_decode(codec, value, &arena, out, &err);
}

/* ---- lifecycle ---- */

static void take(const struct record *fact)
{
	bool taken = directory_take(directory, fact, NULL);

	assert(taken);
}

static void fill_directory(void)
{
	struct membership home = { model_organization(), ORGANIZATION_MEMBER };
	struct uuid group[] = { model_user(members[0]), model_user(members[1]) };
	struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

	r.as.organization_changed =
		(struct organization_changed){ model_organization(), bytes_of("acme"),
					       SHARING_EVERYONE };
	take(&r);
	for (int i = 0; i < USERS; i++) {
		r.type = RECORD_USER_CHANGED;
		r.as.user_changed = (struct user_changed){
			.id = model_user(i),
			.username = bytes_of(usernames[i]),
			.name = bytes_of(""),
			.email = bytes_of("somebody@example.com"),
			.status = USER_ACTIVE,
			.kind = USER_PERSON,
			.site_role = SITE_MEMBER,
			.organizations = &home,
			.organization_count = 1,
		};
		take(&r);
	}
	r.type = RECORD_GROUP_CHANGED;
	r.as.group_changed = (struct group_changed){ id_of(1, GROUP), bytes_of("team"),
						     model_organization(), group, 2 };
	take(&r);
}

/* Ids that the partitioner sends where they are wanted. */
static void find_workspaces(void)
{
	int found[PARTITIONS] = { 0 };

	for (int i = 0; i < 1000; i++) {
		struct uuid id = id_of(2, i);
		char text[UUID_TEXT_SIZE];
		int p;

		uuid_format(text, &id);
		p = partition_of(bytes_of(text), PARTITIONS);
		if (found[p] < WORKSPACES)
			workspace_ids[p][found[p]++] = id;
	}
}

void model_open(void)
{
	struct error err = { 0 };
	int rc = __real_codec_new(&codec, &err);

	assert(!rc);
	directory = directory_new();
	arena_init(&arena);
	buffer_init(&scratch);
	fill_directory();
	find_workspaces();
}

void model_close(void)
{
	directory_free(&directory);
	arena_done(&arena);
	buffer_done(&scratch);
	__real_codec_free(&codec);
}
