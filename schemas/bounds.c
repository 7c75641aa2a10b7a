#include "schemas/bounds.h"

#include "schemas/preferences.h"
#include "schemas/uuid.h"

#include <string.h>

enum {
	NUMBER_BYTES = 10, /* the longest varint */
	TEXT_ID_BYTES = UUID_TEXT_LEN + 1,
	FRAME_BYTES = 10,
	COUNT_BYTES = NUMBER_BYTES + 1, /* of an array: its length, and the 0 that ends it */
	SIGNED_BY_BYTES = 1 + NUMBER_BYTES + KEY_ID_MAX,
	/*
	 * Version, actor, command id, reason, changes, who owned it, time, who signed
	 * it, and the workspace but for its name.
	 */
	EVENT_BYTES = FRAME_BYTES + 3 * TEXT_ID_BYTES + NUMBER_BYTES + NUMBER_BYTES +
		      TEXT_ID_BYTES + 1 + TEXT_ID_BYTES + 1 + 1 + COUNT_BYTES + 1 + TEXT_ID_BYTES +
		      NUMBER_BYTES + SIGNED_BY_BYTES,
	/* Workspace, status, version, grants, handoffs, commands, offset. */
	STATE_BYTES = FRAME_BYTES + 3 * 16 + NUMBER_BYTES + 1 + NUMBER_BYTES + 3 * COUNT_BYTES +
		      2 * NUMBER_BYTES,
	COMMAND_MEMORY_MAX = 1000, /* ids that a state remembers, with a time each */
};

_Static_assert(TOPIC_BYTES_LARGE > EVENT_BYTES + NAME_BYTES_MAX + ENVELOPE_BYTES +
					   GRANTS_MAX * CHANGE_BYTES_MAX,
	       "sharing.events must take an event of GRANTS_MAX changes");
_Static_assert(TOPIC_BYTES_LARGE > STATE_BYTES + NAME_BYTES_MAX + ENVELOPE_BYTES +
					   GRANTS_MAX * GRANT_BYTES_MAX +
					   COMMAND_MEMORY_MAX * COMMAND_MEMORY_BYTES +
					   HANDOFFS_MAX * (HANDOFF_BYTES + HANDOFF_TEXTS_MAX),
	       "sharing.grants must take a state of GRANTS_MAX grants and HANDOFFS_MAX handoffs");
_Static_assert(TOPIC_BYTES_PLAIN > HANDOFF_EVENT_BYTES + NAME_BYTES_MAX + ENVELOPE_BYTES +
					   2 * HANDOFF_TEXTS_MAX,
	       "sharing.handoffs must take any step of a handoff");
_Static_assert(TOPIC_BYTES_DIRECTORY > GROUP_MEMBERS_MAX * TEXT_ID_BYTES + 65536,
	       "sharing.directory must take a group of GROUP_MEMBERS_MAX");
_Static_assert(TOPIC_BYTES_PLAIN > DETAILS_MAX * (DETAIL_BYTES_MAX + NUMBER_BYTES) + 65536,
	       "a rejection must fit into any topic");
_Static_assert(TOPIC_BYTES_DEAD > COMMAND_BYTES_MAX + ENVELOPE_BYTES,
	       "sharing.deadletter must take the largest command");
_Static_assert(REDIS_VALUE_MAX > RUN_OUTPUTS_BYTES + COMMAND_OUTPUTS_MAX + TOPIC_BYTES_DEAD,
	       "Redis must take the outputs of a run");

/* ---- what comes in ---- */

bool bounds_time(int64_t ms)
{
	return ms >= 0 && ms <= TIME_MAX_MS;
}

static int check_time(const char *name, int64_t ms, struct error *err)
{
	if (bounds_time(ms))
		return 0;
	return error_set(err, ERROR_INPUT,
			 "%s is %lld, which is no time between 1970 and 9999 in milliseconds", name,
			 (long long)ms);
}

static int check_number(const char *name, int64_t value, struct error *err)
{
	if (value == ABSENT || value >= 0)
		return 0;
	return error_set(err, ERROR_INPUT, "%s is %lld; it must not be negative", name,
			 (long long)value);
}

static int check_text(const char *name, struct bytes text, size_t max, struct error *err)
{
	if (text.len <= max)
		return 0;
	return error_set(err, ERROR_INPUT, "%s has %zu bytes; at most %zu are allowed", name,
			 text.len, max);
}

static int check_count(const char *what, size_t count, size_t max, struct error *err)
{
	if (count <= max)
		return 0;
	return error_set(err, ERROR_INPUT, "it has %zu %s; at most %zu are allowed", count, what,
			 max);
}

static int check_wishes(const struct share_workspace *c, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->grant_count; i++)
		if (c->grants[i].expires_at != ABSENT)
			rc = check_time("expires_at", c->grants[i].expires_at, err);
	return rc;
}

