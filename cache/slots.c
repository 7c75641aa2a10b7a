#include "cache/slots.h"

#include "ops/support/memory.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535, CRC_POLYNOMIAL = 0x1021 };

/* ---- keys ---- */

/* Bit by bit, for the tag of a partition has few digits. */
static unsigned crc16_of(struct bytes b)
{
	unsigned crc = 0;

	for (size_t i = 0; i < b.len; i++) {
		crc ^= (unsigned)b.data[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? (crc << 1) ^ CRC_POLYNOMIAL : crc << 1;
	}
	return crc & 0xffff;
}

/* What is between the first { and the next }, if that is anything; else the whole key. */
static struct bytes hash_tag(struct bytes key)
{
	const uint8_t *end = key.data + key.len;
	const uint8_t *open = key.len ? memchr(key.data, '{', key.len) : NULL;
	const uint8_t *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;

	if (!close || close == open + 1)
		return key;
	return (struct bytes){ open + 1, (size_t)(close - open) - 1 };
}

unsigned slot_of(struct bytes key)
{
	return crc16_of(hash_tag(key)) % SLOT_COUNT;
}

/* ---- the map ---- */

void slot_map_done(struct slot_map *m)
{
	free(m->nodes);
	*m = (struct slot_map){ 0 };
}

unsigned slot_map_find(const struct slot_map *m, const struct slot_node *node)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->nodes[i].port == node->port && strcmp(m->nodes[i].host, node->host) == 0)
			return (unsigned)i;
	return SLOT_UNSERVED;
}

bool slot_map_equal(const struct slot_map *a, const struct slot_map *b)
{
	uint16_t same[SLOT_NODES_MAX];

	for (size_t i = 0; i < a->count; i++)
		same[i] = (uint16_t)slot_map_find(b, &a->nodes[i]);
	for (size_t i = 0; i < SLOT_COUNT; i++) {
		bool served = a->owner[i] != SLOT_UNSERVED;

		if (served != (b->owner[i] != SLOT_UNSERVED) ||
		    (served && same[a->owner[i]] != b->owner[i]))
			return false;
	}
	return true;
}

/* A host as a name, "" and nil for the one that was asked, "?" for one that is not known. */
static bool read_host(const redisReply *r, const char *asked, char out[static SLOT_HOST_SIZE])
{
	const char *text = r->type == REDIS_REPLY_STRING ? r->str : NULL;

	if (!text && r->type != REDIS_REPLY_NIL)
		return false;
	if (text && strlen(text) != r->len)
		return false;
	if (!text || !*text)
		text = asked ? asked : "?";
	if (strlen(text) >= SLOT_HOST_SIZE || strpbrk(text, " \t\r\n@/[]"))
		return false;
	(void)stpcpy(out, text);
	return true;
}

/* [host, port, …] */
static bool read_node(const redisReply *r, const char *asked, struct slot_node *out)
{
	if (r->type != REDIS_REPLY_ARRAY || r->elements < 2 ||
	    r->element[1]->type != REDIS_REPLY_INTEGER || r->element[1]->integer < 1 ||
	    r->element[1]->integer > PORT_MAX)
		return false;
	out->port = (int)r->element[1]->integer;
	return read_host(r->element[0], asked, out->host);
}

/* The number of the node in the map, to which it is added if need be. False: there are too many. */
static bool number_node(struct slot_map *m, const struct slot_node *node, unsigned *out)
{
	unsigned found = slot_map_find(m, node);

	if (strcmp(node->host, "?") != 0 && found == SLOT_UNSERVED) {
		if (m->count == SLOT_NODES_MAX)
			return false;
		m->nodes = memory_grow(m->nodes, &m->cap, m->count + 1, sizeof(*m->nodes));
		m->nodes[m->count] = *node;
		found = (unsigned)m->count++;
	}
	*out = found;
	return true;
}

static bool is_slot(const redisReply *r)
{
	return r->type == REDIS_REPLY_INTEGER && r->integer >= 0 && r->integer < SLOT_COUNT;
}

/* [first, last, master, replica, …] */
static bool read_range(struct slot_map *m, const redisReply *r, const char *asked)
{
	struct slot_node node;
	unsigned number;

	if (r->type != REDIS_REPLY_ARRAY || r->elements < 3 || !is_slot(r->element[0]) ||
	    !is_slot(r->element[1]) || r->element[0]->integer > r->element[1]->integer)
		return false;
	if (!read_node(r->element[2], asked, &node) || !number_node(m, &node, &number))
		return false;
	for (long long i = r->element[0]->integer; i <= r->element[1]->integer; i++) {
		if (m->owner[i] != SLOT_UNSERVED)
			return false; /* a slot has one master */
		m->owner[i] = (uint16_t)number;
	}
	return true;
}

int slot_map_parse(struct slot_map *out, const struct redisReply *reply, const char *asked,
		   const char *address, struct error *err)
{
	struct slot_map m = { 0 };
	bool good = reply->type == REDIS_REPLY_ARRAY;

	memset(m.owner, 0xff, sizeof(m.owner)); /* SLOT_UNSERVED */
	for (size_t i = 0; good && i < reply->elements; i++)
		good = read_range(&m, reply->element[i], asked);
	if (good) {
		*out = m;
		return 0;
	}
	slot_map_done(&m);
	return error_set(err, ERROR_UNAVAILABLE,
			 "Redis at %s says no possible slots of a cluster; connect to the nodes "
			 "themselves",
			 address);
}
