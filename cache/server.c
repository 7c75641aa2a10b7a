#include "cache/server.h"

#include "cache/redis.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void server_append_read(struct pipeline *p)
{
	static const char *const memory[] = { "INFO", "memory", NULL };
	static const char *const stats[] = { "INFO", "stats", NULL };

	pipeline_texts(p, memory);
	pipeline_texts(p, stats);
}

/* The value of a line "name:value"; absent when there is no such line. */
static struct bytes find_value(struct bytes info, const char *name)
{
	const char *at = info.data ? strstr((const char *)info.data, name) : NULL;

	if (!at)
		return (struct bytes){ 0 };
	at += strlen(name);
	return (struct bytes){ (const uint8_t *)at, strcspn(at, "\r\n") };
}

void server_parse(struct server *out, struct redisReply *const *replies)
{
	struct bytes policy = find_value(reply_bytes(replies[0]), "maxmemory_policy:");
	struct bytes evicted = find_value(reply_bytes(replies[1]), "evicted_keys:");

	*out = (struct server){ 0 };
	if (policy.data)
		(void)snprintf(out->policy, sizeof(out->policy), "%.*s", BYTES_ARG(policy));
	if (evicted.data)
		out->evicted = strtoll((const char *)evicted.data, NULL, 10);
}

int server_check(const struct server *s, const char *address, struct error *err)
{
	if (!*s->policy || strcmp(s->policy, "noeviction") == 0)
		return 0;
	return error_set(err, ERROR_REFUSED,
			 "Redis at %s may evict keys (maxmemory-policy is %s), and an evicted key "
			 "would look like a missing grant; set maxmemory-policy to noeviction",
			 address, s->policy);
}

bool server_has_evicted(const struct server *before, const struct server *now)
{
	if (now->evicted < before->evicted)
		return now->evicted > 0;
	return now->evicted > before->evicted;
}
