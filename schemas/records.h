#ifndef SB_SCHEMAS_RECORDS_H
#define SB_SCHEMAS_RECORDS_H

/*
 * The records on the bus, as C structs: one struct per file in schemas/avro/,
 * fields named as there; the files say what each field means.
 *
 * Conventions: an absent uuid is nil, an absent text has data NULL, an absent
 * number or time is ABSENT, an absent enum is 0. An optional number that has the
 * very value of ABSENT is read as the next one, ABSENT + 1, so that it is never
 * taken for absent; both are beyond every bound. Times are milliseconds since
 * 1970 in UTC. Texts and arrays are borrowed: after decoding they live in the
 * arena given to codec_decode().
 */

#include "ops/support/bytes.h"
#include "schemas/roles.h"
#include "schemas/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The value of an optional number or time that is absent. */
#define ABSENT INT64_MIN

enum actor_kind { ACTOR_USER = 1, ACTOR_SERVICE_ACCOUNT, ACTOR_AGENT, ACTOR_SYSTEM };
enum subject_kind { SUBJECT_USER = 1, SUBJECT_GROUP };
enum workspace_status { WORKSPACE_ACTIVE = 1, WORKSPACE_DORMANT };
enum user_status { USER_ACTIVE = 1, USER_SUSPENDED, USER_DELETED };
enum user_kind { USER_PERSON = 1, USER_SERVICE_ACCOUNT, USER_AGENT };
enum site_role { SITE_MEMBER = 1, SITE_OWNER };
enum organization_role { ORGANIZATION_MEMBER = 1, ORGANIZATION_ADMIN };
enum sharing_policy { SHARING_EVERYONE = 1, SHARING_SERVICE_ACCOUNTS, SHARING_NONE };
enum reason {
	REASON_COMMAND = 1,
	REASON_EXPIRED,
	REASON_USER_DELETED,
	REASON_GROUP_DELETED,
	REASON_OWNER_CHANGED,
	REASON_WORKSPACE_DELETED,
	REASON_HANDOFF,
};
enum notification_kind {
	NOTIFY_WORKSPACE_SHARED = 1,
	NOTIFY_ROLE_CHANGED,
	NOTIFY_EXPIRY_CHANGED,
	NOTIFY_ACCESS_REMOVED,
	NOTIFY_ACCESS_EXPIRED,
	NOTIFY_OWNER_NOTICE,
	NOTIFY_OWNERSHIP_CHANGED,
	NOTIFY_WORKSPACE_DELETED,
	NOTIFY_HANDOFF_OFFERED,
	NOTIFY_HANDOFF_ACCEPTED,
	NOTIFY_HANDOFF_DECLINED,
	NOTIFY_HANDOFF_RETURNED,
	NOTIFY_HANDOFF_COMPLETED,
	NOTIFY_HANDOFF_WITHDRAWN,
	NOTIFY_HANDOFF_EXPIRED,
};
enum handoff_kind { HANDOFF_REVIEW = 1, HANDOFF_TAKEOVER, HANDOFF_INPUT };
enum handoff_state {
	HANDOFF_OFFERED = 1,
	HANDOFF_ACCEPTED,
	HANDOFF_RETURNED,
	HANDOFF_DECLINED, /* this and the next are final */
	HANDOFF_WITHDRAWN,
	HANDOFF_EXPIRED,
	HANDOFF_COMPLETED,
};
enum answer {
	ANSWER_ACCEPT = 1,
	ANSWER_DECLINE,
	ANSWER_RETURN,
	ANSWER_COMPLETE,
	ANSWER_REASSIGN,
	ANSWER_WITHDRAW,
	ANSWER_EXPIRE, /* of the system alone */
};
enum task_system { TASK_CODER = 1, TASK_A2A, TASK_MCP, TASK_LANGGRAPH, TASK_OTHER };
enum channel { CHANNEL_INBOX = 1, CHANNEL_MAIL, CHANNEL_WEBHOOK, CHANNEL_EXEC };
enum category { CATEGORY_SHARING = 1, CATEGORY_HANDOFF };
enum delivery_state { DELIVERY_WAITING = 1, DELIVERY_DEAD };
enum endpoint_state { ENDPOINT_OPEN = 1, ENDPOINT_DISABLED };

struct actor {
	struct uuid id;
	enum actor_kind kind;
};

