#ifndef SB_CACHE_LOGIN_H
#define SB_CACHE_LOGIN_H

/*
 * What a new connection to Redis begins with: who we are, which database we want
 * and, with Sentinels, whether that server is the master. Commands and replies
 * only; nothing here connects.
 */

#include "cache/address.h"
#include "cache/resp.h"
#include "cache/stream.h"
#include "cache/target.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct redisReply;

struct login {
	const char *password;      /* NULL: that of the address, or none */
	const char *password_file; /* NULL: none */
	struct stream_tls tls;
	char *memory; /* of all these texts */
};

/* Copies what the target says. ERROR_NOMEM. */
MUST_USE int login_init(struct login *l, const struct redis_target *target, struct error *err);

/* Frees it; accepts zeros. */
void login_done(struct login *l);

/*
 * Appends the commands, which may be none. Reads the file of the password now, so
 * that a new one counts from the next connection on. ERROR_REFUSED: it cannot be
 * read, or is empty.
 */
MUST_USE int login_append(const struct login *l, const struct address *a, struct pipeline *p,
			  struct error *err);

/*
 * Checks the replies to them. ERROR_REFUSED: Redis does not accept who we are, or
 * has no such database; ERROR_UNAVAILABLE: it cannot serve now, or is not the master.
 * `name` is the server that the message names.
 */
MUST_USE int login_check(struct redisReply *const *replies, size_t count, const char *name,
			 struct error *err);

/* ---- clusters ---- */

enum login_cluster {
	LOGIN_ALONE,   /* the server is no node of a cluster, or of a kind that knows none */
	LOGIN_DENIED,  /* it does not tell us */
	LOGIN_CLUSTER, /* it is */
};

/*
 * Appends the command that asks the server what it is: HELLO, since Redis 6. A server
 * that is alone would count the question for slots as an error.
 */
void login_append_hello(struct pipeline *p);

/* Does the reply say that it is no node of a cluster? False as well when it does not tell. */
bool login_is_alone(const struct redisReply *hello);

/* Appends the command that asks for the slots, which shows whether the server is in a cluster. */
void login_append_slots(struct pipeline *p);

/* Sets *out from the reply to either. Fails as login_check() does. */
MUST_USE int login_take_slots(const struct redisReply *reply, const char *name,
			      enum login_cluster *out, struct error *err);

/* ---- Sentinels ---- */

enum { MASTER_HOST_SIZE = 256 };

struct master {
	char host[MASTER_HOST_SIZE];
	int port;
};

/* Appends the command that asks a Sentinel for the master of that name. */
void login_append_master(struct pipeline *p, const char *name);

/* Sets *out from the reply. ERROR_REFUSED: it knows no master of that name, or refuses. */
MUST_USE int login_take_master(const struct redisReply *reply, const char *name,
			       const char *sentinel, struct master *out, struct error *err);

#endif
