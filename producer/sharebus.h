#ifndef SHAREBUS_H
#define SHAREBUS_H

/*
 * libsharebus: share workspaces over the bus, and ask the grant index who may
 * do what. For services written in C; the command line is built on it.
 *
 *	struct sharebus *sb;
 *	struct sharebus_answer answer;
 *
 *	if (sharebus_open(&sb, &(struct sharebus_options){ .redis = "127.0.0.1:6379" }) ||
 *	    sharebus_check(sb, &question, &answer))
 *		fprintf(stderr, "%s\n", sharebus_error(sb));
 *	sharebus_close(&sb);
 *
 * Threads: a client, and what it gave out, is used by one thread at a time;
 * different clients know nothing of each other. Calls block until they have
 * their answer; who does not answer one question within the client's timeout
 * is given up, and a call may have several questions. Where something is to be
 * waited for, wait_ms says how long. A lost connection comes back by itself
 * with the next call.
 *
 * Results: 0 (SHAREBUS_OK), or another of enum sharebus_result; then what a
 * call gives out is as it was, but for struct sharebus_outcome, and
 * sharebus_error() says in one sentence what is the matter. What a client
 * gives out is borrowed: it is valid until the next call with that client.
 * A struct that is all zero asks for the defaults; times are milliseconds
 * since 1970 in UTC, and 0 means never; an id of zeros means none.
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
	SHAREBUS_REJECTED = 1, /* the command was decided, and the answer is no */
	SHAREBUS_OK = 0,
	SHAREBUS_NOT_FOUND = -1, /* a name or id is not known, or a value makes no sense */
	SHAREBUS_UNAVAILABLE =
		-2,            /* Kafka or Redis gives no answer that can be trusted: try again */
	SHAREBUS_REFUSED = -4, /* the set-up is wrong: a person must act */
	SHAREBUS_NOMEM = -5,
	SHAREBUS_USAGE = -6, /* an option is wrong, or a request makes no sense */
	SHAREBUS_STALE = -7, /* the index is not yet as far as was asked for: try again */
};

struct sharebus; /* a client */

/* A UUID, in network order (RFC 9562). */
struct sharebus_id {
	uint8_t bytes[16];
};

enum { SHAREBUS_ID_SIZE = 37 }; /* of the text, and a NUL */

/* Reads the 36 characters of the text form. SHAREBUS_NOT_FOUND for anything else. */
SHAREBUS_RESULT int sharebus_parse_id(struct sharebus_id *out, const char *text);

/*
 * A new id (UUID version 7): for a command that is to be repeated safely also
 * by whoever finds out only after a crash that it was not answered.
 * SHAREBUS_UNAVAILABLE when the kernel gives no randomness.
 */
SHAREBUS_RESULT int sharebus_new_id(struct sharebus_id *out);

SHAREBUS_API void sharebus_format_id(char out[SHAREBUS_ID_SIZE], const struct sharebus_id *id);

/* ---- the client ---- */

struct sharebus_options {
	const char *brokers; /* host:port, comma separated; NULL: 127.0.0.1:9092 */
	const char *redis;   /* host:port or the path of a socket; NULL: 127.0.0.1:6379 */
	const char *prefix;  /* of all keys; NULL: sb */
	const char *source;  /* who speaks, in the events' ce_source; NULL: library */
	int timeout_ms;      /* for answers of Redis and of the brokers; 0: 3000 */
	/* More settings of librdkafka (TLS, SASL): name, value, name, value, …, NULL; may be NULL. */
	const char *const *kafka;
};

/*
 * Makes a client; texts are copied. It connects when it is first needed: to
 * Redis for questions, to Kafka for commands. *out is to be closed also when
 * this fails, and then says why; NULL only without memory.
 */
SHAREBUS_RESULT int sharebus_open(struct sharebus **out, const struct sharebus_options *options);

/* NULL and a pointer to NULL are fine. */
SHAREBUS_API void sharebus_close(struct sharebus **client);

/* What was the matter with the last call that failed; "" if none did. */
SHAREBUS_API const char *sharebus_error(const struct sharebus *client);

/* ---- names ---- */

/* A user by username or UUID. A UUID is taken as it is, but for that of zeros, which is nobody. */
SHAREBUS_RESULT int sharebus_find_user(struct sharebus *client, const char *name,
				       struct sharebus_id *out);

/*
 * A group by organization/name, UUID, or by a name that one organization only
 * has. "Everyone" is everyone in the organization, whose id it has.
 */
SHAREBUS_RESULT int sharebus_find_group(struct sharebus *client, const char *name,
					struct sharebus_id *out);

/* A workspace by owner/name, UUID, or by the name that it has among those of `me` (may be NULL). */
SHAREBUS_RESULT int sharebus_find_workspace(struct sharebus *client, const struct sharebus_id *me,
					    const char *name, struct sharebus_id *out);

