#include "schemas/bounds.h"

#include "schemas/uuid.h"

enum {
	NUMBER_BYTES = 10, /* the longest varint */
	TEXT_ID_BYTES = UUID_TEXT_LEN + 1,
	FRAME_BYTES = 10,
	COUNT_BYTES = NUMBER_BYTES + 1, /* of an array: its length, and the 0 that ends it */
	/* Version, actor, command id, reason, changes, time, and the workspace but for its name. */
	EVENT_BYTES = FRAME_BYTES + 3 * TEXT_ID_BYTES + NUMBER_BYTES + NUMBER_BYTES +
		      TEXT_ID_BYTES + 1 + TEXT_ID_BYTES + 1 + 1 + COUNT_BYTES + NUMBER_BYTES,
	/* Workspace, status, version, grants, commands, offset. */
	STATE_BYTES = FRAME_BYTES + 3 * 16 + NUMBER_BYTES + 1 + NUMBER_BYTES + 2 * COUNT_BYTES +
		      2 * NUMBER_BYTES,
	COMMAND_MEMORY_MAX = 1000, /* ids that a state remembers, with a time each */
};

_Static_assert(TOPIC_BYTES_LARGE > EVENT_BYTES + NAME_BYTES_MAX + ENVELOPE_BYTES +
					   GRANTS_MAX * CHANGE_BYTES_MAX,
	       "sharing.events must take an event of GRANTS_MAX changes");
_Static_assert(TOPIC_BYTES_LARGE > STATE_BYTES + NAME_BYTES_MAX + ENVELOPE_BYTES +
					   GRANTS_MAX * GRANT_BYTES_MAX +
					   COMMAND_MEMORY_MAX * COMMAND_MEMORY_BYTES,
	       "sharing.grants must take a state of GRANTS_MAX grants");
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

int bounds_check_directory(const struct record *r, struct error *err)
{
	if (r->type == RECORD_USER_CHANGED)
		return check_user(&r->as.user_changed, err);
	if (r->type == RECORD_GROUP_CHANGED)
		return check_group(&r->as.group_changed, err);
	if (r->type == RECORD_ORGANIZATION_CHANGED)
		return check_text("the organization's name", r->as.organization_changed.name,
				  NAME_BYTES_MAX, err);
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
