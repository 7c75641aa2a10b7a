#include "cache/cluster.h"

#include "ops/support/clock.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* Of one round trip. Two nodes may differ for a moment about who has a slot. */
	MOVES_MAX = 3,
	NAME_SIZE = SLOT_HOST_SIZE + 16,
	NO_REPLY = -1,
	/*
	 * A node that could not be reached is left alone for a second, or for four times as
	 * long as it took to find that out: one that hangs must not take most of our time.
	 */
	REST_MIN_MS = 1000,
	REST_FACTOR = 4,
};

/* A node of the map. */
struct peer {
	struct link *link;   /* NULL: not needed yet */
	int64_t rests_until; /* it could not be reached, and is not tried before; monotonic */
	struct error why;    /* if so: what it was */
};

struct cluster {
	struct greeting greeting;
	struct slot_map map;
	struct peer *peers; /* of each node of the map */
	struct part *parts; /* of each node; empty but during a round trip */
	bool stale;
	struct route route;
	struct replies slots; /* scratch: an answer about slots */
};

/* ---- nodes ---- */

static void free_nodes(struct cluster *c)
{
	for (size_t i = 0; i < c->map.count; i++) {
		link_free(&c->peers[i].link);
		pipeline_done(&c->parts[i].pipeline);
		replies_done(&c->parts[i].replies);
	}
	free(c->peers);
	free(c->parts);
	slot_map_done(&c->map);
}

void cluster_free(struct cluster **cp)
{
	struct cluster *c = *cp;

	if (!c)
		return;
	free_nodes(c);
	route_done(&c->route);
	replies_done(&c->slots);
	free(c);
	*cp = NULL;
}

static bool is_open(const struct cluster *c, size_t node)
{
	return c->peers[node].link && link_is_open(c->peers[node].link);
}

bool cluster_is_connected(const struct cluster *c)
{
	for (size_t i = 0; i < c->map.count; i++)
		if (is_open(c, i))
			return true;
	return false;
}

bool cluster_is_stale(const struct cluster *c)
{
	return c->stale;
}

unsigned cluster_node(const struct cluster *c, unsigned slot)
{
	return c->map.owner[slot];
}

void cluster_name_node(const struct cluster *c, unsigned node, char *out, size_t size)
{
	*out = '\0';
	if (node != SLOT_UNSERVED)
		(void)address_format_host(
			out, size,
			&(struct address_host){ c->map.nodes[node].host, c->map.nodes[node].port });
}

/* Goes on with another map. Connections to nodes that are in both of them stay. */
static void install_map(struct cluster *c, struct slot_map *map)
{
	struct peer *peers = memory_zalloc(map->count + 1, sizeof(*peers));

	if (c->map.count && !slot_map_equal(&c->map, map))
		(*c->greeting
			  .losses)++; /* a watch on the old owner's connection is worth nothing now */
	for (size_t i = 0; i < c->map.count; i++) {
		unsigned at = slot_map_find(map, &c->map.nodes[i]);

		if (at == SLOT_UNSERVED)
			continue;
		peers[at] = c->peers[i];
		c->peers[i].link = NULL;
	}
	free_nodes(c);
	c->map = *map;
	c->peers = peers;
	c->parts = memory_zalloc(map->count + 1, sizeof(*c->parts));
	c->stale = false;
}

int cluster_new(struct cluster **out, const struct greeting *g, struct link **l,
		const struct address_host *at, const struct redisReply *slots, struct error *err)
{
	struct slot_node asked = { .port = at->port };
	struct slot_map map;
	struct cluster *c;
	unsigned mine;
	int rc = slot_map_parse(&map, slots, at->port ? at->name : NULL, link_name(*l), err);

	if (rc)
		return rc;
	c = memory_zalloc(1, sizeof(*c));
	c->greeting = *g;
	install_map(c, &map);
	if (strlen(at->name) < sizeof(asked.host))
		(void)stpcpy(asked.host, at->name);
	mine = slot_map_find(&c->map, &asked);
	if (mine != SLOT_UNSERVED) {
		c->peers[mine].link = *l;
		*l = NULL;
	}
	*out = c;
	return 0;
}

/* A server that is in no cluster any more knows nothing of slots. */
static int check_member(struct cluster *c, const struct link *l, struct error *err)
{
	enum login_cluster kind;
	int rc = login_take_slots(c->slots.list[0], link_name(l), &kind, err);

	if (rc || kind != LOGIN_ALONE)
		return rc;
	return error_set(err, ERROR_UNAVAILABLE,
			 "Redis at %s is in no cluster, though slots are said to be there",
			 link_name(l));
}

static int open_peer(struct cluster *c, unsigned node, int64_t deadline_ms, struct error *err)
{
	const struct address_host at = { c->map.nodes[node].host, c->map.nodes[node].port };
	struct link *l = c->peers[node].link;
	int rc = greeting_open(&c->greeting, l, &at, deadline_ms, &c->slots, err);

	if (rc)
		return rc;
	rc = check_member(c, l, err);
	if (rc)
		link_close(l);
	return rc;
}