/* ---- handoffs ---- */

static bool starts_with(struct bytes text, const char *prefix)
{
	size_t len = strlen(prefix);

	return text.len > len && memcmp(text.data, prefix, len) == 0;
}

/* An address that a program may show as a link: never a script, and nothing that ends a line. */
static int check_url(const char *name, struct bytes url, struct error *err)
{
	int rc = check_text(name, url, URL_BYTES_MAX, err);
	bool printable = true;

	for (size_t i = 0; i < url.len; i++)
		printable = printable && url.data[i] > ' ' && url.data[i] != 0x7f;
	if (rc || (printable && (starts_with(url, "https://") || starts_with(url, "http://"))))
		return rc;
	return error_set(err, ERROR_INPUT,
			 "%s must begin with https:// or http://, and have no spaces", name);
}

static int check_artifacts(const struct artifact *list, size_t count, struct error *err)
{
	int rc = check_count("artifacts", count, ARTIFACTS_MAX, err);

	for (size_t i = 0; !rc && i < count; i++) {
		rc = check_text("an artifact's name", list[i].name, NAME_BYTES_MAX, err);
		if (!rc && !list[i].name.len)
			rc = error_set(err, ERROR_INPUT, "an artifact has no name");
		if (!rc)
			rc = check_url("an artifact's url", list[i].url, err);
	}
	return rc;
}

static int check_task(const struct task *t, struct error *err)
{
	int rc = check_text("the task's id", t->id, TASK_ID_MAX, err);

	if (!rc && !t->id.len)
		rc = error_set(err, ERROR_INPUT, "the task has no id");
	return rc || !t->url.data ? rc : check_url("the task's url", t->url, err);
}

static int check_handoff_id(const struct uuid *id, struct error *err)
{
	return uuid_is_nil(id) ? error_set(err, ERROR_INPUT, "the handoff has no id") : 0;
}

static int check_offer(const struct handoff_offer *o, struct error *err)
{
	int rc = check_handoff_id(&o->handoff_id, err);

	if (!rc && !o->summary.len)
		rc = error_set(err, ERROR_INPUT, "the handoff has no summary");
	if (!rc)
		rc = check_text("the summary", o->summary, HANDOFF_TEXT_MAX, err);
	if (!rc)
		rc = check_text("the question", o->question, HANDOFF_TEXT_MAX, err);
	if (!rc)
		rc = check_text("the answer's schema", o->answer_schema, ANSWER_SCHEMA_MAX, err);
	if (!rc && o->expires_at != ABSENT)
		rc = check_time("the offer's expires_at", o->expires_at, err);
	if (!rc && o->task)
		rc = check_task(o->task, err);
	return rc ? rc : check_artifacts(o->artifacts, o->artifact_count, err);
}

static int check_answer(const struct answer_handoff *a, struct error *err)
{
	int rc = check_handoff_id(&a->handoff_id, err);

	if (!rc)
		rc = check_number("expected_step", a->expected_step, err);
	if (!rc)
		rc = check_text("the note", a->note, HANDOFF_TEXT_MAX, err);
	if (!rc && !a->to != (a->answer != ANSWER_REASSIGN))
		rc = error_set(err, ERROR_INPUT,
			       a->to ? "only a handoff that is reassigned names a recipient"
				     : "a handoff that is reassigned must name its recipient");
	return rc ? rc : check_artifacts(a->artifacts, a->artifact_count, err);
}

/* ---- records ---- */

int bounds_check_command(const struct record *r, struct error *err)
{
	const struct command *c = record_command(r);
	int rc = check_time("issued_at", c->issued_at, err);

	if (!rc)
		rc = check_number("expected_version", c->expected_version, err);
	if (!rc)
		rc = check_number("directory_offset", c->directory_offset, err);
	if (!rc && r->type == RECORD_SHARE_WORKSPACE)
		rc = check_wishes(&r->as.share_workspace, err);
	if (!rc && r->type == RECORD_SHARE_WORKSPACE && r->as.share_workspace.handoff)
		rc = check_offer(r->as.share_workspace.handoff, err);
	if (!rc && r->type == RECORD_ANSWER_HANDOFF)
		rc = check_answer(&r->as.answer_handoff, err);
	if (!rc && r->type == RECORD_REMOVE_SHARING)
		rc = check_count("subjects", r->as.remove_sharing.subject_count, GRANTS_MAX, err);
	return rc;
}

int bounds_check_fact(const struct record *r, struct error *err)
{
	const struct workspace_changed *w = &r->as.workspace_changed;
	int rc;

	if (r->type == RECORD_WORKSPACE_DELETED)
		return check_time("deleted_at", r->as.workspace_deleted.deleted_at, err);
	rc = check_text("the workspace's name", w->name, NAME_BYTES_MAX, err);
	return rc ? rc : check_time("changed_at", w->changed_at, err);
}

