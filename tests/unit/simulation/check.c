#include "tests/unit/simulation/check.h"

#include "cache/keys.h"
#include "cache/layout.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { OUTPUTS_MAX = 16, KEY_MAX = 64, HEADER_FIELDS = 5 };

static int64_t highest_applied[PARTITIONS];

void check_begin(void)
{
	memset(highest_applied, 0, sizeof(highest_applied));
}

/* ---- Redis ---- */

static const struct store_key *key_of(int partition, const char *kind, const struct uuid *id)
{
	uint8_t name[KEY_MAX];
	struct keys keys;
	size_t len;

	keys_init(&keys, "sb", partition);
	len = keys.len + strlen(kind);
	memcpy(name, keys.base, keys.len);
	memcpy(name + keys.len, kind, strlen(kind));
	if (id) {
		memcpy(name + len, id->bytes, sizeof(id->bytes));
		len += sizeof(id->bytes);
	}
	return store_find((struct bytes){ name, len }, false);
}

static int64_t number_of(struct bytes text)
{
	char digits[24] = "";

	if (!text.data)
		return -1;
	(void)snprintf(digits, sizeof(digits), "%.*s", (int)text.len, (const char *)text.data);
	return strtoll(digits, NULL, 10);
}

static struct bytes raw(const struct uuid *id)
{
	return (struct bytes){ id->bytes, sizeof(id->bytes) };
}

static void expect_field(int partition, const struct store_key *k, const char *field,
			 struct bytes value)
{
	struct bytes is = store_get(k, bytes_of(field));

	if (!is.data || !bytes_equal(is, value))
		broken_promise("Redis, partition %d: field %s of a workspace is wrong", partition,
			       field);
}

static void expect_number(int partition, const struct store_key *k, const char *field,
			  int64_t value)
{
	int64_t is = number_of(store_get(k, bytes_of(field)));

	if (is != value)
		broken_promise("Redis, partition %d: field %s is %lld, not %lld", partition, field,
			       (long long)is, (long long)value);
}

static void check_grant(int partition, const struct store_key *k, int subject,
			const struct model_grant *g)
{
	struct subject s = model_subject(subject);
	const struct grant grant = { s, g->role, g->by, g->at, ABSENT };
	uint8_t field[SUBJECT_FIELD_SIZE];
	uint8_t value[GRANT_VALUE_MAX];
	struct bytes is;

	layout_subject_field(field, &s);
	is = store_get(k, (struct bytes){ field, sizeof(field) });
	if (g->role == ROLE_NONE) {
		if (is.data)
			broken_promise("Redis, partition %d: subject %d has a grant that is gone",
				       partition, subject);
		return;
	}
	if (!bytes_equal(is, (struct bytes){ value, layout_grant_value(value, &grant) }))
		broken_promise("Redis, partition %d: the grant of subject %d is not as it was "
			       "given",
			       partition, subject);
}

/* The ring, read from its oldest place on. */
static void check_recent(int partition, const struct store_key *k, const struct model_workspace *w)
{
	int64_t next = w->recent_count ? number_of(store_get(k, bytes_of("c"))) : 0;
	int seen = 0;

	for (int i = 0; i < RECENT; i++) {
		unsigned place = (unsigned)(next + i) % RECENT;
		struct bytes is = store_get(k, bytes_of(layout_command_field(place)));

		if (!is.data)
			continue;
		if (seen >= w->recent_count || !bytes_equal(is, raw(&w->recent[seen])))
			broken_promise("Redis, partition %d: the memory of commands is wrong",
				       partition);
		seen++;
	}
	if (seen != w->recent_count)
		broken_promise("Redis, partition %d: %d commands are remembered, not %d", partition,
			       seen, w->recent_count);
}

