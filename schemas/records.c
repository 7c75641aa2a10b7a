/*
 * The tables that tie the C structs to the Avro records. Adding a field means
 * a line in the .avsc file, one in the struct and one here.
 */

#include "schemas/records.h"

#include <string.h>

const char *const actor_kind_symbols[] = { "user", "service_account", "agent", "system", NULL };
const char *const subject_kind_symbols[] = { "user", "group", NULL };
const char *const reason_symbols[] = { "command",       "expired",
				       "user_deleted",  "group_deleted",
				       "owner_changed", "workspace_deleted",
				       "handoff",       NULL };
const char *const workspace_status_symbols[] = { "active", "dormant", NULL };
const char *const user_status_symbols[] = { "active", "suspended", "deleted", NULL };
const char *const user_kind_symbols[] = { "user", "service_account", "agent", NULL };
const char *const site_role_symbols[] = { "member", "owner", NULL };
const char *const organization_role_symbols[] = { "member", "admin", NULL };
const char *const sharing_policy_symbols[] = { "everyone", "service_accounts", "none", NULL };
const char *const notification_kind_symbols[] = {
	"workspace_shared",  "role_changed",      "expiry_changed",    "access_removed",
	"access_expired",    "owner_notice",      "ownership_changed", "workspace_deleted",
	"handoff_offered",   "handoff_accepted",  "handoff_declined",  "handoff_returned",
	"handoff_completed", "handoff_withdrawn", "handoff_expired",   NULL
};
const char *const handoff_kind_symbols[] = { "review", "takeover", "input", NULL };
const char *const handoff_state_symbols[] = { "offered",   "accepted", "returned",  "declined",
					      "withdrawn", "expired",  "completed", NULL };
const char *const answer_symbols[] = { "accept",   "decline",  "return", "complete",
				       "reassign", "withdraw", "expire", NULL };
const char *const task_system_symbols[] = { "coder", "a2a", "mcp", "langgraph", "other", NULL };
const char *const channel_symbols[] = { "inbox", "mail", "webhook", "exec", NULL };
const char *const category_symbols[] = { "sharing", "handoff", NULL };
const char *const delivery_state_symbols[] = { "waiting", "dead", NULL };
const char *const endpoint_state_symbols[] = { "open", "disabled", NULL };

/* One macro for each kind of field. */
/* clang-format off */
#define AT(type, member) .name = #member, .offset = offsetof(struct type, member)
#define UUID(type, member) { AT(type, member), .kind = FIELD_UUID }
#define UUID_OPT(type, member) { AT(type, member), .kind = FIELD_UUID, .optional = true }
#define TEXT(type, member) { AT(type, member), .kind = FIELD_TEXT }
#define TEXT_OPT(type, member) { AT(type, member), .kind = FIELD_TEXT, .optional = true }
#define LONG(type, member) { AT(type, member), .kind = FIELD_LONG }
#define LONG_OPT(type, member) \
	{ AT(type, member), .kind = FIELD_LONG, .optional = true, .missing = ABSENT }
#define BOOL(type, member, fallback) { AT(type, member), .kind = FIELD_BOOL, .missing = (fallback) }
#define ENUM(type, member, names, fallback) \
	{ AT(type, member), .kind = FIELD_ENUM, .symbols = (names), .missing = (int)(fallback) }
#define ENUM_OPT(type, member, names) \
	{ AT(type, member), .kind = FIELD_ENUM, .symbols = (names), .optional = true }
#define RECORD(type, member, of) { AT(type, member), .kind = FIELD_RECORD, .shape = &(of) }
#define POINTER(type, member, of) \
	{ AT(type, member), .kind = FIELD_POINTER, .optional = true, .shape = &(of) }
#define ARRAY(type, member, count, what) \
	AT(type, member), .count_offset = offsetof(struct type, count), .kind = (what)
#define RECORDS(type, member, count, of) \
	{ ARRAY(type, member, count, FIELD_RECORDS), .shape = &(of) }
#define UUIDS(type, member, count) { ARRAY(type, member, count, FIELD_UUIDS) }
#define TEXTS(type, member, count) { ARRAY(type, member, count, FIELD_TEXTS) }
#define SHAPE(of) { of##_fields, sizeof(of##_fields) / sizeof(of##_fields[0]), sizeof(struct of) }
/* clang-format on */

static const struct field actor_fields[] = {
	UUID(actor, id),
	ENUM(actor, kind, actor_kind_symbols, 0),
};
static const struct record_shape actor_shape = SHAPE(actor);

