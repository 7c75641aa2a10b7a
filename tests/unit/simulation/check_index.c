/* Checks what Redis holds against the model. */

#include "tests/unit/simulation/check.h"

#include "cache/bearers.h"
#include "cache/handoff_layout.h"
#include "cache/keys.h"
#include "cache/layout.h"
#include "ops/support/number.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_MAX = 64, HEADER_FIELDS = 3 };

static int64_t highest_applied[PARTITIONS];
static bool damaged[PARTITIONS]; /* a key has vanished, and that has not been found yet */

void check_begin(void)
{
	memset(highest_applied, 0, sizeof(highest_applied));
	memset(damaged, 0, sizeof(damaged));
}

/* ---- Redis ---- */

static const struct keys *keys_of(int partition)
{
	static struct keys all[PARTITIONS];

	if (!all[partition].len)
		keys_init(&all[partition], "sb", partition);
	return &all[partition];
}

static const struct store_key *key_of(int partition, const char *kind, const struct uuid *id)
{
	const struct keys *keys = keys_of(partition);
	struct bytes after = bytes_of(kind);
	size_t len = keys->len + after.len;
	char name[KEY_MAX];

	memcpy(name, keys->base, keys->len);
	memcpy(name + keys->len, after.data, after.len);
	if (id) {
		memcpy(name + len, id->bytes, sizeof(id->bytes));
		len += sizeof(id->bytes);
	}
	return store_find((struct bytes){ (const uint8_t *)name, len }, false);
}

static int64_t number_of(struct bytes text)
{
	char digits[24] = "";

	if (!text.data)
		return -1;
	memcpy(digits, text.data, text.len < sizeof(digits) ? text.len : sizeof(digits) - 1);
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
			const struct model_grant *g, const struct uuid *owner)
{
	struct subject s = model_subject(subject);
	const struct grant grant = { s, g->role, g->by, g->at, g->expires_at };
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
	if (!bytes_equal(is, (struct bytes){ value, layout_grant_value(value, &grant, owner) }))
		broken_promise("Redis, partition %d: the grant of subject %d is not as it was "
			       "given",
			       partition, subject);
}

/* Reads so many remembered commands. Returns how many fields hold them and what is forgotten. */
static size_t read_recent(int partition, const struct store_key *k, int count, struct recent *out)
{
	struct bytes forgotten = store_get(k, bytes_of(LAYOUT_FORGOTTEN));
	int64_t field = 0;
	size_t fields = 0;

	if (forgotten.data && !layout_parse_forgotten(out, forgotten))
		broken_promise("Redis, partition %d: what is forgotten is broken", partition);
	for (field = layout_recent_field(out->first); recent_end(out) < out->first + count;
	     field++, fields++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%lld", (long long)field);
		if (!layout_parse_recent(out, field, store_get(k, bytes_of(name))))
			broken_promise("Redis, partition %d: the memory of commands lacks field %s",
				       partition, name);
	}
	return fields + (forgotten.data ? 1 : 0);
}

/* Checks the remembered commands, the oldest first. Returns how many fields hold them. */
static size_t check_recent(int partition, const struct store_key *k,
			   const struct model_workspace *w)
{
	struct recent is = { 0 };
	size_t fields = read_recent(partition, k, w->recent_count, &is);

	if (is.count != (size_t)w->recent_count || is.forgotten != w->forgotten)
		broken_promise("Redis, partition %d: %zu commands are remembered, not %d, and "
			       "those up to %lld are forgotten, not %lld",
			       partition, is.count, w->recent_count, (long long)is.forgotten,
			       (long long)w->forgotten);
	for (int i = 0; i < w->recent_count; i++)
		if (!uuid_equal(&is.list[i].id, &w->recent[i].id))
			broken_promise("Redis, partition %d: the memory of commands is wrong",
				       partition);
	recent_done(&is);
	return fields;
}

static void compare_handoff(int partition, const struct handoff *is, const struct model_handoff *h)
{
	struct subject to = model_subject(h->to);
	struct uuid accepter =
		h->accepter == NO_ONE ? (struct uuid){ { 0 } } : model_user(h->accepter);
	struct uuid author = model_user(h->author);

	if (is->state != h->state || is->step != h->step || !subject_equal(&is->to, &to) ||
	    !uuid_equal(&is->accepted_by, &accepter) || !uuid_equal(&is->offered_by.id, &author) ||
	    is->role != h->role || is->own_grant != h->own || is->expires_at != h->expires_at ||
	    !model_is_note(is->note, &h->note) ||
	    (h->own && (is->had_role != h->had_role || is->had_until != h->had_until)))
		broken_promise("Redis, partition %d: a handoff is not as it was left", partition);
}

