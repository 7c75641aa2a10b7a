#ifndef SHAREBUS_H
#define SHAREBUS_H

/*
 * libsharebus shares the workspaces of a Coder deployment over Kafka, and asks
 * the grant index in Redis who may do what. It is for services written in C;
 * the command line is built on it.
 *
 *	struct sharebus *sb;
 *	struct sharebus_answer answer;
 *
 *	if (sharebus_open(&sb, &(struct sharebus_options){ .redis = "127.0.0.1:6379" }) ||
 *	    sharebus_check(sb, &question, &answer))
 *		fprintf(stderr, "%s\n", sharebus_error(sb));
 *	sharebus_close(&sb);
 *
 * Results. A call returns SHAREBUS_OK, which is 0, or another value of enum
 * sharebus_result. Then its outputs are untouched, except for struct
 * sharebus_outcome, and sharebus_error() says in one sentence what went wrong.
 *
 * Memory. The texts and arrays that a call returns belong to the client, and are
 * valid until the next call with that client. Texts end with a NUL.
 *
 * Threads. One thread at a time may use a client and what it has returned.
 * Clients are independent of each other.
 *
 * Blocking. Calls block until they have their answer. One call may ask Redis or
 * the brokers several questions; a server that misses the client's timeout on
 * one of them counts as unavailable. Calls that wait for something to happen
 * take the time they may wait as wait_ms. A lost connection is opened again by
 * the next call that needs it.
 *
 * Age. The consumer looks at the index every second, and says so in Redis. If it
 * has not for longer than max_age_ms, because none runs or Redis came back from an
 * old snapshot, calls that ask the index return SHAREBUS_UNAVAILABLE. Expiry is
 * judged by the time at which the consumer last looked. All this is by the clock
 * of Redis: the clock of this machine plays no part.
 *
 * Values. A struct of zeros asks for the defaults. Times are milliseconds since
 * 1970 in UTC; 0 means never. An id of zeros means none.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SHAREBUS_API    __attribute__((visibility("default")))
#define SHAREBUS_RESULT SHAREBUS_API __attribute__((warn_unused_result))

enum sharebus_result {
	/* The command was decided, and the answer is no. */
	SHAREBUS_REJECTED = 1,
	SHAREBUS_OK = 0,
	/* A name, id, position or action is unknown, or a text cannot be parsed as one. */
	SHAREBUS_NOT_FOUND = -1,
	/* Kafka or Redis gives no answer that can be trusted: try again. */
	SHAREBUS_UNAVAILABLE = -2,
	/* The deployment is set up wrongly: a person must act. */
	SHAREBUS_REFUSED = -4,
	/* There is no memory left. */
	SHAREBUS_NOMEM = -5,
	/* An option is wrong, or a request contradicts itself or this page. */
	SHAREBUS_USAGE = -6,
	/* The index lags behind what was asked for: try again. */
	SHAREBUS_STALE = -7,
};

/* One connection to a deployment: to its Redis, its brokers, or both. */
struct sharebus;

/* A UUID in network order (RFC 9562). */
struct sharebus_id {
	uint8_t bytes[16];
};

/* The size of an id as text: 36 characters and a NUL. */
enum { SHAREBUS_ID_SIZE = 37 };

/* Reads the 36 characters of the text form. SHAREBUS_NOT_FOUND for anything else. */
SHAREBUS_RESULT int sharebus_parse_id(struct sharebus_id *out, const char *text);

/*
 * Makes a new id (UUID version 7, which says when it was made). Store it as
 * command_id before you send a command, and you can repeat the command safely
 * even if you crash before its outcome arrives. SHAREBUS_UNAVAILABLE when the
 * kernel has no randomness.
 */
SHAREBUS_RESULT int sharebus_new_id(struct sharebus_id *out);

/* Writes the text form, in lower case. */
SHAREBUS_API void sharebus_format_id(char out[SHAREBUS_ID_SIZE], const struct sharebus_id *id);

/* ---- the client ---- */