static const struct field subject_fields[] = {
	ENUM(subject, kind, subject_kind_symbols, 0),
	UUID(subject, id),
};
static const struct record_shape subject_shape = SHAPE(subject);

static const struct field workspace_ref_fields[] = {
	UUID(workspace_ref, id),
	TEXT(workspace_ref, name),
	UUID(workspace_ref, owner_id),
	UUID(workspace_ref, organization_id),
};
static const struct record_shape workspace_ref_shape = SHAPE(workspace_ref);

static const struct field grant_wish_fields[] = {
	RECORD(grant_wish, subject, subject_shape),
	ENUM(grant_wish, role, role_symbols, 0),
	LONG_OPT(grant_wish, expires_at),
	BOOL(grant_wish, keep_expiry, false),
};
static const struct record_shape grant_wish_shape = SHAPE(grant_wish);

/* The fields of struct command, which is the first member of every command. */
#define COMMAND_FIELDS                                                                             \
	UUID(command, command_id), LONG(command, issued_at), RECORD(command, actor, actor_shape),  \
		UUID(command, workspace_id), LONG_OPT(command, expected_version),                  \
		LONG_OPT(command, directory_offset)

static const struct field task_fields[] = {
	ENUM(task, system, task_system_symbols, 0),
	TEXT(task, id),
	TEXT_OPT(task, url),
};
static const struct record_shape task_shape = SHAPE(task);

static const struct field artifact_fields[] = {
	TEXT(artifact, name),
	TEXT(artifact, url),
};
static const struct record_shape artifact_shape = SHAPE(artifact);

static const struct field handoff_offer_fields[] = {
	UUID(handoff_offer, handoff_id),
	ENUM(handoff_offer, kind, handoff_kind_symbols, 0),
	TEXT(handoff_offer, summary),
	TEXT_OPT(handoff_offer, question),
	POINTER(handoff_offer, task, task_shape),
	RECORDS(handoff_offer, artifacts, artifact_count, artifact_shape),
	TEXT_OPT(handoff_offer, answer_schema),
	LONG_OPT(handoff_offer, expires_at),
	LONG_OPT(handoff_offer, expected_step),
};
static const struct record_shape handoff_offer_shape = SHAPE(handoff_offer);

static const struct field share_workspace_fields[] = {
	COMMAND_FIELDS,
	RECORDS(share_workspace, grants, grant_count, grant_wish_shape),
	TEXT_OPT(share_workspace, message),
	POINTER(share_workspace, handoff, handoff_offer_shape),
};

static const struct field answer_handoff_fields[] = {
	COMMAND_FIELDS,
	UUID(answer_handoff, handoff_id),
	LONG_OPT(answer_handoff, expected_step),
	ENUM(answer_handoff, answer, answer_symbols, 0),
	TEXT_OPT(answer_handoff, note),
	RECORDS(answer_handoff, artifacts, artifact_count, artifact_shape),
	POINTER(answer_handoff, to, subject_shape),
};

static const struct field remove_sharing_fields[] = {
	COMMAND_FIELDS,
	RECORDS(remove_sharing, subjects, subject_count, subject_shape),
	ENUM(remove_sharing, reason, reason_symbols, REASON_COMMAND),
};

static const struct field workspace_changed_fields[] = {
	UUID(workspace_changed, workspace_id),
	UUID(workspace_changed, organization_id),
	UUID(workspace_changed, owner_id),
	TEXT(workspace_changed, name),
	ENUM(workspace_changed, status, workspace_status_symbols, WORKSPACE_ACTIVE),
	LONG(workspace_changed, changed_at),
};

static const struct field workspace_deleted_fields[] = {
	UUID(workspace_deleted, workspace_id),
	LONG(workspace_deleted, deleted_at),
};

static const struct field membership_fields[] = {
	UUID(membership, id),
	ENUM(membership, role, organization_role_symbols, ORGANIZATION_MEMBER),
};
static const struct record_shape membership_shape = SHAPE(membership);

static const struct field user_changed_fields[] = {
	UUID(user_changed, id),
	TEXT(user_changed, username),
	TEXT(user_changed, name),
	TEXT(user_changed, email),
	ENUM(user_changed, status, user_status_symbols, USER_ACTIVE),
	ENUM(user_changed, kind, user_kind_symbols, USER_PERSON),
	ENUM(user_changed, site_role, site_role_symbols, SITE_MEMBER),
	RECORDS(user_changed, organizations, organization_count, membership_shape),
};