/* Opens the connection to a node unless it is open. */
static int reach_node(struct cluster *c, unsigned node, int64_t deadline_ms, struct error *err)
{
	struct peer *peer = &c->peers[node];
	int64_t begin_ms = clock_monotonic_ms();
	char name[NAME_SIZE];
	int64_t rest_ms;
	int rc = 0;

	if (is_open(c, node))
		return 0;
	if (begin_ms < peer->rests_until)
		return error_set(err, peer->why.code, "%s", peer->why.text);
	if (!peer->link) {
		cluster_name_node(c, node, name, sizeof(name));
		rc = link_new(&peer->link, name, c->greeting.losses, err);
	}
	if (rc)
		return rc;
	rc = open_peer(c, node, deadline_ms, &peer->why);
	if (!rc)
		return 0;
	rest_ms = REST_FACTOR * (clock_monotonic_ms() - begin_ms);
	peer->rests_until = clock_monotonic_ms() + (rest_ms > REST_MIN_MS ? rest_ms : REST_MIN_MS);
	return error_set(err, rc, "%s", peer->why.text);
}

/* ---- slots ---- */

/* Asks a node for the slots. */
static int ask_node(struct cluster *c, unsigned node, int64_t deadline_ms, struct error *err)
{
	struct slot_map map;
	int rc = reach_node(c, node, deadline_ms, err);

	if (!rc)
		rc = greeting_ask_slots(c->peers[node].link, deadline_ms, &c->slots, err);
	if (!rc)
		rc = reply_check(c->slots.list[0], link_name(c->peers[node].link), err);
	if (!rc)
		rc = slot_map_parse(&map, c->slots.list[0], c->map.nodes[node].host,
				    link_name(c->peers[node].link), err);
	if (!rc)
		install_map(c, &map);
	return rc;
}

/* First those that we are connected with. Each has its share of the time that is left. */
int cluster_refresh(struct cluster *c, int64_t deadline_ms, struct error *err)
{
	bool *asked = memory_zalloc(c->map.count + 1, sizeof(*asked));
	size_t left = c->map.count;
	int rc = error_set(err, ERROR_UNAVAILABLE, "no node of the Redis cluster at %s is known",
			   c->greeting.address->text);

	for (int open = 1; open >= 0; open--)
		for (size_t i = 0; rc && left && i < c->map.count; i++) {
			int64_t now_ms = clock_monotonic_ms();

			if (asked[i] || (open && !is_open(c, i)))
				continue;
			asked[i] = true;
			rc = ask_node(c, (unsigned)i,
				      now_ms + (deadline_ms - now_ms) / (int64_t)left--, err);
		}
	free(asked);
	return rc;
}

/* ---- round trips ---- */

/* Nobody will read what the node still has to say to its part. */
static void drop_part(struct cluster *c, size_t node)
{
	struct part *part = &c->parts[node];

	if (part->is_pending && is_open(c, node))
		link_close(c->peers[node].link);
	part->is_pending = false;
}

static void clear_parts(struct cluster *c)
{
	for (size_t i = 0; i < c->map.count; i++) {
		struct part *part = &c->parts[i];

		drop_part(c, i);
		replies_clear(&part->replies);
		pipeline_trim(&part->pipeline);
		part->taken = 0;
	}
}

/* The replies to all parts of a stage, as far as they have been got. */
struct exchange {
	int64_t deadline_ms;
	size_t left;      /* parts that are neither answered nor failed */
	bool any;         /* one was answered */
	struct error why; /* of the first part that failed */
};

/* One node must not take all the time while others are left. */
static int64_t share_deadline(const struct exchange *x)
{
	int64_t now_ms = clock_monotonic_ms();

	if (x->left <= 1 || now_ms >= x->deadline_ms)
		return x->deadline_ms;
	return now_ms + (x->deadline_ms - now_ms) * 3 / 4;
}

static int send_part(struct cluster *c, size_t node, int64_t deadline_ms, struct error *err)
{
	struct part *part = &c->parts[node];
	int rc = reach_node(c, (unsigned)node, deadline_ms, err);

	if (rc)
		return rc;
	part->is_pending = true;
	return link_send(c->peers[node].link, &part->pipeline, deadline_ms, err);
}

static int receive_part(struct cluster *c, size_t node, int64_t deadline_ms, struct error *err)
{
	struct part *part = &c->parts[node];
	int rc = replies_reserve(&part->replies, part->pipeline.commands, err);

	if (!rc)
		rc = link_receive(c->peers[node].link, &part->pipeline, deadline_ms, &part->replies,
				  err);
	part->is_pending = rc != 0;
	return rc;
}