/* Returns how many keys it accounts for. */
static size_t check_workspace(int partition, int workspace, const struct model_workspace *w)
{
	struct uuid id = model_workspace_id(partition, workspace);
	const struct store_key *k = key_of(partition, "ws:", &id);
	struct uuid organization = model_organization();
	struct uuid owner = model_user(w->owner);
	size_t fields = HEADER_FIELDS;

	if (!w->registered) {
		if (k && k->count)
			broken_promise("Redis, partition %d: a deleted workspace is there",
				       partition);
		return 0;
	}
	expect_field(partition, k, "org", raw(&organization));
	expect_field(partition, k, "owner", raw(&owner));
	expect_field(partition, k, "name", bytes_of(w->name));
	expect_field(partition, k, "status", bytes_of(w->dormant ? "dormant" : "active"));
	expect_number(partition, k, "ver", w->version);
	for (int s = 0; s < SUBJECTS; s++) {
		check_grant(partition, k, s, &w->grants[s]);
		fields += w->grants[s].role != ROLE_NONE;
	}
	check_recent(partition, k, w);
	fields += w->recent_count ? (size_t)w->recent_count + 1 : 0;
	if (k->count != fields)
		broken_promise("Redis, partition %d: a workspace has %zu fields, not %zu",
			       partition, k->count, fields);
	return 1;
}

/* The reverse index of one subject, and what a user owns. */
static size_t check_subject(int partition, int subject, const struct model_workspace *all)
{
	struct subject s = model_subject(subject);
	const struct store_key *k = key_of(partition, keys_subject_kind(s.kind), &s.id);
	size_t fields = 0;

	for (int i = 0; i < WORKSPACES; i++) {
		struct uuid id = model_workspace_id(partition, i);
		enum role role = all[i].grants[subject].role;

		if (layout_role(store_get(k, raw(&id))) != role)
			broken_promise("Redis, partition %d: the reverse index of subject %d is "
				       "wrong",
				       partition, subject);
		fields += role != ROLE_NONE;
	}
	if (k && k->count != fields)
		broken_promise("Redis, partition %d: subject %d has %zu workspaces, not %zu",
			       partition, subject, k->count, fields);
	return fields > 0;
}

static size_t check_owner(int partition, int user, const struct model_workspace *all)
{
	struct uuid owner = model_user(user);
	const struct store_key *k = key_of(partition, "o:", &owner);
	size_t fields = 0;

	for (int i = 0; i < WORKSPACES; i++) {
		struct uuid id = model_workspace_id(partition, i);

		if (!all[i].registered || all[i].owner != user)
			continue;
		fields++;
		if (!bytes_equal(store_get(k, bytes_of(all[i].name)), raw(&id)))
			broken_promise("Redis, partition %d: user %d does not own %s", partition,
				       user, all[i].name);
	}
	if (k && k->count != fields)
		broken_promise("Redis, partition %d: user %d owns %zu names, not %zu", partition,
			       user, k->count, fields);
	return fields > 0;
}

/* Keys of the partition but for the mark, the outcomes and what is unsent. */
static size_t count_keys(int partition)
{
	static const char *const others[] = { "mark", "unsent", "outcomes" };
	struct keys keys;
	size_t count = 0;

	keys_init(&keys, "sb", partition);
	for (size_t i = 0; i < STORE_BUCKETS; i++)
		for (const struct store_key *k = store_bucket(i); k; k = k->next)
			count += k->count && k->name.len > keys.len &&
				 memcmp(k->name.data, keys.base, keys.len) == 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct store_key *k = key_of(partition, others[i], NULL);

		count -= k && k->count;
	}
	return count;
}

static void check_partition(int partition)
{
	const struct store_key *mark = key_of(partition, "mark", NULL);
	int64_t applied = number_of(store_get(mark, bytes_of("applied")));
	const struct model_workspace *all;
	size_t keys = 0;

	if (!bytes_equal_text(store_get(mark, bytes_of("state")), "ready"))
		return;
	if (applied < 0 || applied > (int64_t)broker.visible[partition])
		broken_promise("Redis, partition %d: %lld of %zu commands are applied", partition,
			       (long long)applied, broker.visible[partition]);
	if (applied > highest_applied[partition])
		highest_applied[partition] = applied;
	all = model.after[partition][applied];
	for (int i = 0; i < WORKSPACES; i++)
		keys += check_workspace(partition, i, &all[i]);
	for (int s = 0; s < SUBJECTS; s++)
		keys += check_subject(partition, s, all);
	for (int u = 0; u < USERS; u++)
		keys += check_owner(partition, u, all);
	if (count_keys(partition) != keys)
		broken_promise("Redis, partition %d: it has %zu keys, not %zu", partition,
			       count_keys(partition), keys);
}

void check_readers(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		check_partition(p);
}