/* ---- sharing ---- */

enum sharebus_role {
	SHAREBUS_ROLE_NONE = 0,
	SHAREBUS_ROLE_USE,
	SHAREBUS_ROLE_ADMIN,
	SHAREBUS_ROLE_OWNER, /* of whoever owns the workspace; cannot be granted */
};

enum sharebus_subject_kind { SHAREBUS_USER = 1, SHAREBUS_GROUP };

/* Who a workspace is to be shared with, or no longer. */
struct sharebus_subject {
	enum sharebus_subject_kind kind;
	struct sharebus_id id; /* or: */
	const char *name; /* if id is zero: username, or a group of the workspace's organization */
	enum sharebus_role role; /* use or admin; without meaning on removal */
	int64_t expires_at;      /* when the grant ends by itself */
};

enum { SHAREBUS_MESSAGE_MAX = 2000 }; /* bytes of a message; less when very many are told */

struct sharebus_request {
	struct sharebus_id actor; /* who wants it */
	struct sharebus_id workspace;
	const struct sharebus_subject *subjects;
	size_t subject_count;
	const char *message; /* a word to those it is shared with, in UTF-8; may be NULL */
	struct sharebus_id command_id; /* zero: a new one. The same again is done once only: an id
					* stands for one command */
	int64_t expected_version;      /* only if the sharing is at this version; 0: any */
	int wait_ms;                   /* how long to wait for the outcome; 0: do not */
};

/* Where a command stands on the log. */
struct sharebus_position {
	int partition;
	int64_t offset;
};

enum sharebus_verdict {
	SHAREBUS_PENDING = 0, /* not waited for, or not known in time */
	SHAREBUS_APPLIED,
	SHAREBUS_UNCHANGED, /* it is so already */
	SHAREBUS_DUPLICATE, /* it was applied before, or found unchanged, under this command id */
	SHAREBUS_REJECTED_BY_RULE,
	SHAREBUS_UNREADABLE, /* the consumer cannot read it: it is of an older version */
};

/* What became of a command; also when the call failed, as far as it is known. */
struct sharebus_outcome {
	struct sharebus_id command_id;
	bool sent;       /* the brokers may have it: repeat it under the same id, it is done once */
	bool positioned; /* they have it, at: */
	struct sharebus_position position;
	enum sharebus_verdict verdict;
	int64_t version;     /* of the sharing, after it */
	const char *code;    /* of the rule, if rejected: "forbidden"; else NULL */
	const char *message; /* why it was rejected, else NULL */
};

/*
 * Shares the workspace with all of the subjects or, if one of them may not be,
 * with none. Once it has waited for the outcome, every answer of this client
 * includes it. SHAREBUS_REJECTED when a rule forbids it. SHAREBUS_USAGE, and
 * nothing is sent, for what no request may have: a message that is too long or
 * no UTF-8, a role or kind that there is not, a negative time, version or wait.
 */
SHAREBUS_RESULT int sharebus_share(struct sharebus *client, const struct sharebus_request *request,
				   struct sharebus_outcome *out);

/* Takes the sharing back. */
SHAREBUS_RESULT int sharebus_remove(struct sharebus *client, const struct sharebus_request *request,
				    struct sharebus_outcome *out);

/* "applied", "unchanged", …; a constant; "?" for what is none. So all names of constants. */
SHAREBUS_API const char *sharebus_verdict_name(enum sharebus_verdict verdict);

/* ---- read your writes ---- */

/* Reads "partition:offset". SHAREBUS_NOT_FOUND for anything else. */
SHAREBUS_RESULT int sharebus_parse_position(struct sharebus_position *out, const char *text);

/*
 * Waits until the command at that position is in the index, up to wait_ms.
 * From then on no answer of this client is older than that: it is
 * SHAREBUS_STALE if the index has gone back. SHAREBUS_NOT_FOUND for what is no
 * position, SHAREBUS_USAGE for a negative wait_ms.
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
	SHAREBUS_SHARE_USE,
	SHAREBUS_SHARE_ADMIN,
	SHAREBUS_DELETE,
	SHAREBUS_ACTION_COUNT
};

/* "read", "update_on_start", …; a constant. */
SHAREBUS_API const char *sharebus_action_name(enum sharebus_action action);

/* The action with that name, or SHAREBUS_ACTION_COUNT, also for NULL. */
SHAREBUS_API enum sharebus_action sharebus_action_parse(const char *name);