struct subject {
	enum subject_kind kind;
	struct uuid id;
};

static inline bool subject_equal(const struct subject *a, const struct subject *b)
{
	return a->kind == b->kind && uuid_equal(&a->id, &b->id);
}

struct workspace_ref {
	struct uuid id;
	struct bytes name;
	struct uuid owner_id;
	struct uuid organization_id;
};

struct grant_wish {
	struct subject subject;
	enum role role;
	int64_t expires_at;
	bool keep_expiry; /* of the grant that there is; then expires_at is ABSENT */
};

/* What all commands have in common; the first member of each of their structs. */
struct command {
	struct uuid command_id;
	int64_t issued_at;
	struct actor actor;
	struct uuid workspace_id;
	int64_t expected_version;
	int64_t directory_offset;
};

/* The task of an agent runtime. */
struct task {
	enum task_system system;
	struct bytes id;
	struct bytes url;
};

struct artifact {
	struct bytes name;
	struct bytes url;
};

struct handoff_offer {
	struct uuid handoff_id;
	enum handoff_kind kind;
	struct bytes summary;
	struct bytes question;
	struct task *task; /* may be NULL */
	struct artifact *artifacts;
	size_t artifact_count;
	struct bytes answer_schema;
	int64_t expires_at;
	int64_t expected_step;
};

struct share_workspace {
	struct command command;
	struct grant_wish *grants;
	size_t grant_count;
	struct bytes message;
	struct handoff_offer *handoff; /* may be NULL */
};

struct answer_handoff {
	struct command command;
	struct uuid handoff_id;
	int64_t expected_step;
	enum answer answer;
	struct bytes note;
	struct artifact *artifacts;
	size_t artifact_count;
	struct subject *to; /* may be NULL */
};

struct remove_sharing {
	struct command command;
	struct subject *subjects;
	size_t subject_count;
	enum reason reason;
};

struct workspace_changed {
	struct uuid workspace_id;
	struct uuid organization_id;
	struct uuid owner_id;
	struct bytes name;
	enum workspace_status status;
	int64_t changed_at;
};

struct workspace_deleted {
	struct uuid workspace_id;
	int64_t deleted_at;
};

struct membership {
	struct uuid id;
	enum organization_role role;
};

struct user_changed {
	struct uuid id;
	struct bytes username;
	struct bytes name;
	struct bytes email;
	enum user_status status;
	enum user_kind kind;
	enum site_role site_role;
	struct membership *organizations;
	size_t organization_count;
};

struct group_changed {
	struct uuid id;
	struct bytes name;
	struct uuid organization_id;
	struct uuid *members;
	size_t member_count;
};

struct organization_changed {
	struct uuid id;
	struct bytes name;
	enum sharing_policy sharing;
	int64_t grant_lifetime_max_ms; /* ABSENT: grants may last for ever */
};

struct deployment_changed {
	bool sharing_enabled;
};

struct preference_rule {
	enum channel channel; /* this and the next two: absent if they limit nothing */
	enum notification_kind kind;
	enum category category;
	bool on;
};

struct preferences_changed {
	struct uuid user_id;
	struct preference_rule *rules;
	size_t rule_count;
	struct uuid *muted_workspaces;
	size_t muted_workspace_count;
};

struct change {
	struct subject subject;
	enum role before;
	enum role after;
	int64_t expires_at;
};

struct sharing_changed {
	struct workspace_ref workspace;
	int64_t version;
	struct actor actor;
	struct uuid command_id;
	enum reason reason;
	struct change *changes;
	size_t change_count;
	struct uuid previous_owner_id;
	int64_t at;
	struct bytes signed_by;
};

struct command_rejected {
	struct uuid command_id;
	struct actor actor;
	struct uuid workspace_id;
	struct bytes code;
	struct bytes message;
	struct bytes *details;
	size_t detail_count;
	int64_t at;
	struct bytes signed_by;
};

struct notification_action {
	struct bytes label;
	struct bytes url;
};

struct notification {
	struct uuid recipient_id;
	enum notification_kind kind;
	struct bytes title;
	struct bytes body;
	struct bytes body_markdown;
	struct notification_action *actions;
	size_t action_count;
	struct actor actor;
	struct workspace_ref workspace;
	struct uuid group_id;
	enum role role;
	struct bytes message;
	int64_t expires_at;
	struct uuid handoff_id;
	int64_t handoff_step;
	struct bytes event_id;
	int64_t at;
};