static const struct field group_changed_fields[] = {
	UUID(group_changed, id),
	TEXT(group_changed, name),
	UUID(group_changed, organization_id),
	UUIDS(group_changed, members, member_count),
};

static const struct field organization_changed_fields[] = {
	UUID(organization_changed, id),
	TEXT(organization_changed, name),
	ENUM(organization_changed, sharing, sharing_policy_symbols, SHARING_EVERYONE),
	LONG_OPT(organization_changed, grant_lifetime_max_ms),
};

static const struct field deployment_changed_fields[] = {
	BOOL(deployment_changed, sharing_enabled, true),
};

static const struct field preference_rule_fields[] = {
	ENUM_OPT(preference_rule, channel, channel_symbols),
	ENUM_OPT(preference_rule, kind, notification_kind_symbols),
	ENUM_OPT(preference_rule, category, category_symbols),
	BOOL(preference_rule, on, false),
};
static const struct record_shape preference_rule_shape = SHAPE(preference_rule);

static const struct field preferences_changed_fields[] = {
	UUID(preferences_changed, user_id),
	RECORDS(preferences_changed, rules, rule_count, preference_rule_shape),
	UUIDS(preferences_changed, muted_workspaces, muted_workspace_count),
};

static const struct field change_fields[] = {
	RECORD(change, subject, subject_shape),
	ENUM_OPT(change, before, role_symbols),
	ENUM_OPT(change, after, role_symbols),
	LONG_OPT(change, expires_at),
};
static const struct record_shape change_shape = SHAPE(change);

static const struct field sharing_changed_fields[] = {
	RECORD(sharing_changed, workspace, workspace_ref_shape),
	LONG(sharing_changed, version),
	RECORD(sharing_changed, actor, actor_shape),
	UUID_OPT(sharing_changed, command_id),
	ENUM(sharing_changed, reason, reason_symbols, 0),
	RECORDS(sharing_changed, changes, change_count, change_shape),
	UUID_OPT(sharing_changed, previous_owner_id),
	LONG(sharing_changed, at),
	TEXT_OPT(sharing_changed, signed_by),
};

static const struct field command_rejected_fields[] = {
	UUID(command_rejected, command_id),   RECORD(command_rejected, actor, actor_shape),
	UUID(command_rejected, workspace_id), TEXT(command_rejected, code),
	TEXT(command_rejected, message),      TEXTS(command_rejected, details, detail_count),
	LONG(command_rejected, at),           TEXT_OPT(command_rejected, signed_by),
};

static const struct field notification_action_fields[] = {
	TEXT(notification_action, label),
	TEXT(notification_action, url),
};
static const struct record_shape notification_action_shape = SHAPE(notification_action);

static const struct field notification_fields[] = {
	UUID(notification, recipient_id),
	ENUM(notification, kind, notification_kind_symbols, 0),
	TEXT(notification, title),
	TEXT(notification, body),
	TEXT(notification, body_markdown),
	RECORDS(notification, actions, action_count, notification_action_shape),
	RECORD(notification, actor, actor_shape),
	RECORD(notification, workspace, workspace_ref_shape),
	UUID_OPT(notification, group_id),
	ENUM_OPT(notification, role, role_symbols),
	TEXT_OPT(notification, message),
	LONG_OPT(notification, expires_at),
	UUID_OPT(notification, handoff_id),
	LONG_OPT(notification, handoff_step),
	TEXT(notification, event_id),
	LONG(notification, at),
};
static const struct record_shape notification_shape = SHAPE(notification);

static const struct field handoff_changed_fields[] = {
	UUID(handoff_changed, handoff_id),
	LONG(handoff_changed, step),
	ENUM(handoff_changed, state, handoff_state_symbols, 0),
	ENUM_OPT(handoff_changed, previous, handoff_state_symbols),
	ENUM(handoff_changed, kind, handoff_kind_symbols, 0),
	RECORD(handoff_changed, workspace, workspace_ref_shape),
	RECORD(handoff_changed, offered_by, actor_shape),
	RECORD(handoff_changed, to, subject_shape),
	UUID_OPT(handoff_changed, accepted_by),
	RECORD(handoff_changed, actor, actor_shape),
	TEXT(handoff_changed, summary),
	TEXT_OPT(handoff_changed, question),
	POINTER(handoff_changed, task, task_shape),
	TEXT_OPT(handoff_changed, note),
	RECORDS(handoff_changed, artifacts, artifact_count, artifact_shape),
	TEXT_OPT(handoff_changed, answer_schema),
	ENUM(handoff_changed, role, role_symbols, 0),
	LONG_OPT(handoff_changed, expires_at),
	UUID_OPT(handoff_changed, command_id),
	LONG(handoff_changed, at),
	TEXT_OPT(handoff_changed, signed_by),
};
static const struct record_shape handoff_changed_shape = SHAPE(handoff_changed);