enum sharebus_reason {
	/* yes: */
	SHAREBUS_BY_OWNERSHIP = 1,
	SHAREBUS_BY_GRANT,              /* it is shared with her */
	SHAREBUS_BY_GROUP,              /* it is shared with a group that she is in */
	SHAREBUS_BY_ORGANIZATION_ADMIN, /* to share it: she is admin of its organization */
	SHAREBUS_BY_SITE_OWNER,         /* to share it: she is site owner */
	/* no: */
	SHAREBUS_NO_GRANT,          /* nothing that allows it */
	SHAREBUS_EXPIRED,           /* what allowed it is over */
	SHAREBUS_SUSPENDED,         /* she is suspended */
	SHAREBUS_POLICY,            /* a grant allows it, a policy does not let it count */
	SHAREBUS_UNKNOWN_USER,      /* or deleted */
	SHAREBUS_UNKNOWN_WORKSPACE, /* or deleted */
};

/* "owner", "direct", "group", "no_grant", …; a constant. */
SHAREBUS_API const char *sharebus_reason_name(enum sharebus_reason reason);

/* "use", "admin", "owner" or "none"; a constant. */
SHAREBUS_API const char *sharebus_role_name(enum sharebus_role role);

struct sharebus_question {
	struct sharebus_id user;
	struct sharebus_id workspace;
	enum sharebus_action action;
};

struct sharebus_answer {
	bool allowed;
	enum sharebus_reason reason;
	enum sharebus_role role;  /* that she has, or would have but for a policy */
	struct sharebus_id group; /* through which; zero: none */
	int64_t expires_at;       /* of the grant that decided */
};

SHAREBUS_RESULT int sharebus_check(struct sharebus *client,
				   const struct sharebus_question *question,
				   struct sharebus_answer *out);

/* As many questions as you like: they go in pipelines of a thousand. */
SHAREBUS_RESULT int sharebus_check_many(struct sharebus *client,
					const struct sharebus_question *questions, size_t count,
					struct sharebus_answer *out);

/* One way in which somebody has, or had, rights on a workspace. */
struct sharebus_path {
	enum sharebus_reason reason; /* one of the yes-reasons */
	enum sharebus_role role;     /* none: it allows sharing only */
	struct sharebus_id group;
	const char *group_name; /* NULL: not through a group */
	struct sharebus_id granted_by;
	const char *granted_by_name;
	int64_t granted_at; /* 0: it is no grant */
	int64_t expires_at;
	bool expired; /* it counts no longer */
};

struct sharebus_explanation {
	const struct sharebus_path *paths;
	size_t path_count;
	const char *const *denials; /* sentences: policies that keep grants from counting */
	size_t denial_count;
	bool allowed[SHAREBUS_ACTION_COUNT]; /* what sharebus_check() says to each action */
};

/* Every path that grants, every policy that denies. */
SHAREBUS_RESULT int sharebus_explain(struct sharebus *client, const struct sharebus_id *user,
				     const struct sharebus_id *workspace,
				     const struct sharebus_explanation **out);

/* ---- what is shared with whom ---- */

struct sharebus_grant {
	enum sharebus_subject_kind kind;
	struct sharebus_id id;
	const char *name;         /* username or group; the id when it is unknown */
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
	int64_t version;                     /* of its sharing */
	const struct sharebus_grant *grants; /* users by name, then groups by name; none expired */
	size_t grant_count;
};

/* A workspace and who it is shared with. */
SHAREBUS_RESULT int sharebus_show(struct sharebus *client, const struct sharebus_id *workspace,
				  const struct sharebus_workspace **out);

enum sharebus_shared { SHAREBUS_SHARED_OR_NOT = 0, SHAREBUS_SHARED, SHAREBUS_NOT_SHARED };

/* All that is set must hold of a workspace. */
struct sharebus_query {
	struct sharebus_id as; /* who looks: only what she may see. Zero: everything, so ask
				* only for a service; never with an id that a person gave */
	bool with_me;          /* shared with her, directly or through a group; needs `as` */
	enum sharebus_shared shared;
	struct sharebus_id owner;
	struct sharebus_id with_user;  /* shared with this user, directly */
	struct sharebus_id with_group; /* shared with this group */
	struct sharebus_id after;      /* only those whose id is greater: to go on elsewhere */
};

struct sharebus_list;

/*
 * Begins a list. SHAREBUS_NOT_FOUND when a user or group of the query is not
 * there, or deleted. Nobody sees what she may not read: she sees what she owns and
 * what a check lets her read; admins of the organization and site owners see
 * all. The list is the caller's, and to be closed before the client.
 */
SHAREBUS_RESULT int sharebus_list_open(struct sharebus *client, const struct sharebus_query *query,
				       struct sharebus_list **out);

/*
 * The next page, in the order of ids, as it is now; *count 0: that was all.
 * *done of *total candidates have been looked at; both may be NULL.
 */
SHAREBUS_RESULT int sharebus_list_next(struct sharebus_list *list,
				       const struct sharebus_workspace **page, size_t *count);
SHAREBUS_API void sharebus_list_progress(const struct sharebus_list *list, size_t *done,
					 size_t *total);
SHAREBUS_API void sharebus_list_close(struct sharebus_list **list);

#ifdef __cplusplus
}
#endif

#endif