struct handoff_changed {
	struct uuid handoff_id;
	int64_t step;
	enum handoff_state state;
	enum handoff_state previous;
	enum handoff_kind kind;
	struct workspace_ref workspace;
	struct actor offered_by;
	struct subject to;
	struct uuid accepted_by;
	struct actor actor;
	struct bytes summary;
	struct bytes question;
	struct task *task; /* may be NULL */
	struct bytes note;
	struct artifact *artifacts;
	size_t artifact_count;
	struct bytes answer_schema;
	enum role role;
	int64_t expires_at;
	struct uuid command_id;
	int64_t at;
	struct bytes signed_by;
};

/* What a notifier owes one endpoint: one of the last two, and the other is NULL. */
struct delivery {
	struct bytes endpoint;
	struct bytes id;
	enum delivery_state state;
	int64_t attempts;
	int64_t next_at;
	int64_t last_at;
	struct bytes last_error;
	int64_t since;
	struct notification *notification;
	struct handoff_changed *handoff;
};

/* Whether an endpoint is told anything. */
struct endpoint_changed {
	struct bytes endpoint;
	enum endpoint_state state;
	struct bytes reason;
	int64_t since;
	bool by_operator;
};

struct grant {
	struct subject subject;
	enum role role;
	struct uuid granted_by;
	int64_t granted_at;
	int64_t expires_at;
};

/* An open handoff: see consumer/handoff.h for what may become of it. */
struct handoff {
	struct uuid id;
	enum handoff_kind kind;
	enum handoff_state state;
	int64_t step;
	struct actor offered_by;
	struct subject to;
	struct uuid accepted_by;
	enum role role;
	bool own_grant;     /* the grant of the one it waits for is as it is because of the offer */
	enum role had_role; /* what they had before, if the offer raised it; else ROLE_NONE */
	int64_t had_until;
	struct bytes summary;
	struct bytes question;
	struct task *task; /* may be NULL */
	struct artifact *artifacts;
	size_t artifact_count;
	struct bytes answer_schema;
	struct bytes note; /* of the last step */
	int64_t offered_at;
	int64_t expires_at;
};

/* A command that a workspace remembers: see cache/recent.h. */
struct recent_command {
	struct uuid id;
	int64_t late_minutes; /* from the time in its id to its record's timestamp, rounded up */
};

struct workspace_grants {
	struct workspace_ref workspace;
	enum workspace_status status;
	int64_t version;
	struct grant *grants;
	size_t grant_count;
	struct handoff *handoffs;
	size_t handoff_count;
	struct recent_command *recent_commands; /* the oldest first */
	size_t recent_command_count;
	int64_t forgotten_until; /* the latest time in the id of a forgotten command; 0: none */
	int64_t source_offset;
};

struct progress {
	int64_t applied;
	int64_t log;         /* which log of the partition `applied` is in: see mark.h */
	int64_t last_offset; /* this and the next two: the tip, see tip.h */
	int64_t last_time;
	int64_t last_hash;
};

enum record_type {
	RECORD_SHARE_WORKSPACE,
	RECORD_REMOVE_SHARING,
	RECORD_ANSWER_HANDOFF,
	RECORD_WORKSPACE_CHANGED,
	RECORD_WORKSPACE_DELETED,
	RECORD_USER_CHANGED,
	RECORD_GROUP_CHANGED,
	RECORD_ORGANIZATION_CHANGED,
	RECORD_DEPLOYMENT_CHANGED,
	RECORD_PREFERENCES_CHANGED,
	RECORD_SHARING_CHANGED,
	RECORD_COMMAND_REJECTED,
	RECORD_NOTIFICATION,
	RECORD_HANDOFF_CHANGED,
	RECORD_DELIVERY,
	RECORD_ENDPOINT_CHANGED,
	RECORD_WORKSPACE_GRANTS,
	RECORD_PROGRESS,
	RECORD_TYPE_COUNT
};