static const struct field delivery_fields[] = {
	TEXT(delivery, endpoint),
	TEXT(delivery, id),
	ENUM(delivery, state, delivery_state_symbols, 0),
	LONG(delivery, attempts),
	LONG_OPT(delivery, next_at),
	LONG_OPT(delivery, last_at),
	TEXT_OPT(delivery, last_error),
	LONG(delivery, since),
	POINTER(delivery, notification, notification_shape),
	POINTER(delivery, handoff, handoff_changed_shape),
};

static const struct field endpoint_changed_fields[] = {
	TEXT(endpoint_changed, endpoint),
	ENUM(endpoint_changed, state, endpoint_state_symbols, 0),
	TEXT_OPT(endpoint_changed, reason),
	LONG(endpoint_changed, since),
	BOOL(endpoint_changed, by_operator, false),
};

static const struct field grant_fields[] = {
	RECORD(grant, subject, subject_shape),
	ENUM(grant, role, role_symbols, 0),
	UUID(grant, granted_by),
	LONG(grant, granted_at),
	LONG_OPT(grant, expires_at),
};
static const struct record_shape grant_shape = SHAPE(grant);

static const struct field handoff_fields[] = {
	UUID(handoff, id),
	ENUM(handoff, kind, handoff_kind_symbols, 0),
	ENUM(handoff, state, handoff_state_symbols, 0),
	LONG(handoff, step),
	RECORD(handoff, offered_by, actor_shape),
	RECORD(handoff, to, subject_shape),
	UUID_OPT(handoff, accepted_by),
	ENUM(handoff, role, role_symbols, 0),
	BOOL(handoff, own_grant, false),
	ENUM_OPT(handoff, had_role, role_symbols),
	LONG_OPT(handoff, had_until),
	TEXT(handoff, summary),
	TEXT_OPT(handoff, question),
	POINTER(handoff, task, task_shape),
	RECORDS(handoff, artifacts, artifact_count, artifact_shape),
	TEXT_OPT(handoff, answer_schema),
	TEXT_OPT(handoff, note),
	LONG(handoff, offered_at),
	LONG_OPT(handoff, expires_at),
};
static const struct record_shape handoff_shape = SHAPE(handoff);

static const struct field recent_command_fields[] = {
	UUID(recent_command, id),
	LONG(recent_command, late_minutes),
};
static const struct record_shape recent_command_shape = SHAPE(recent_command);

static const struct field workspace_grants_fields[] = {
	RECORD(workspace_grants, workspace, workspace_ref_shape),
	ENUM(workspace_grants, status, workspace_status_symbols, WORKSPACE_ACTIVE),
	LONG(workspace_grants, version),
	RECORDS(workspace_grants, grants, grant_count, grant_shape),
	RECORDS(workspace_grants, handoffs, handoff_count, handoff_shape),
	RECORDS(workspace_grants, recent_commands, recent_command_count, recent_command_shape),
	LONG(workspace_grants, forgotten_until),
	LONG(workspace_grants, source_offset),
};

static const struct field progress_fields[] = {
	LONG(progress, applied),   LONG(progress, log),       LONG(progress, last_offset),
	LONG(progress, last_time), LONG(progress, last_hash),
};