struct sharebus_options {
	const char *brokers; /* host:port, comma separated; NULL: 127.0.0.1:9092 */
	/*
	 * host:port, the path of a socket, redis://[user[:password]@]host[:port][/db],
	 * rediss:// for TLS, redis+sentinel://host,host/master, or one or more nodes of a
	 * cluster, as host:port,host:port; NULL: 127.0.0.1:6379.
	 */
	const char *redis;
	const char *prefix;         /* what all keys in Redis begin with; NULL: sb */
	const char *source;         /* who speaks: the end of ce_source in events; NULL: library */
	int timeout_ms;             /* for an answer of Redis or of the brokers; 0: 3000 */
	int max_age_ms;             /* how old an answer of the index may be; 0: 60000 */
	const char *redis_password; /* beats that of the address; NULL: none */
	/* A file whose first line is the password; beats both, and is read at each connecting. */
	const char *redis_password_file;
	const char *redis_ca;   /* for TLS, a file in PEM form; NULL: whom the system trusts */
	const char *redis_cert; /* our certificate, with its chain; NULL: none */
	const char *redis_key;  /* NULL: in the file of the certificate */
	/*
	 * More settings of librdkafka (TLS, SASL): name, value, name, value, …, NULL; or NULL. What
	 * guarantees rest on, such as acks or partitioner, is refused: SHAREBUS_USAGE.
	 */
	const char *const *kafka;
	/*
	 * A file of keys, as `sharebus keys create` makes it, and the id of the one that
	 * signs the commands of this client; NULL: the only one in the file. Without a
	 * file nothing is signed. It is read with the first command.
	 */
	const char *keys_file;
	const char *signing_key;
};

/*
 * Makes a client; options may be NULL, and its texts are copied. Nothing is
 * connected yet: the first question connects to Redis, the first command also to
 * Kafka. When this fails, *out is a client that can only say why and must be
 * closed, or NULL if there was no memory for one.
 */
SHAREBUS_RESULT int sharebus_open(struct sharebus **out, const struct sharebus_options *options);

/* Closes the client and sets it to NULL. NULL and a pointer to NULL are fine. */
SHAREBUS_API void sharebus_close(struct sharebus **client);

/* What went wrong in the last call, in one sentence; "" if nothing did. */
SHAREBUS_API const char *sharebus_error(const struct sharebus *client);

/* ---- names ---- */

/*
 * All three find an id. A UUID is returned as it is, without a question to the
 * index. SHAREBUS_NOT_FOUND when nothing has that name, several things have it,
 * or the UUID is all zeros.
 */

/* Finds a user by username or UUID. */
SHAREBUS_RESULT int sharebus_find_user(struct sharebus *client, const char *name,
				       struct sharebus_id *out);

/*
 * Finds a group by organization/name, by UUID, or by a name that only one
 * organization has. "Everyone" means all members of the organization; its id is
 * that of the organization.
 */
SHAREBUS_RESULT int sharebus_find_group(struct sharebus *client, const char *name,
					struct sharebus_id *out);

/*
 * Finds a workspace by owner/name or by UUID; unless `me` is NULL, also by the
 * name that it has among those which `me` owns.
 */
SHAREBUS_RESULT int sharebus_find_workspace(struct sharebus *client, const struct sharebus_id *me,
					    const char *name, struct sharebus_id *out);

/* ---- sharing ---- */

/* What a user may do with a workspace. */
enum sharebus_role {
	SHAREBUS_ROLE_NONE = 0,
	SHAREBUS_ROLE_USE,
	SHAREBUS_ROLE_ADMIN,
	SHAREBUS_ROLE_OWNER, /* the workspace is theirs; cannot be granted */
};

enum sharebus_subject_kind { SHAREBUS_USER = 1, SHAREBUS_GROUP };

/* A user or a group to share with, or to stop sharing with. */
struct sharebus_subject {
	enum sharebus_subject_kind kind;
	struct sharebus_id id;
	/*
	 * If id is zero: a username, or the name of a group in the workspace's
	 * organization, or organization/name of any group.
	 */
	const char *name;
	enum sharebus_role role; /* use or admin; ignored when sharing is removed */
	int64_t expires_at;      /* when the grant expires; 0: never */
	bool keep_expiry;        /* a grant that there is expires when it was to; expires_at is 0 */
};