void check_commit(const int64_t *offsets)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (offsets[p] > highest_applied[p])
			broken_promise("partition %d: outputs up to %lld are committed, but Redis "
				       "never had more than %lld",
				       p, (long long)offsets[p], (long long)highest_applied[p]);
}

/* ---- the outputs ---- */

/* What has been seen of the outputs of one command. */
struct seen {
	bool n[OUTPUTS_MAX];
	bool event;
	unsigned told;
};

static struct seen seen[PARTITIONS][INPUTS_MAX];

static void check_changes(const struct logged *r, const struct input *in,
			  const struct sharing_changed *event)
{
	enum role after[SUBJECTS] = { ROLE_NONE };
	enum role before[SUBJECTS] = { ROLE_NONE };

	for (size_t i = 0; i < event->change_count; i++) {
		int subject = model_subject_of(&event->changes[i].subject);

		if (subject < 0)
			broken_promise("an event names a stranger");
		before[subject] = event->changes[i].before;
		after[subject] = event->changes[i].after;
	}
	if (event->version != in->version || memcmp(after, in->after, sizeof(after)) != 0 ||
	    memcmp(before, in->before, sizeof(before)) != 0)
		broken_promise("the event of %d-%lld says version %lld, not %lld, or other changes",
			       r->source_partition, (long long)r->source_offset,
			       (long long)event->version, (long long)in->version);
}

static void check_event(const struct logged *r, const struct input *in, struct seen *s)
{
	enum expected_event event =
		r->type == RECORD_SHARING_CHANGED ? EXPECT_CHANGED : EXPECT_REJECTED;
	struct record decoded;

	if (in->event != event || s->event)
		broken_promise("command %d-%lld has an event that it should not have",
			       r->source_partition, (long long)r->source_offset);
	s->event = true;
	if (!model_decode(r->value, &decoded) || decoded.type != r->type)
		broken_promise("an event cannot be read");
	if (event == EXPECT_CHANGED)
		check_changes(r, in, &decoded.as.sharing_changed);
}

static void check_notification(const struct logged *r, const struct input *in, struct seen *s)
{
	struct uuid id;
	int user = uuid_parse(&id, r->key) ? -1 : model_user_of(&id);

	if (user < 0 || !(in->told & 1U << user) || s->told & 1U << user)
		broken_promise("command %d-%lld tells user %d, who should not be told, or twice",
			       r->source_partition, (long long)r->source_offset, user);
	s->told |= 1U << user;
}

static void check_dead_letter(const struct logged *r, const struct input *in, struct seen *s)
{
	if (in->event != EXPECT_DEAD_LETTER || s->event)
		broken_promise("command %d-%lld has a dead letter that it should not have",
			       r->source_partition, (long long)r->source_offset);
	s->event = true;
}

static void check_output(enum topic topic, const struct logged *r)
{
	const struct input *in = &model.inputs[r->source_partition][r->source_offset];
	struct seen *s = &seen[r->source_partition][r->source_offset];

	if (r->n >= OUTPUTS_MAX || s->n[r->n])
		broken_promise("%s has %d-%lld-%u twice", topic_name(topic), r->source_partition,
			       (long long)r->source_offset, r->n);
	s->n[r->n] = true;
	if (topic == TOPIC_EVENTS)
		check_event(r, in, s);
	else if (topic == TOPIC_NOTIFICATIONS)
		check_notification(r, in, s);
	else if (topic == TOPIC_DEADLETTER)
		check_dead_letter(r, in, s);
}

/* All that a read_committed reader sees, each once, and of a source in its order. */
static void check_log(enum topic topic, int partition)
{
	const struct log *l = &broker.logs[topic][partition];
	int64_t last[PARTITIONS];

	for (int p = 0; p < PARTITIONS; p++)
		last[p] = -1;
	for (size_t i = 0; i < l->count; i++) {
		const struct logged *r = &l->list[i];

		if (!logged_is_visible(r))
			continue;
		check_output(topic, r);
		if (topic != TOPIC_GRANTS && r->source_offset < last[r->source_partition])
			broken_promise("%s partition %d: %d-%lld comes behind %lld",
				       topic_name(topic), partition, r->source_partition,
				       (long long)r->source_offset,
				       (long long)last[r->source_partition]);
		last[r->source_partition] = r->source_offset;
	}
}

