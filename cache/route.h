#ifndef SB_CACHE_ROUTE_H
#define SB_CACHE_ROUTE_H

/*
 * Which node of a cluster each command of a pipeline goes to, and in which parts a
 * pipeline is sent that goes to several. A command goes where its key is. One without
 * a key goes with its neighbours: MULTI and UNWATCH with the next key, the others
 * (EXEC, TIME, INFO, SCAN) with the one before, or the first if there is none. So
 * whoever wants the time of a partition's node asks for it after a key of the
 * partition. Pure.
 */

#include "cache/replies.h"
#include "cache/resp.h"
#include "cache/slots.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

/* Starts as all zero; memory is kept from one pipeline to the next. */
struct route {
	uint16_t *nodes; /* of each command */
	size_t cap;
	bool is_single;  /* all go to nodes[0] */
	bool is_reading; /* none changes anything, so that all can be repeated */
	bool has_transaction;
};

/* The commands that go to one node, and its replies. Starts as all zero. */
struct part {
	struct pipeline pipeline;
	struct replies replies;
	size_t taken;    /* of the replies, by route_merge() */
	bool is_pending; /* sent, and not answered */
};

/*
 * Routes a pipeline of at least one command. ERROR_UNAVAILABLE when nobody serves the
 * slot of a key. `address` is the cluster that the message names.
 */
MUST_USE int route_pipeline(struct route *r, const struct pipeline *p, const struct slot_map *map,
			    const char *address, struct error *err);

/* Frees what it has. */
void route_done(struct route *r);

/*
 * Copies commands into the parts, which are empty and one for each node of the map:
 * those from number `from` to before `to`. *rest begins as the pipeline's bytes, and is
 * to be given again for the commands that follow.
 */
void route_split(const struct route *r, size_t from, size_t to, struct bytes *rest,
		 struct part *parts);

/*
 * Moves the replies to these commands from the parts to the end of *out, which has
 * room, in the order of the commands.
 */
void route_merge(const struct route *r, size_t from, size_t to, struct part *parts,
		 struct replies *out);

/*
 * May the pipeline be sent again after these replies, in which a node says that a
 * slot is another's? If it only reads, or if nothing of it was carried out; never
 * a transaction, whose watch is on the connection that it was sent on.
 */
bool route_is_repeatable(const struct route *r, const struct pipeline *p,
			 const struct replies *replies);

#endif