/* The bytes a message may have; one that goes to very many people must be shorter. */
enum { SHAREBUS_MESSAGE_MAX = 2000 };

struct sharebus_request {
	struct sharebus_id actor; /* on whose behalf */
	struct sharebus_id workspace;
	const struct sharebus_subject *subjects;
	size_t subject_count;
	const char *message; /* for the people it is shared with, in UTF-8; may be NULL */
	/*
	 * Names the command: an id of sharebus_new_id(); zero: a new one. A command
	 * that is sent again under its id is applied only once, so never use an id for
	 * two different commands. A workspace remembers the commands of the last hour,
	 * at least the last 16 and at most 1,000; one that is older is rejected as
	 * command_too_old, never applied again. The memory ends with the workspace.
	 */
	struct sharebus_id command_id;
	int64_t expected_version; /* apply only if the sharing has this version; 0: any */
	int wait_ms;              /* how long to wait for the outcome; 0: only send */
};

/* Where a command is on the log: a partition of sharing.commands, and an offset in it. */
struct sharebus_position {
	int partition;
	int64_t offset;
};

enum sharebus_verdict {
	SHAREBUS_PENDING = 0,      /* not waited for, or not known in time */
	SHAREBUS_APPLIED,          /* the sharing has changed */
	SHAREBUS_UNCHANGED,        /* everything was as wanted already */
	SHAREBUS_DUPLICATE,        /* a command with this id was applied or unchanged before */
	SHAREBUS_REJECTED_BY_RULE, /* nothing has changed; code and message say why */
	SHAREBUS_UNREADABLE,       /* the consumer cannot read it: it is an older version */
};

/* What became of a command. Filled as far as it is known, also when the call fails. */
struct sharebus_outcome {
	struct sharebus_id command_id;
	bool sent;       /* the brokers may have it: if in doubt, repeat it under the same id */
	bool positioned; /* the brokers have it, at `position` */
	struct sharebus_position position;
	enum sharebus_verdict verdict;
	int64_t version;     /* of the sharing, after the command */
	const char *code;    /* the rule that rejected it, as in "forbidden"; else NULL */
	const char *message; /* why it was rejected; else NULL */
};

/*
 * Shares the workspace with all of the subjects, or with none of them if one is
 * not allowed. After the outcome was waited for, every answer of this client
 * reflects it.
 *
 * SHAREBUS_REJECTED when a rule forbids it. SHAREBUS_UNAVAILABLE when the outcome
 * is not known in time. SHAREBUS_USAGE, with nothing sent, for a message that is
 * too long or not UTF-8, for a role or kind that does not exist, and for a
 * negative time, version or wait.
 */
SHAREBUS_RESULT int sharebus_share(struct sharebus *client, const struct sharebus_request *request,
				   struct sharebus_outcome *out);

/* Stops sharing the workspace with the subjects. Returns what sharebus_share() returns. */
SHAREBUS_RESULT int sharebus_remove(struct sharebus *client, const struct sharebus_request *request,
				    struct sharebus_outcome *out);

/*
 * The name of the constant, as in "applied" or "unchanged"; "?" for any other
 * value. All functions sharebus_…_name() are like this, and their texts live as
 * long as the process.
 */
SHAREBUS_API const char *sharebus_verdict_name(enum sharebus_verdict verdict);

/* ---- read your writes ---- */

/* Reads "partition:offset". SHAREBUS_NOT_FOUND for anything else. */
SHAREBUS_RESULT int sharebus_parse_position(struct sharebus_position *out, const char *text);

/*
 * Waits up to wait_ms until the command at that position is in the index. From
 * then on no answer of this client is older: if the index has gone back, calls
 * return SHAREBUS_STALE. SHAREBUS_STALE when it takes longer, SHAREBUS_NOT_FOUND
 * for a partition or offset that cannot exist, SHAREBUS_USAGE for a negative
 * wait_ms.
 */
SHAREBUS_RESULT int sharebus_wait(struct sharebus *client, const struct sharebus_position *position,
				  int wait_ms);

/* ---- may she? ---- */