/* Returns how many fields it has in its workspace. */
static size_t check_handoff(int partition, int workspace, const struct store_key *k,
			    const struct model_handoff *h)
{
	struct uuid id = model_handoff_id(partition, workspace);
	struct handoffs is = { 0 };
	uint8_t field[HANDOFF_FIELD_SIZE];
	struct bytes value;

	layout_handoff_field(field, &id);
	value = store_get(k, (struct bytes){ field, sizeof(field) });
	if (!value.data != !h->state)
		broken_promise("Redis, partition %d: a handoff is there or not, and should not be",
			       partition);
	if (!h->state)
		return 0;
	if (!layout_parse_handoff(&is, &id, value))
		broken_promise("Redis, partition %d: a handoff cannot be read", partition);
	compare_handoff(partition, &is.list[0], h);
	handoffs_done(&is);
	return 1;
}

/* What leads to the handoff. Returns how many keys it has accounted for. */
static size_t check_leading(int partition, int workspace, const struct model_handoff *h)
{
	struct uuid id = model_handoff_id(partition, workspace);
	struct uuid workspace_id = model_workspace_id(partition, workspace);
	const struct store_key *k = key_of(partition, "handoff:", &id);
	const char *state = layout_handoff_state(h->state);

	if (!h->state) {
		if (k && k->count)
			broken_promise("Redis, partition %d: a handoff that is over is led to",
				       partition);
		return 0;
	}
	if (!k || !bytes_equal_text(store_get(k, raw(&workspace_id)), state))
		broken_promise("Redis, partition %d: a handoff is not led to", partition);
	return 1;
}

/* The handoffs that wait for a subject. */
static size_t check_waiting(int partition, int subject, const struct model_workspace *all)
{
	struct subject s = model_subject(subject);
	const struct store_key *k = key_of(partition, layout_waiting_kind(s.kind), &s.id);
	size_t fields = 0;

	for (int i = 0; i < WORKSPACES; i++) {
		struct uuid id = model_handoff_id(partition, i);
		struct uuid workspace_id = model_workspace_id(partition, i);
		uint8_t entry[HANDOFF_ENTRY_SIZE];

		if (!all[i].handoff.state || model_holder(&all[i].handoff) != subject)
			continue;
		fields++;
		layout_handoff_entry(entry, &workspace_id, &id);
		if (!k || !bytes_equal_text(store_get(k, (struct bytes){ entry, sizeof(entry) }),
					    layout_handoff_state(all[i].handoff.state)))
			broken_promise("Redis, partition %d: a handoff does not wait for %d",
				       partition, subject);
	}
	if (k && k->count != fields)
		broken_promise("Redis, partition %d: %zu handoffs wait for subject %d, not %zu",
			       partition, k->count, subject, fields);
	return fields > 0;
}

static void check_header(int partition, const struct store_key *k, const struct model_workspace *w)
{
	const struct workspace wanted = {
		.organization_id = model_organization(),
		.owner_id = model_user(w->owner),
		.status = w->dormant ? WORKSPACE_DORMANT : WORKSPACE_ACTIVE,
	};
	uint8_t header[HEADER_VALUE_SIZE];

	layout_header_value(header, &wanted);
	expect_field(partition, k, LAYOUT_HEADER, (struct bytes){ header, sizeof(header) });
	expect_field(partition, k, LAYOUT_NAME, bytes_of(w->name));
}

/* The highest number of a command that is there, plus one. */
static int64_t commands_end(const struct store_key *k)
{
	int64_t end = 0;

	for (size_t i = 0; i < k->count; i++) {
		size_t commands = k->fields[i].value.len / RECENT_COMMAND_SIZE;
		int64_t field;

		if (!number_parse(k->fields[i].name, 0, INT32_MAX, &field))
			continue;
		if (field * RECENT_FIELD_COMMANDS + (int64_t)commands > end)
			end = field * RECENT_FIELD_COMMANDS + (int64_t)commands;
	}
	return end;
}

/* The version, and how much the workspace is said to hold. */
static void check_version(int partition, const struct store_key *k, const struct model_workspace *w)
{
	char wanted[VERSION_VALUE_MAX];
	int grants = 0;

	for (int s = 0; s < SUBJECTS; s++)
		grants += w->grants[s].role != ROLE_NONE;
	(void)snprintf(wanted, sizeof(wanted), "%lld %d %d %lld%s", (long long)w->version, grants,
		       w->handoff.state ? 1 : 0, (long long)commands_end(k),
		       w->forgotten ? " f" : "");
	expect_field(partition, k, LAYOUT_VERSION, bytes_of(wanted));
}