static int check_user(const struct user_changed *u, struct error *err)
{
	int rc = check_text("the username", u->username, NAME_BYTES_MAX, err);

	if (!rc)
		rc = check_text("the user's display name", u->name, TEXT_BYTES_MAX, err);
	if (!rc)
		rc = check_text("the user's address", u->email, TEXT_BYTES_MAX, err);
	return rc ? rc
		  : check_count("organizations", u->organization_count, USER_ORGANIZATIONS_MAX,
				err);
}

static int check_group(const struct group_changed *g, struct error *err)
{
	int rc = check_text("the group's name", g->name, NAME_BYTES_MAX, err);

	return rc ? rc : check_count("members", g->member_count, GROUP_MEMBERS_MAX, err);
}

static int check_organization(const struct organization_changed *o, struct error *err)
{
	int rc = check_text("the organization's name", o->name, NAME_BYTES_MAX, err);

	if (rc || o->grant_lifetime_max_ms == ABSENT ||
	    (o->grant_lifetime_max_ms > 0 && o->grant_lifetime_max_ms <= TIME_MAX_MS))
		return rc;
	return error_set(err, ERROR_INPUT,
			 "grant_lifetime_max_ms is %lld; it must be positive, and no longer than "
			 "the year 9999",
			 (long long)o->grant_lifetime_max_ms);
}

static int check_preferences(const struct preferences_changed *p, struct error *err)
{
	int rc = check_count("rules", p->rule_count, PREFERENCE_RULES_MAX, err);

	return rc ? rc
		  : check_count("muted workspaces", p->muted_workspace_count, MUTED_WORKSPACES_MAX,
				err);
}

bool bounds_delivery_id(struct bytes id)
{
	for (size_t i = 0; i < id.len; i++)
		if (id.data[i] <= ' ' || id.data[i] >= 0x7f || id.data[i] == '/')
			return false;
	return id.len > 0 && id.len <= DELIVERY_ID_MAX;
}

static int check_optional_time(const char *name, int64_t ms, struct error *err)
{
	return ms == ABSENT ? 0 : check_time(name, ms, err);
}

int bounds_check_delivery(const struct delivery *d, struct error *err)
{
	int rc = check_time("since", d->since, err);

	if (!bounds_delivery_id(d->id))
		return error_set(
			err, ERROR_INPUT,
			"its id is not of 1 to %d visible ASCII characters without a slash",
			DELIVERY_ID_MAX);
	if (d->attempts < 0 || d->attempts > ATTEMPTS_MAX)
		return error_set(err, ERROR_INPUT, "it has had %lld attempts; at most %d can be",
				 (long long)d->attempts, ATTEMPTS_MAX);
	if (!rc)
		rc = check_optional_time("next_at", d->next_at, err);
	return rc ? rc : check_optional_time("last_at", d->last_at, err);
}

int bounds_check_directory(const struct record *r, struct error *err)
{
	if (r->type == RECORD_USER_CHANGED)
		return check_user(&r->as.user_changed, err);
	if (r->type == RECORD_GROUP_CHANGED)
		return check_group(&r->as.group_changed, err);
	if (r->type == RECORD_PREFERENCES_CHANGED)
		return check_preferences(&r->as.preferences_changed, err);
	if (r->type == RECORD_ORGANIZATION_CHANGED)
		return check_organization(&r->as.organization_changed, err);
	return 0;
}

/* ---- what goes out ---- */

size_t bounds_event(size_t name_len, size_t changes)
{
	return EVENT_BYTES + name_len + changes * CHANGE_BYTES_MAX;
}

size_t bounds_state(size_t name_len, size_t grants, size_t commands)
{
	return STATE_BYTES + name_len + grants * GRANT_BYTES_MAX + commands * COMMAND_MEMORY_BYTES;
}

static size_t artifacts_bytes(const struct artifact *list, size_t count)
{
	size_t bytes = 0;

	for (size_t i = 0; i < count; i++)
		bytes += list[i].name.len + list[i].url.len + ARTIFACT_BYTES;
	return bytes;
}

static size_t task_bytes(const struct task *t)
{
	return t ? t->id.len + t->url.len : 0;
}

size_t bounds_handoff(const struct handoff *h)
{
	return HANDOFF_BYTES + h->summary.len + h->question.len + h->answer_schema.len +
	       h->note.len + task_bytes(h->task) + artifacts_bytes(h->artifacts, h->artifact_count);
}

size_t bounds_handoff_event(size_t name_len, const struct handoff_changed *h)
{
	return HANDOFF_EVENT_BYTES + name_len + h->summary.len + h->question.len + h->note.len +
	       h->answer_schema.len + task_bytes(h->task) +
	       artifacts_bytes(h->artifacts, h->artifact_count);
}