enum sharebus_action {
	SHAREBUS_READ,
	SHAREBUS_SSH,
	SHAREBUS_APP,
	SHAREBUS_START,
	SHAREBUS_STOP,
	SHAREBUS_LOGS,
	SHAREBUS_STATS,
	SHAREBUS_UPDATE_ON_START,
	SHAREBUS_RENAME,
	SHAREBUS_UPDATE,
	SHAREBUS_SHARE_USE,   /* share it with role use */
	SHAREBUS_SHARE_ADMIN, /* share it with role admin */
	SHAREBUS_DELETE,
	SHAREBUS_ACTION_COUNT
};

/* "read", "update_on_start", … */
SHAREBUS_API const char *sharebus_action_name(enum sharebus_action action);

/* The action with that name; SHAREBUS_ACTION_COUNT for any other text and for NULL. */
SHAREBUS_API enum sharebus_action sharebus_action_parse(const char *name);

/* Why the answer is what it is. */
enum sharebus_reason {
	/* yes: */
	SHAREBUS_BY_OWNERSHIP = 1,
	SHAREBUS_BY_GRANT,              /* it is shared with the user */
	SHAREBUS_BY_GROUP,              /* it is shared with a group that the user is in */
	SHAREBUS_BY_ORGANIZATION_ADMIN, /* an admin of its organization may share it */
	SHAREBUS_BY_SITE_OWNER,         /* a site owner may share it */
	/* no: */
	SHAREBUS_NO_GRANT,          /* nothing allows it */
	SHAREBUS_EXPIRED,           /* the grant that allowed it has expired */
	SHAREBUS_SUSPENDED,         /* the user is suspended */
	SHAREBUS_POLICY,            /* a grant allows it, but a policy overrides the grant */
	SHAREBUS_UNKNOWN_USER,      /* there is no such user (any more) */
	SHAREBUS_UNKNOWN_WORKSPACE, /* there is no such workspace (any more) */
};

/* "owner", "direct", "group", "no_grant", … */
SHAREBUS_API const char *sharebus_reason_name(enum sharebus_reason reason);

/* "use", "admin", "owner" or "none" */
SHAREBUS_API const char *sharebus_role_name(enum sharebus_role role);

struct sharebus_question {
	struct sharebus_id user;
	struct sharebus_id workspace;
	enum sharebus_action action;
};

struct sharebus_answer {
	bool allowed;
	enum sharebus_reason reason;
	enum sharebus_role role;  /* the role the user has, or would have but for a policy */
	struct sharebus_id group; /* the group that gives it; zero: none does */
	int64_t expires_at;       /* when the grant that decided expires */
};

/*
 * May this user do that? Policies and membership count as they are now, expiry as of when the
 * consumer last looked: a grant counts for a second after its end, or, while no consumer runs, for
 * max_age_ms at most.
 */
SHAREBUS_RESULT int sharebus_check(struct sharebus *client,
				   const struct sharebus_question *question,
				   struct sharebus_answer *out);

/* Answers many questions at once, in pipelines of a thousand. out has `count` elements. */
SHAREBUS_RESULT int sharebus_check_many(struct sharebus *client,
					const struct sharebus_question *questions, size_t count,
					struct sharebus_answer *out);

/* One way in which a user has, or had, rights on a workspace. */
struct sharebus_path {
	enum sharebus_reason reason; /* one of those that mean yes */
	enum sharebus_role role;     /* none: it only allows sharing */
	struct sharebus_id group;
	const char *group_name; /* NULL: it does not lead through a group */
	struct sharebus_id granted_by;
	const char *granted_by_name;
	int64_t granted_at; /* 0: it is not a grant */
	int64_t expires_at;
	bool expired; /* it no longer counts */
};

struct sharebus_explanation {
	const struct sharebus_path *paths;
	size_t path_count;
	const char *const *denials; /* sentences: the policies that override grants */
	size_t denial_count;
	bool allowed[SHAREBUS_ACTION_COUNT]; /* what sharebus_check() says to each action */
};

/* Explains all answers about this user and workspace: every path, and every policy against it. */
SHAREBUS_RESULT int sharebus_explain(struct sharebus *client, const struct sharebus_id *user,
				     const struct sharebus_id *workspace,
				     const struct sharebus_explanation **out);

