#ifndef SB_CACHE_TARGET_H
#define SB_CACHE_TARGET_H

/* Which Redis, and who we are there. All texts are borrowed; NULL: not given. */

#include "ops/support/config.h"

struct redis_target {
	const char *address;       /* see address.h */
	const char *password;      /* beats that of the address */
	const char *password_file; /* beats both; read at each connecting, without its line's end */
	const char *ca;            /* for TLS, see stream.h */
	const char *cert;
	const char *key;
};

/* From the settings redis, redis-password, redis-password-file, redis-ca, redis-cert, redis-key. */
static inline struct redis_target redis_target_from(const struct config *c)
{
	return (struct redis_target){
		.address = config_get(c, "redis"),
		.password = config_get(c, "redis-password"),
		.password_file = config_get(c, "redis-password-file"),
		.ca = config_get(c, "redis-ca"),
		.cert = config_get(c, "redis-cert"),
		.key = config_get(c, "redis-key"),
	};
}

#endif
