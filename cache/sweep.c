#include "cache/sweep.h"

#include <assert.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * A cursor has the number of a partition, which stands for its node, in its upper 16 bits, and
 * the cursor of SCAN there in the others. Redis counts its buckets and slots in them: it would
 * need 2^34 keys on a node to have more.
 */
enum { PARTITION_SHIFT = 48, PARTITIONS_END = 1 << 16 };

static const uint64_t CURSOR_MASK = (UINT64_C(1) << PARTITION_SHIFT) - 1;

struct sweep sweep_of(const struct redis *redis, const struct keys *keys, size_t count)
{
	assert(count < PARTITIONS_END);
	return (struct sweep){
		.redis = redis,
		.keys = keys,
		.count = count,
		.is_cluster = redis_is_cluster(redis),
		.connection = redis_connection(redis),
	};
}

static bool is_wanted(const struct sweep *s, size_t i)
{
	return !s->wanted || s->wanted[i];
}

static bool is_first_of_node(const struct sweep *s, size_t i)
{
	unsigned node = redis_node(s->redis, keys_base(&s->keys[i]));

	for (size_t before = 0; before < i; before++)
		if (is_wanted(s, before) &&
		    redis_node(s->redis, keys_base(&s->keys[before])) == node)
			return false;
	return true;
}

size_t sweep_next_node(const struct sweep *s, size_t from)
{
	while (from < s->count && !(is_wanted(s, from) && is_first_of_node(s, from)))
		from++;
	return from;
}

static void append_type(struct pipeline *p, const struct keys *k, const char *kind)
{
	pipeline_command(p, 2);
	pipeline_text(p, "TYPE");
	pipeline_key(p, k, kind, NULL);
}

void sweep_append_lead(struct pipeline *p, const struct keys *k)
{
	append_type(p, k, "mark");
}

void sweep_append_absent(struct pipeline *p, const struct keys *k)
{
	append_type(p, k, "none");
}

size_t sweep_replies(const struct sweep *s)
{
	size_t count = 1;

	if (!s->is_cluster)
		return count;
	for (size_t i = 0; i < s->count; i++)
		count += is_wanted(s, i);
	return count + 1;
}

size_t sweep_scan_reply(const struct sweep *s)
{
	return s->is_cluster ? 1 : 0;
}

/* The partition that stands for the node of the step; at the beginning the first that is wanted. */
static size_t place_of(const struct sweep *s, uint64_t cursor)
{
	size_t at = cursor ? (size_t)(cursor >> PARTITION_SHIFT) : sweep_next_node(s, 0);

	return at < s->count ? at : 0;
}

/*
 * Who is asked for what is never there is asked after SCAN, so that it shows whether
 * keys had begun to move before SCAN was done.
 */
void sweep_append(const struct sweep *s, struct pipeline *p, const char *pattern, uint64_t cursor)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64,
		       s->is_cluster ? cursor & CURSOR_MASK : cursor);
	if (s->is_cluster)
		sweep_append_lead(p, &s->keys[place_of(s, cursor)]);
	pipeline_scan(p, &s->keys[0], pattern, text);
	for (size_t i = 0; s->is_cluster && i < s->count; i++)
		if (is_wanted(s, i))
			sweep_append_absent(p, &s->keys[i]);
}

/* The cursor after a step on the node of a cluster. */
static uint64_t next_cursor(const struct sweep *s, uint64_t cursor, uint64_t there)
{
	size_t at = place_of(s, cursor);

	if (!there) {
		at = sweep_next_node(s, at + 1);
		return at == s->count ? 0 : (uint64_t)at << PARTITION_SHIFT;
	}
	return (uint64_t)at << PARTITION_SHIFT | there;
}

bool sweep_is_over(const struct sweep *s)
{
	return s->connection != redis_connection(s->redis) ||
	       s->is_cluster != redis_is_cluster(s->redis);
}

int sweep_take(const struct sweep *s, const struct redisReply *scan, uint64_t *cursor,
	       const struct redisReply **keys, struct error *err)
{
	uint64_t there = strtoull(text_of(reply_bytes(scan->element[0])), NULL, 10);

	if ((s->is_cluster || redis_is_cluster(s->redis)) && sweep_is_over(s))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the nodes of Redis at %s have changed while its keys were walked "
				 "over; try again shortly",
				 redis_address(s->redis));
	if (s->is_cluster && there > CURSOR_MASK)
		return error_set(err, ERROR_UNAVAILABLE,
				 "a node of Redis at %s gives a cursor that is larger than any",
				 redis_address(s->redis));
	*cursor = s->is_cluster ? next_cursor(s, *cursor, there) : there;
	*keys = scan->element[1];
	return 0;
}