/* ---- what is shared with whom ---- */

struct sharebus_grant {
	enum sharebus_subject_kind kind;
	struct sharebus_id id;
	const char *name;         /* username or group name; the id if it has no name */
	const char *display_name; /* of a user; may be "" */
	enum sharebus_role role;
	struct sharebus_id granted_by;
	const char *granted_by_name;
	int64_t granted_at;
	int64_t expires_at;
};

struct sharebus_workspace {
	struct sharebus_id id;
	const char *name;
	struct sharebus_id owner;
	const char *owner_name;
	struct sharebus_id organization;
	const char *organization_name;
	bool dormant;
	int64_t version; /* of its sharing: counts up with every change */
	/* Users by name, then groups by name; without those that have expired. */
	const struct sharebus_grant *grants;
	size_t grant_count;
};

/* Shows a workspace and who it is shared with. */
SHAREBUS_RESULT int sharebus_show(struct sharebus *client, const struct sharebus_id *workspace,
				  const struct sharebus_workspace **out);

enum sharebus_shared { SHAREBUS_SHARED_OR_NOT = 0, SHAREBUS_SHARED, SHAREBUS_NOT_SHARED };

/* Which workspaces to list: those to which all that is set applies. */
struct sharebus_query {
	/*
	 * Who looks: only what this user may see is listed. Zero lists everything,
	 * which is for services; never derive it from what a person has typed.
	 */
	struct sharebus_id as;
	bool with_me; /* shared with `as`, which must be set, directly or through a group */
	enum sharebus_shared shared;
	struct sharebus_id owner;
	struct sharebus_id with_user;  /* shared with this user, directly */
	struct sharebus_id with_group; /* shared with this group */
	struct sharebus_id after;      /* only ids greater than this: to continue a list */
};

struct sharebus_list;

/*
 * Begins a list, which must be closed before the client. Users see the
 * workspaces that they own and those that a check lets them read; admins see all
 * of their organizations, site owners see everything. SHAREBUS_NOT_FOUND when a
 * user or group of the query does not exist.
 */
SHAREBUS_RESULT int sharebus_list_open(struct sharebus *client, const struct sharebus_query *query,
				       struct sharebus_list **out);

/*
 * Returns the next workspaces in the order of their ids, each as it is now.
 * *count is 0 after the last one. The page is valid until the next call with
 * this list.
 */
SHAREBUS_RESULT int sharebus_list_next(struct sharebus_list *list,
				       const struct sharebus_workspace **page, size_t *count);

/* How many of all candidates have been looked at; done and total may be NULL. */
SHAREBUS_API void sharebus_list_progress(const struct sharebus_list *list, size_t *done,
					 size_t *total);

/* Closes the list and sets it to NULL; a pointer to NULL is fine. */
SHAREBUS_API void sharebus_list_close(struct sharebus_list **list);

/* ---- handing over ---- */

/*
 * A handoff asks a person to take over what an agent or a colleague has prepared in
 * a workspace. The offer comes with a grant of the workspace to the recipient, who
 * accepts or declines. Whoever has accepted completes it, returns it to where it
 * came from, or reassigns it to somebody else. Until then whoever has offered it,
 * the workspace's owner or an admin of the organization may withdraw it.
 *
 * The index has handoffs that are open: offered, accepted or returned. All steps,
 * also the last ones, are on the topic sharing.handoffs.
 */

/* What the recipient is asked for. */
enum sharebus_handoff_kind {
	SHAREBUS_HANDOFF_REVIEW = 1, /* look at it and decide */
	SHAREBUS_HANDOFF_TAKEOVER,   /* go on with it */
	SHAREBUS_HANDOFF_INPUT,      /* answer a question */
};

/* "review", "takeover" or "input" */
SHAREBUS_API const char *sharebus_handoff_kind_name(enum sharebus_handoff_kind kind);