/* Returns how many keys it has accounted for, as do the next two. */
static size_t check_workspace(int partition, int workspace, const struct model_workspace *w)
{
	struct uuid id = model_workspace_id(partition, workspace);
	const struct store_key *k = key_of(partition, "ws:", &id);
	struct uuid owner = model_user(w->owner);
	size_t fields = HEADER_FIELDS;

	if (!w->registered) {
		if (k && k->count)
			broken_promise("Redis, partition %d: a deleted workspace is there",
				       partition);
		return 0;
	}
	check_header(partition, k, w);
	check_version(partition, k, w);
	for (int s = 0; s < SUBJECTS; s++) {
		check_grant(partition, k, s, &w->grants[s], &owner);
		fields += w->grants[s].role != ROLE_NONE;
	}
	fields += check_handoff(partition, workspace, k, &w->handoff);
	fields += check_recent(partition, k, w);
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

static bool is_bearer(const struct store_key *k, const char *name, const struct uuid *id)
{
	for (size_t i = 0; k && i < k->count; i++) {
		struct bytes found;
		struct uuid bearer;

		if (bearers_parse(k->fields[i].name, &found, &bearer) &&
		    bytes_equal_text(found, name) && uuid_equal(&bearer, id))
			return true;
	}
	return false;
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
		if (!is_bearer(k, all[i].name, &id))
			broken_promise("Redis, partition %d: user %d does not own %s", partition,
				       user, all[i].name);
	}
	if (k && k->count != fields)
		broken_promise("Redis, partition %d: user %d owns %zu names, not %zu", partition,
			       user, k->count, fields);
	return fields > 0;
}

/* Returns whether the handoff has to be in `due`. */
static bool check_handoff_due(int partition, int workspace, const struct store_key *k,
			      const struct model_handoff *h)
{
	struct uuid id = model_handoff_id(partition, workspace);
	struct uuid workspace_id = model_workspace_id(partition, workspace);
	uint8_t member[DUE_MEMBER_SIZE];

	if ((h->state != HANDOFF_OFFERED && h->state != HANDOFF_ACCEPTED) ||
	    h->expires_at == ABSENT)
		return false;
	layout_due_handoff(member, &workspace_id, &id);
	if (number_of(store_get(k, (struct bytes){ member, sizeof(member) })) != h->expires_at)
		broken_promise("Redis, partition %d: a handoff is not due when it should be",
			       partition);
	return true;
}

/* `due` must have each grant and handoff that expires, by its time, and nothing else. */
static void check_due(int partition, const struct model_workspace *all)
{
	const struct store_key *k = key_of(partition, "due", NULL);
	size_t count = 0;

	for (int i = 0; i < WORKSPACES; i++)
		count += check_handoff_due(partition, i, k, &all[i].handoff);

	for (int i = 0; i < WORKSPACES; i++)
		for (int s = 0; s < SUBJECTS; s++) {
			struct uuid id = model_workspace_id(partition, i);
			struct subject subject = model_subject(s);
			uint8_t member[DUE_MEMBER_SIZE];

			if (all[i].grants[s].expires_at == ABSENT)
				continue;
			count++;
			layout_due_member(member, &id, &subject);
			if (number_of(store_get(k, (struct bytes){ member, sizeof(member) })) !=
			    all[i].grants[s].expires_at)
				broken_promise("Redis, partition %d: the grant of subject %d is "
					       "not due when it should be",
					       partition, s);
		}
	if (k && k->count != count)
		broken_promise("Redis, partition %d: %zu grants are due, not %zu", partition,
			       k->count, count);
}

/* Keys of the partition but for the mark, the outcomes, what is unsent and what is due. */
static size_t count_keys(int partition)
{
	static const char *const others[] = { "mark", "unsent", "outcomes", "due" };
	const struct keys *keys = keys_of(partition);
	size_t count = 0;

	for (size_t i = 0; i < STORE_BUCKETS; i++)
		for (const struct store_key *k = store_bucket(i); k; k = k->next)
			count += k->count && k->name.len > keys->len &&
				 memcmp(k->name.data, keys->base, keys->len) == 0;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		const struct store_key *k = key_of(partition, others[i], NULL);

		count -= k && k->count;
	}
	return count;
}

static void check_counts(int partition, const struct store_key *mark,
			 const struct model_workspace *all)
{
	int64_t workspaces = 0;
	int64_t grants = 0;

	for (int i = 0; i < WORKSPACES; i++) {
		workspaces += all[i].registered;
		for (int s = 0; all[i].registered && s < SUBJECTS; s++)
			grants += all[i].grants[s].role != ROLE_NONE;
	}
	expect_number(partition, mark, "workspaces", workspaces);
	expect_number(partition, mark, "grants", grants);
}