static const struct {
	const char *name;
	const char *event_type;
	struct record_shape shape;
} records[RECORD_TYPE_COUNT] = {
	[RECORD_SHARE_WORKSPACE] = { "ShareWorkspace", "sharebus.share_workspace.v1",
				     SHAPE(share_workspace) },
	[RECORD_REMOVE_SHARING] = { "RemoveSharing", "sharebus.remove_sharing.v1",
				    SHAPE(remove_sharing) },
	[RECORD_ANSWER_HANDOFF] = { "AnswerHandoff", "sharebus.answer_handoff.v1",
				    SHAPE(answer_handoff) },
	[RECORD_WORKSPACE_CHANGED] = { "WorkspaceChanged", "sharebus.workspace_changed.v1",
				       SHAPE(workspace_changed) },
	[RECORD_WORKSPACE_DELETED] = { "WorkspaceDeleted", "sharebus.workspace_deleted.v1",
				       SHAPE(workspace_deleted) },
	[RECORD_USER_CHANGED] = { "UserChanged", "sharebus.user_changed.v1", SHAPE(user_changed) },
	[RECORD_GROUP_CHANGED] = { "GroupChanged", "sharebus.group_changed.v1",
				   SHAPE(group_changed) },
	[RECORD_ORGANIZATION_CHANGED] = { "OrganizationChanged", "sharebus.organization_changed.v1",
					  SHAPE(organization_changed) },
	[RECORD_DEPLOYMENT_CHANGED] = { "DeploymentChanged", "sharebus.deployment_changed.v1",
					SHAPE(deployment_changed) },
	[RECORD_PREFERENCES_CHANGED] = { "PreferencesChanged", "sharebus.preferences_changed.v1",
					 SHAPE(preferences_changed) },
	[RECORD_SHARING_CHANGED] = { "SharingChanged", "sharebus.sharing_changed.v1",
				     SHAPE(sharing_changed) },
	[RECORD_COMMAND_REJECTED] = { "CommandRejected", "sharebus.command_rejected.v1",
				      SHAPE(command_rejected) },
	[RECORD_NOTIFICATION] = { "Notification", "sharebus.notification.v1", SHAPE(notification) },
	[RECORD_HANDOFF_CHANGED] = { "HandoffChanged", "sharebus.handoff_changed.v1",
				     SHAPE(handoff_changed) },
	[RECORD_DELIVERY] = { "Delivery", "sharebus.delivery.v1", SHAPE(delivery) },
	[RECORD_ENDPOINT_CHANGED] = { "EndpointChanged", "sharebus.endpoint_changed.v1",
				      SHAPE(endpoint_changed) },
	[RECORD_WORKSPACE_GRANTS] = { "WorkspaceGrants", "sharebus.workspace_grants.v1",
				      SHAPE(workspace_grants) },
	[RECORD_PROGRESS] = { "Progress", "sharebus.progress.v1", SHAPE(progress) },
};

const struct command *record_command(const struct record *r)
{
	if (r->type == RECORD_SHARE_WORKSPACE)
		return &r->as.share_workspace.command;
	if (r->type == RECORD_REMOVE_SHARING)
		return &r->as.remove_sharing.command;
	if (r->type == RECORD_ANSWER_HANDOFF)
		return &r->as.answer_handoff.command;
	return NULL;
}

const struct uuid *record_workspace(const struct record *r)
{
	if (r->type == RECORD_WORKSPACE_CHANGED)
		return &r->as.workspace_changed.workspace_id;
	if (r->type == RECORD_WORKSPACE_DELETED)
		return &r->as.workspace_deleted.workspace_id;
	return record_command(r) ? &record_command(r)->workspace_id : NULL;
}

const struct membership *user_membership(const struct user_changed *u,
					 const struct uuid *organization_id)
{
	for (size_t i = 0; i < u->organization_count; i++)
		if (uuid_equal(&u->organizations[i].id, organization_id))
			return &u->organizations[i];
	return NULL;
}

const char *record_name(enum record_type type)
{
	return records[type].name;
}

const char *record_event_type(enum record_type type)
{
	return records[type].event_type;
}

const struct record_shape *record_shape(enum record_type type)
{
	return &records[type].shape;
}

enum notification_kind handoff_notification(enum handoff_state state)
{
	switch (state) {
	case HANDOFF_OFFERED:
		return NOTIFY_HANDOFF_OFFERED;
	case HANDOFF_ACCEPTED:
		return NOTIFY_HANDOFF_ACCEPTED;
	case HANDOFF_RETURNED:
		return NOTIFY_HANDOFF_RETURNED;
	case HANDOFF_DECLINED:
		return NOTIFY_HANDOFF_DECLINED;
	case HANDOFF_WITHDRAWN:
		return NOTIFY_HANDOFF_WITHDRAWN;
	case HANDOFF_EXPIRED:
		return NOTIFY_HANDOFF_EXPIRED;
	case HANDOFF_COMPLETED:
		return NOTIFY_HANDOFF_COMPLETED;
	}
	return 0;
}

const char *symbol_name(const char *const *symbols, int value)
{
	return value ? symbols[value - 1] : "";
}

int symbol_parse(const char *const *symbols, const char *name)
{
	for (int i = 0; symbols[i]; i++)
		if (strcmp(symbols[i], name) == 0)
			return i + 1;
	return 0;
}