/* The state of an open handoff. */
enum sharebus_handoff_state {
	SHAREBUS_HANDOFF_OFFERED = 1, /* it waits for the recipient, or for the first of a group */
	SHAREBUS_HANDOFF_ACCEPTED,    /* it waits for whoever has accepted it */
	SHAREBUS_HANDOFF_RETURNED,    /* it waits for whoever has offered it */
};

/* "offered", "accepted" or "returned" */
SHAREBUS_API const char *sharebus_handoff_state_name(enum sharebus_handoff_state state);

/* Which agent runtime has the task that is handed over. */
enum sharebus_task_system {
	SHAREBUS_TASK_NONE = 0,
	SHAREBUS_TASK_CODER,
	SHAREBUS_TASK_A2A,
	SHAREBUS_TASK_MCP,
	SHAREBUS_TASK_LANGGRAPH,
	SHAREBUS_TASK_OTHER,
};

/* "coder", "a2a", "mcp", "langgraph" or "other"; "none" for SHAREBUS_TASK_NONE */
SHAREBUS_API const char *sharebus_task_system_name(enum sharebus_task_system system);

/* Bounds of handoffs; those of texts are in bytes. */
enum {
	SHAREBUS_SUMMARY_MAX = 2000, /* of a summary, a question and a note */
	SHAREBUS_ARTIFACTS_MAX = 20,
	SHAREBUS_ARTIFACT_NAME_MAX = 255,
	SHAREBUS_TASK_ID_MAX = 255,
	SHAREBUS_URL_MAX = 2048,
	SHAREBUS_ANSWER_SCHEMA_MAX = 16384,
};

/* Something that was made, and where it is. */
struct sharebus_artifact {
	const char *name; /* what it is, in a word or two */
	const char *url;  /* http or https */
};

/* What is offered. All texts are UTF-8. */
struct sharebus_offer {
	/* Zero: that of the command. To offer a returned handoff again, give its id and its step. */
	struct sharebus_id handoff;
	int64_t expected_step; /* only if the handoff is open and at this step; 0: not asked */
	enum sharebus_handoff_kind kind;
	const char *summary;  /* what was done, and what is asked for */
	const char *question; /* may be NULL */
	enum sharebus_task_system task_system;
	const char *task_id;  /* NULL without a task */
	const char *task_url; /* may be NULL */
	const struct sharebus_artifact *artifacts;
	size_t artifact_count;
	const char *answer_schema; /* what the answer is to look like, a JSON Schema; may be NULL */
	int64_t expires_at;        /* when the offer ends; 0: never */
};

/*
 * Shares the workspace with the only subject of the request, and offers that user or
 * group a handoff. Returns what sharebus_share() returns; SHAREBUS_USAGE, with
 * nothing sent, also when the request has not exactly one subject, the offer has no
 * kind or no summary, something is longer than its bound, or an address is not http
 * or https. The handoff's id is the offer's or, if that is zero, out->command_id:
 * so a command that is repeated under its id repeats the handoff's, too.
 */
SHAREBUS_RESULT int sharebus_handoff_offer(struct sharebus *client,
					   const struct sharebus_request *request,
					   const struct sharebus_offer *offer,
					   struct sharebus_outcome *out);

/* What is done with a handoff after its offer. */
enum sharebus_handoff_answer {
	SHAREBUS_ACCEPT = 1,
	SHAREBUS_DECLINE,
	SHAREBUS_RETURN,   /* back to whoever has offered it: go on */
	SHAREBUS_COMPLETE, /* it is done */
	SHAREBUS_REASSIGN, /* to somebody else */
	SHAREBUS_WITHDRAW, /* by whoever has offered it, or who may */
};

/* "accept", "decline", "return", … */
SHAREBUS_API const char *sharebus_handoff_answer_name(enum sharebus_handoff_answer answer);

struct sharebus_response {
	struct sharebus_id actor; /* on whose behalf */
	struct sharebus_id handoff;
	/*
	 * The handoff's workspace; zero: look it up, which finds open handoffs only. Give
	 * it to repeat an answer that may have ended the handoff.
	 */
	struct sharebus_id workspace;
	enum sharebus_handoff_answer answer;
	const char *note; /* to those who are told, and whoever looks; may be NULL */
	const struct sharebus_artifact *artifacts; /* what the actor made */
	size_t artifact_count;
	/* To whom it is reassigned, as in struct sharebus_subject without a role; else NULL. */
	const struct sharebus_subject *to;
	int64_t expected_step;         /* only if the handoff is at this step; 0: any */
	struct sharebus_id command_id; /* as in struct sharebus_request */
	int wait_ms;                   /* how long to wait for the outcome; 0: only send */
};