static void check_nothing_lost(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		for (size_t i = 0; i < model.count[p]; i++) {
			const struct input *in = &model.inputs[p][i];
			const struct seen *s = &seen[p][i];

			if (s->event != (in->event != EXPECT_NOTHING))
				broken_promise("command %d-%zu has no event", p, i);
			if (s->told != in->told)
				broken_promise("command %d-%zu tells users %x, not %x", p, i,
					       s->told, in->told);
		}
}

/* ---- the changelog ---- */

static const struct logged *last_of(int partition, struct bytes key)
{
	const struct log *l = &broker.logs[TOPIC_GRANTS][partition];

	for (size_t i = l->count; i > 0; i--)
		if (logged_is_visible(&l->list[i - 1]) && bytes_equal(l->list[i - 1].key, key))
			return &l->list[i - 1];
	return NULL;
}

static void compare_state(int partition, const struct workspace_grants *g,
			  const struct model_workspace *w)
{
	struct uuid owner = model_user(w->owner);
	size_t grants = 0;

	for (int s = 0; s < SUBJECTS; s++)
		grants += w->grants[s].role != ROLE_NONE;
	for (size_t i = 0; i < g->grant_count; i++) {
		int s = model_subject_of(&g->grants[i].subject);

		if (s < 0 || g->grants[i].role != w->grants[s].role)
			broken_promise("changelog %d: a grant is wrong", partition);
	}
	if (g->version != w->version || g->grant_count != grants ||
	    g->recent_command_count != (size_t)w->recent_count ||
	    !uuid_equal(&g->workspace.owner_id, &owner) ||
	    !bytes_equal_text(g->workspace.name, w->name))
		broken_promise("changelog %d: a workspace is not as it should be: version %lld, "
			       "not %lld",
			       partition, (long long)g->version, (long long)w->version);
}

static void check_state(int partition, int workspace)
{
	const struct model_workspace *w =
		&model.after[partition][model.count[partition]][workspace];
	struct uuid id = model_workspace_id(partition, workspace);
	char text[UUID_TEXT_SIZE];
	const struct logged *last;
	struct record r;

	uuid_format(text, &id);
	last = last_of(partition, bytes_of(text));
	if (!w->registered) {
		if (last && last->value.data)
			broken_promise("changelog %d: a deleted workspace is there", partition);
		return;
	}
	if (!last || !last->value.data || !model_decode(last->value, &r) ||
	    r.type != RECORD_WORKSPACE_GRANTS)
		broken_promise("changelog %d: a workspace is missing", partition);
	compare_state(partition, &r.as.workspace_grants, w);
}

static void check_progress(int partition)
{
	const struct logged *last = last_of(partition, bytes_of(PROGRESS_KEY));
	struct record r;

	if (!last || !model_decode(last->value, &r) || r.type != RECORD_PROGRESS ||
	    r.as.progress.applied != (int64_t)model.count[partition])
		broken_promise("changelog %d: its progress is not the log's end", partition);
}

/* ---- the end ---- */

static bool is_partition_settled(int p)
{
	const struct store_key *mark = key_of(p, "mark", NULL);
	int64_t end = (int64_t)model.count[p];

	return broker.committed[p] == end &&
	       number_of(store_get(mark, bytes_of("applied"))) == end &&
	       bytes_equal_text(store_get(mark, bytes_of("state")), "ready");
}

bool is_settled(void)
{
	for (const struct transaction *t = broker.transactions; t; t = t->next)
		if (t->state != TRANSACTION_ENDED)
			return false;
	for (int p = 0; p < PARTITIONS; p++)
		if (!is_partition_settled(p))
			return false;
	return !broker.preparing;
}

static void check_unsent(int partition)
{
	const struct store_key *k = key_of(partition, "unsent", NULL);

	for (size_t i = 0; k && i < k->count; i++)
		if (number_of(k->fields[i].name) >= broker.committed[partition])
			broken_promise("Redis, partition %d: unsent has what is not committed",
				       partition);
}

void check_end(void)
{
	memset(seen, 0, sizeof(seen));
	for (int t = 0; t < TOPIC_COUNT; t++)
		for (int p = 0; p < PARTITIONS; p++)
			check_log((enum topic)t, p);
	check_nothing_lost();
	for (int p = 0; p < PARTITIONS; p++) {
		check_partition(p);
		check_unsent(p);
		check_progress(p);
		for (int i = 0; i < WORKSPACES; i++)
			check_state(p, i);
	}
}
