#ifndef SB_CACHE_MARK_H
#define SB_CACHE_MARK_H

/*
 * The mark of a partition says how far the partition has been applied, which
 * owner's writes Redis accepts, and which deployment this Redis belongs to. It
 * changes in the same atomic step as the data that it vouches for. Every
 * question to the index reads the mark before and after the data, in one
 * pipeline. The directory has a mark of its own.
 *
 * Partitions and the directory change independently, but an answer rests on
 * both. A partition's mark therefore also says, in `directory`, how much of the
 * directory its commands' authors had seen; no answer rests on less. Without
 * that, a user removed from a group before a share could gain access through
 * it.
 *
 * Commands and replies only; nothing here blocks.
 */

#include "cache/keys.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/deployment.h"

struct redisReply;

enum { INDEX_LAYOUT = 3 };

enum mark_state {
	MARK_MISSING,    /* Redis does not have this partition: it is new or was emptied */
	MARK_REBUILDING, /* its owner is loading it; readers must wait */
	MARK_READY,      /* its data is complete as of `applied` */
};

struct mark {
	enum mark_state state;
	int64_t epoch;   /* which owner's writes are accepted; rises with every owner */
	int64_t applied; /* the next offset whose command is not yet in Redis */
	struct deployment deployment;
	int layout;
	int64_t directory; /* answers need every offset of sharing.directory before this one */
};

/* Appends the command that reads the mark of the partition that k names. */
void mark_append_read(struct pipeline *p, const struct keys *k);

/*
 * Sets *out from the reply to that command. A reply that is not a mark gives
 * MARK_MISSING. A mark of an older layout gives MARK_REBUILDING instead of
 * MARK_READY: this program cannot read its data, and its next owner loads it
 * anew.
 */
void mark_parse(struct mark *out, const struct redisReply *reply);

/*
 * Appends the command that writes the whole mark, with the layout of this
 * program. The topic is stored for people who look into Redis.
 */
void mark_append_write(struct pipeline *p, const struct keys *k, const struct mark *m,
		       const char *topic);

/* Are both marks of the same owner, in the same state and at the same offset? */
bool mark_equal(const struct mark *a, const struct mark *b);

/* Appends the command that sets `applied` and `directory`. */
void mark_append_applied(struct pipeline *p, const struct keys *k, int64_t applied,
			 int64_t directory);

/*
 * Appends the command that notes the progress of a rebuild beside the mark:
 * `loaded` of `goal` offsets of the partition's changelog. Only people look at
 * these two fields.
 */
void mark_append_loading(struct pipeline *p, const struct keys *k, int64_t loaded, int64_t goal);

/* Appends the command that removes these two fields again. */
void mark_append_loaded(struct pipeline *p, const struct keys *k);

/*
 * Returns 0 when there is no mark, or the mark belongs to this deployment and
 * is not of a newer layout; otherwise ERROR_REFUSED. `address` is the Redis
 * that the message names.
 */
MUST_USE int mark_check(const struct mark *m, const struct deployment *d, const char *address,
			struct error *err);

#endif