/*
 * Answers a handoff. Returns what sharebus_share() returns; SHAREBUS_NOT_FOUND, with
 * nothing sent, when the handoff is to be looked up and none of that id is open.
 */
SHAREBUS_RESULT int sharebus_handoff_answer(struct sharebus *client,
					    const struct sharebus_response *response,
					    struct sharebus_outcome *out);

/* An open handoff. */
struct sharebus_handoff {
	struct sharebus_id id;
	struct sharebus_id workspace;
	const char *workspace_name;
	struct sharebus_id owner; /* of the workspace */
	const char *owner_name;
	enum sharebus_handoff_kind kind;
	enum sharebus_handoff_state state;
	int64_t step; /* counts up with every step; the offer is 1 */
	struct sharebus_id offered_by;
	const char *offered_by_name;
	enum sharebus_subject_kind to_kind;
	struct sharebus_id to; /* to whom it was offered last */
	const char *to_name;
	struct sharebus_id accepted_by; /* zero: nobody has it */
	const char *accepted_by_name;   /* NULL: nobody has it */
	enum sharebus_role role;        /* that the offer gives */
	const char *summary;
	const char *question; /* NULL: none */
	enum sharebus_task_system task_system;
	const char *task_id;  /* NULL: none */
	const char *task_url; /* NULL: none */
	const struct sharebus_artifact *artifacts;
	size_t artifact_count;
	const char *answer_schema; /* NULL: none */
	const char *note;          /* what was said with the last step; NULL: nothing */
	int64_t offered_at;
	int64_t expires_at; /* 0: never, as of one that was returned */
};

/*
 * Shows an open handoff to the user `as`; NULL shows any, which is for services. A
 * user sees the handoffs that wait for her, those that she has offered, and those of
 * workspaces that sharebus_list_open() would list for her. SHAREBUS_NOT_FOUND for
 * all others, whether or not they exist.
 */
SHAREBUS_RESULT int sharebus_handoff_get(struct sharebus *client, const struct sharebus_id *as,
					 const struct sharebus_id *handoff,
					 const struct sharebus_handoff **out);

/* The characters that the beginning of an id must have, at least. */
enum { SHAREBUS_HANDOFF_PREFIX_MIN = 8 };

/*
 * Finds the id of a handoff from its text form, whether or not it is open, or from
 * the beginning of it, which must have SHAREBUS_HANDOFF_PREFIX_MIN characters and be
 * that of only one of the handoffs that sharebus_handoff_list() lists for the user.
 * SHAREBUS_NOT_FOUND when it is that of none or of several, SHAREBUS_USAGE when it is
 * too short or cannot be the beginning of an id.
 */
SHAREBUS_RESULT int sharebus_handoff_find(struct sharebus *client, const struct sharebus_id *as,
					  const char *text, struct sharebus_id *out);

enum sharebus_handoff_scope {
	/* Those of both kinds below, and all others of workspaces that the user owns or may read. */
	SHAREBUS_HANDOFFS_ALL = 0,
	SHAREBUS_HANDOFFS_WAITING, /* that wait for the user, also as a member of a group */
	SHAREBUS_HANDOFFS_OFFERED, /* that the user has offered, or that are of her workspaces */
};

/*
 * Lists open handoffs for a user, the oldest first. Looked at are those that wait for
 * her and those of workspaces that she owns or that are shared with her; a workspace
 * has at most 16. SHAREBUS_NOT_FOUND when there is no such user.
 */
SHAREBUS_RESULT int sharebus_handoff_list(struct sharebus *client, const struct sharebus_id *as,
					  enum sharebus_handoff_scope scope,
					  const struct sharebus_handoff **out, size_t *count);

#ifdef __cplusplus
}
#endif

#endif