struct record {
	enum record_type type;
	union {
		struct share_workspace share_workspace;
		struct remove_sharing remove_sharing;
		struct answer_handoff answer_handoff;
		struct workspace_changed workspace_changed;
		struct workspace_deleted workspace_deleted;
		struct user_changed user_changed;
		struct group_changed group_changed;
		struct organization_changed organization_changed;
		struct deployment_changed deployment_changed;
		struct preferences_changed preferences_changed;
		struct sharing_changed sharing_changed;
		struct command_rejected command_rejected;
		struct notification notification;
		struct handoff_changed handoff_changed;
		struct delivery delivery;
		struct endpoint_changed endpoint_changed;
		struct workspace_grants workspace_grants;
		struct progress progress;
	} as;
};

/* The command inside, or NULL when the record is a fact or an output. */
const struct command *record_command(const struct record *r);

/*
 * The workspace that a command or a fact is about, whose id decides the record's
 * partition; NULL when the record is of another kind.
 */
const struct uuid *record_workspace(const struct record *r);

/* The user's membership in the organization, or NULL. */
const struct membership *user_membership(const struct user_changed *u,
					 const struct uuid *organization_id);

/* The name of the Avro record: "ShareWorkspace". */
const char *record_name(enum record_type type);

/* The CloudEvents type: "sharebus.share_workspace.v1". */
const char *record_event_type(enum record_type type);

/*
 * How a struct corresponds to an Avro record: one entry for each field, found
 * by name. A reader knows exactly the schemas that are compiled in: the newest of
 * each record, and those that earlier releases wrote. Whoever changes a record
 * that was released gives each new field a default, and puts the file as it was
 * into schemas/avro/earlier/. A field that is null, or that the writer's schema
 * lacks, gets `missing` if it is a number or an enum, else it is absent or empty. Whether an id is text or its 16 bytes is for the schema to say: one
 * struct serves both.
 */
enum field_kind {
	FIELD_UUID,    /* struct uuid <-> string of 36 characters or fixed of 16 bytes */
	FIELD_TEXT,    /* struct bytes <-> string */
	FIELD_LONG,    /* int64_t <-> long */
	FIELD_BOOL,    /* bool <-> boolean */
	FIELD_ENUM,    /* an int from 1 on <-> enum, by symbol */
	FIELD_RECORD,  /* a struct in place <-> record */
	FIELD_POINTER, /* pointer to a struct, or NULL <-> record or null */
	FIELD_RECORDS, /* pointer and count <-> array of record */
	FIELD_UUIDS,   /* pointer and count <-> array of what FIELD_UUID takes */
	FIELD_TEXTS,   /* pointer and count <-> array of string */
};

struct record_shape;

struct field {
	const char *name;
	enum field_kind kind;
	bool optional;       /* Avro union of null and the type */
	size_t offset;       /* in the struct */
	size_t count_offset; /* of the size_t that goes with an array */
	const struct record_shape *shape;
	const char *const *symbols; /* of an enum: symbols[i] is the value i + 1; ends with NULL */
	int64_t missing;            /* the value of a number or an enum that is null */
};

struct record_shape {
	const struct field *fields;
	size_t field_count;
	size_t size; /* of the struct */
};

/* The shape of a record's struct; a constant. */
const struct record_shape *record_shape(enum record_type type);

/* The kind of the notification of a handoff's step, by the state that it leads to. */
enum notification_kind handoff_notification(enum handoff_state state);

/* The symbol of an enum value, as in the schema: symbol_name(reason_symbols, REASON_EXPIRED). */
const char *symbol_name(const char *const *symbols, int value);

/* The value of a symbol, or 0. */
int symbol_parse(const char *const *symbols, const char *name);

/* That of enum role is role_symbols (roles.h). */
extern const char *const actor_kind_symbols[];
extern const char *const subject_kind_symbols[];
extern const char *const reason_symbols[];
extern const char *const workspace_status_symbols[];
extern const char *const user_status_symbols[];
extern const char *const user_kind_symbols[];
extern const char *const site_role_symbols[];
extern const char *const organization_role_symbols[];
extern const char *const sharing_policy_symbols[];
extern const char *const notification_kind_symbols[];
extern const char *const handoff_kind_symbols[];
extern const char *const handoff_state_symbols[];
extern const char *const answer_symbols[];
extern const char *const task_system_symbols[];
extern const char *const channel_symbols[];
extern const char *const category_symbols[];
extern const char *const delivery_state_symbols[];
extern const char *const endpoint_state_symbols[];

#endif
