#ifndef SB_CACHE_CLUSTER_H
#define SB_CACHE_CLUSTER_H

/*
 * A Redis Cluster: which node serves which slot, a connection to each node that we
 * need, and pipelines that go to several of them.
 *
 * What a node says of the slots is believed until one says that a slot has moved, or
 * does not answer. Then it is asked again, before the next round trip. While a slot is
 * being moved key by key, both of its nodes refuse what concerns keys that are with
 * the other; that is left as the error that it is, and nobody is asked elsewhere for
 * single keys: a partition changes in one step, and where its keys are is only known
 * once all of them have moved.
 */

#include "cache/greeting.h"
#include "cache/route.h"

struct cluster;

/*
 * Makes a cluster of what the slots say, the reply of a node that was reached as `at`
 * over *l. The link becomes the cluster's, and *l NULL, if it is one to a master; else
 * it is left alone. *g->losses rises each time a connection is lost, or a slot goes to
 * another node. *out is the caller's, for cluster_free().
 */
MUST_USE int cluster_new(struct cluster **out, const struct greeting *g, struct link **l,
			 const struct address_host *at, const struct redisReply *slots,
			 struct error *err);

/* Closes all connections, and sets *c NULL. *c may be NULL. */
void cluster_free(struct cluster **c);

/* Is there a connection to any node? */
bool cluster_is_connected(const struct cluster *c);

/* Must the nodes be asked for the slots again? */
bool cluster_is_stale(const struct cluster *c);

/*
 * Asks the nodes that are known for the slots, until one has answered. On failure the
 * cluster is of no use any more: other nodes may have taken the place of all of them.
 */
MUST_USE int cluster_refresh(struct cluster *c, int64_t deadline_ms, struct error *err);

/* The number of the node that serves the slot, or SLOT_UNSERVED. Another after a refresh. */
unsigned cluster_node(const struct cluster *c, unsigned slot);

/* Writes "host:port" of the node, or "" for SLOT_UNSERVED. */
void cluster_name_node(const struct cluster *c, unsigned node, char *out, size_t size);

/*
 * A round trip as redis.h says, with the replies in the order of the commands. Where
 * the commands go to several nodes, those before a barrier (resp.h) are answered
 * before those after it are sent; others are under way at the same time. When a slot
 * has moved, the pipeline is sent again if route_is_repeatable(); else the replies say
 * so. After an error nobody knows which nodes have carried out their part.
 */
MUST_USE int cluster_roundtrip(struct cluster *c, const struct pipeline *p, int64_t deadline_ms,
			       struct replies *out, struct error *err);

#endif