/* Which log `applied` is in. */
static int64_t log_of(const struct store_key *mark)
{
	int64_t log = number_of(store_get(mark, bytes_of("log")));

	return log < 0 ? 0 : log;
}

static void check_partition(int partition)
{
	const struct store_key *mark = key_of(partition, "mark", NULL);
	int64_t applied = number_of(store_get(mark, bytes_of("applied")));
	int64_t log = log_of(mark);
	const struct model_workspace *all = model_after(partition, log, applied);
	size_t keys = 0;

	if (!bytes_equal_text(store_get(mark, bytes_of("state")), "ready")) {
		damaged[partition] = false; /* it is being rebuilt, or will be */
		return;
	}
	if (damaged[partition])
		return;
	if (!all)
		broken_promise("Redis, partition %d: %lld of %zu commands are applied", partition,
			       (long long)applied, model.count[partition]);
	if (log == model.log[partition] && applied > highest_applied[partition])
		highest_applied[partition] = applied;
	for (int i = 0; i < WORKSPACES; i++)
		keys += check_workspace(partition, i, &all[i]);
	for (int s = 0; s < SUBJECTS; s++)
		keys += check_subject(partition, s, all);
	for (int u = 0; u < USERS; u++)
		keys += check_owner(partition, u, all);
	for (int i = 0; i < WORKSPACES; i++)
		keys += check_leading(partition, i, &all[i].handoff);
	for (int s = 0; s < SUBJECTS; s++)
		keys += check_waiting(partition, s, all);
	check_due(partition, all);
	check_counts(partition, mark, all);
	if (count_keys(partition) != keys)
		broken_promise("Redis, partition %d: it has %zu keys, not %zu", partition,
			       count_keys(partition), keys);
}

/* Does the partition's owner have to notice that the key is gone? */
static bool is_missed(int partition, const struct store_key *k)
{
	static const char *const kinds[] = { "mark", "ws:",      "u:",  "g:", "o:",
					     "due",  "handoff:", "hu:", "hg:" };
	const struct keys *keys = keys_of(partition);

	if (!k->count || k->name.len < keys->len ||
	    memcmp(k->name.data, keys->base, keys->len) != 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (k->name.len - keys->len >= strlen(kinds[i]) &&
		    memcmp(k->name.data + keys->len, kinds[i], strlen(kinds[i])) == 0)
			return true;
	return false;
}

void check_lose_key(int partition)
{
	struct store_key *lost = NULL;
	unsigned count = 0;
	bool whole = draw(2);

	for (size_t i = 0; i < STORE_BUCKETS; i++)
		for (struct store_key *k = store_bucket(i); k; k = k->next)
			if (is_missed(partition, k) && !draw(++count))
				lost = k;
	if (!lost)
		return;
	if (lost == key_of(partition, "mark", NULL))
		whole = true; /* its owner may have written the field again */
	trace("      Redis loses %s of partition %d: %.*s", whole ? "a key" : "a field", partition,
	      (int)strcspn((const char *)lost->name.data, "}") + 4, (const char *)lost->name.data);
	if (whole)
		store_delete(lost);
	else
		(void)store_drop(lost, lost->fields[draw((unsigned)lost->count)].name);
	damaged[partition] = true;
}

void check_readers(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		check_partition(p);
}

void check_replace_log(int partition)
{
	highest_applied[partition] = 0;
}

void check_commit(const int64_t *offsets)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (offsets[p] > highest_applied[p])
			broken_promise("partition %d: outputs up to %lld are committed, but Redis "
				       "never had more than %lld",
				       p, (long long)offsets[p], (long long)highest_applied[p]);
}

/* ---- the end ---- */

bool is_partition_applied(int partition)
{
	const struct store_key *mark = key_of(partition, "mark", NULL);

	return !damaged[partition] && log_of(mark) == model.log[partition] &&
	       number_of(store_get(mark, bytes_of("applied"))) == model_end(partition) &&
	       bytes_equal_text(store_get(mark, bytes_of("state")), "ready");
}

bool is_index_settled(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		if (!is_partition_applied(p))
			return false;
	return true;
}

/* `unsent` may keep only what is committed, and by now everything is. */
static void check_unsent(int partition)
{
	const struct store_key *k = key_of(partition, "unsent", NULL);

	for (size_t i = 0; k && i < k->count; i++)
		if (number_of(k->fields[i].name) >= model_end(partition))
			broken_promise("Redis, partition %d: unsent has what is not committed",
				       partition);
}

void check_index(void)
{
	if (!is_index_settled())
		broken_promise("Redis is no longer at the end of the log");
	check_readers();
	for (int p = 0; p < PARTITIONS; p++)
		check_unsent(p);
}
