#include "cache/server.h"

#include "cache/redis.h"
#include "ops/support/memory.h"

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

static bool evicts_keys(const struct server *s)
{
	return *s->policy && strcmp(s->policy, "noeviction") != 0;
}

void servers_done(struct servers *s)
{
	free(s->list);
	*s = (struct servers){ 0 };
}

size_t servers_append_read(struct pipeline *p, const struct sweep *s)
{
	size_t before = p->commands;

	if (!s->is_cluster) {
		server_append_read(p);
		return SERVER_REPLIES;
	}
	for (size_t i = sweep_next_node(s, 0); i < s->count; i = sweep_next_node(s, i + 1)) {
		sweep_append_lead(p, &s->keys[i]);
		server_append_read(p);
	}
	return p->commands - before;
}

static struct server *add_server(struct servers *s)
{
	s->list = memory_grow(s->list, &s->cap, s->count + 1, sizeof(*s->list));
	s->list[s->count] = (struct server){ 0 };
	return &s->list[s->count++];
}

static bool has_answered(struct redisReply *const *replies)
{
	return reply_bytes(replies[0]).data && reply_bytes(replies[1]).data;
}

void servers_parse(struct servers *out, const struct sweep *s, struct redisReply *const *replies,
		   size_t count)
{
	size_t lead = s->is_cluster ? 1 : 0;
	size_t node = sweep_next_node(s, 0);

	out->count = 0;
	if (s->is_cluster != redis_is_cluster(s->redis))
		return; /* that was only found now, and nobody knows which node was asked */
	for (size_t i = lead; i + SERVER_REPLIES <= count && node < s->count;
	     i += lead + SERVER_REPLIES) {
		if (has_answered(&replies[i])) {
			struct server *one = add_server(out);

			server_parse(one, &replies[i]);
			redis_name_node(s->redis, keys_base(&s->keys[node]), one->node);
		}
		node = sweep_next_node(s, node + 1);
	}
}

int servers_check(const struct servers *s, const char *address, struct error *err)
{
	size_t i = 0;

	while (i < s->count && !evicts_keys(&s->list[i]))
		i++;
	if (i == s->count)
		return 0;
	return error_set(err, ERROR_REFUSED,
			 "Redis at %s may evict keys (maxmemory-policy is %s), and an evicted key "
			 "would look like a missing grant; set maxmemory-policy to noeviction",
			 *s->list[i].node ? s->list[i].node : address, s->list[i].policy);
}

static struct server *find_server(const struct servers *s, const char *node)
{
	for (size_t i = 0; i < s->count; i++)
		if (strcmp(s->list[i].node, node) == 0)
			return &s->list[i];
	return NULL;
}

static bool has_evicted(const struct server *before, const struct server *now)
{
	if (now->evicted < before->evicted)
		return now->evicted > 0;
	return now->evicted > before->evicted;
}

const struct server *servers_note(struct servers *known, const struct servers *now)
{
	const char *evicting = NULL;

	for (size_t i = 0; i < now->count; i++) {
		struct server *one = find_server(known, now->list[i].node);

		if (one && has_evicted(one, &now->list[i]) && !evicting)
			evicting = now->list[i].node;
		if (!one)
			one = add_server(known);
		*one = now->list[i];
	}
	return evicting ? find_server(known, evicting) : NULL;
}