/* What a node that fails would have answered becomes errors that say why. */
static int fail_part(struct cluster *c, size_t node, struct exchange *x, const struct error *why,
		     struct error *err)
{
	struct part *part = &c->parts[node];

	drop_part(c, node);
	c->stale = true;
	x->left--;
	if (!x->why.code)
		x->why = *why;
	if (why->code == ERROR_NOMEM)
		return error_set(err, why->code, "%s", why->text);
	return replies_fail(&part->replies, part->pipeline.commands, why, err);
}

static int send_parts(struct cluster *c, bool open, struct exchange *x, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->map.count; i++) {
		struct part *part = &c->parts[i];
		struct error why = { 0 };

		if (!part->pipeline.commands || part->is_pending || part->replies.count ||
		    is_open(c, i) != open)
			continue;
		if (send_part(c, i, share_deadline(x), &why))
			rc = fail_part(c, i, x, &why, err);
	}
	return rc;
}

static int receive_parts(struct cluster *c, struct exchange *x, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < c->map.count; i++) {
		struct error why = { 0 };

		if (!c->parts[i].is_pending)
			continue;
		if (receive_part(c, i, share_deadline(x), &why)) {
			rc = fail_part(c, i, x, &why, err);
			continue;
		}
		x->any = true;
		x->left--;
	}
	return rc;
}

/*
 * Sends the parts, all before anything is read; then they are under way at the same time.
 * Nodes that have yet to be reached come last, for that may take long.
 */
static int exchange_parts(struct cluster *c, int64_t deadline_ms, struct error *err)
{
	struct exchange x = { .deadline_ms = deadline_ms };
	int rc;

	for (size_t i = 0; i < c->map.count; i++)
		x.left += c->parts[i].pipeline.commands > 0;
	rc = send_parts(c, true, &x, err);
	if (!rc)
		rc = send_parts(c, false, &x, err);
	if (!rc)
		rc = receive_parts(c, &x, err);
	if (!rc && !x.any)
		rc = error_set(err, x.why.code, "%s", x.why.text);
	return rc;
}

/* The commands from one barrier to the next, and the bytes of all that are left. */
struct stage {
	size_t from;
	size_t to;
	struct bytes rest;
};

static int exchange_stage(struct cluster *c, struct stage *s, int64_t deadline_ms,
			  struct replies *out, struct error *err)
{
	int rc;

	if (s->from == s->to)
		return 0;
	route_split(&c->route, s->from, s->to, &s->rest, c->parts);
	rc = exchange_parts(c, deadline_ms, err);
	if (!rc)
		route_merge(&c->route, s->from, s->to, c->parts, out);
	clear_parts(c);
	return rc;
}

static int exchange_stages(struct cluster *c, const struct pipeline *p, int64_t deadline_ms,
			   struct replies *out, struct error *err)
{
	struct stage s = { .rest = buffer_bytes(&p->bytes) };
	int rc = replies_reserve(out, p->commands, err);

	for (size_t i = 0; !rc && i <= p->barrier_count; i++) {
		s.to = i < p->barrier_count ? p->barriers[i] : p->commands;
		rc = exchange_stage(c, &s, deadline_ms, out, err);
		s.from = s.to;
	}
	return rc;
}

static int exchange_all(struct cluster *c, const struct pipeline *p, int64_t deadline_ms,
			struct replies *out, struct error *err)
{
	int rc;

	replies_clear(out);
	rc = route_pipeline(&c->route, p, &c->map, c->greeting.address->text, err);
	if (!rc && !c->route.is_single)
		return exchange_stages(c, p, deadline_ms, out, err);
	if (!rc)
		rc = reach_node(c, c->route.nodes[0], deadline_ms, err);
	return rc ? rc : link_exchange(c->peers[c->route.nodes[0]].link, p, deadline_ms, out, err);
}

/* The first reply that is such an error, or NO_REPLY. */
static long find_error(const struct replies *replies, const char *word)
{
	for (size_t i = 0; i < replies->count; i++)
		if (reply_is_error(replies->list[i], word))
			return (long)i;
	return NO_REPLY;
}

int cluster_roundtrip(struct cluster *c, const struct pipeline *p, int64_t deadline_ms,
		      struct replies *out, struct error *err)
{
	for (int moves = 0;; moves++) {
		int rc = exchange_all(c, p, deadline_ms, out, err);
		long moved;

		if (rc) {
			c->stale = true;
			replies_clear(out);
			return rc;
		}
		moved = find_error(out, "MOVED");
		c->stale = c->stale || moved >= 0 || find_error(out, "CLUSTERDOWN") >= 0 ||
			   find_error(out, "READONLY") >= 0;
		/* Whoever says that a slot has moved knows where to. */
		if (moved < 0 || ask_node(c, c->route.nodes[moved], deadline_ms, NULL) ||
		    moves == MOVES_MAX || !route_is_repeatable(&c->route, p, out))
			return 0;
	}
}
