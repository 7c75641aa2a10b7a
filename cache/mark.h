#ifndef SB_CACHE_MARK_H
#define SB_CACHE_MARK_H

/*
 * The mark of a partition: how far it has been applied, which owner's writes
 * are accepted, and to which deployment this Redis belongs. It changes in the
 * same atomic step as the data it speaks of. Whoever reads data reads the mark
 * before and behind it, in the same pipeline.
 *
 * A partition and the directory change independently. `directory` says how far
 * the directory must be for an answer that rests on both: as far as the author
 * of a command had seen it. Else who was taken out of a group before something was
 * shared with it would slip in.
 */

#include "cache/keys.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/deployment.h"

struct redisReply;

enum { INDEX_LAYOUT = 2 };

enum mark_state {
	MARK_MISSING,    /* Redis does not know this partition: new, or emptied */
	MARK_REBUILDING, /* an owner is loading it; readers must wait */
	MARK_READY,      /* what the index says is true as of `applied` */
};

struct mark {
	enum mark_state state;
	int64_t epoch;   /* rises with every owner */
	int64_t applied; /* the next offset whose command is not yet in Redis */
	struct deployment deployment;
	int layout;
	int64_t directory; /* how far the authors of what is applied had seen the directory */
};

/* Appends the command that reads the mark of the partition k. */
void mark_append_read(struct pipeline *p, const struct keys *k);

/*
 * Takes its reply. A reply that is no mark gives MARK_MISSING. What an index of
 * an older layout holds cannot be read: its mark gives MARK_REBUILDING, for its
 * next owner loads it anew, and until then readers must wait.
 */
void mark_parse(struct mark *out, const struct redisReply *reply);

/* Appends the command that writes the whole mark. topic is stored for people who look. */
void mark_append_write(struct pipeline *p, const struct keys *k, const struct mark *m,
		       const char *topic);

/* Same owner, same state, same place? */
bool mark_equal(const struct mark *a, const struct mark *b);

/* Appends the command that moves `applied` and `directory`. */
void mark_append_applied(struct pipeline *p, const struct keys *k, int64_t applied,
			 int64_t directory);

/*
 * While a partition is rebuilt its mark also says how far that is, in fields
 * of their own, for people: `loaded` of `goal` offsets of its changelog.
 */
void mark_append_loading(struct pipeline *p, const struct keys *k, int64_t loaded, int64_t goal);
void mark_append_loaded(struct pipeline *p, const struct keys *k);

/*
 * 0 when the mark, if there is one, belongs to this deployment and is of no
 * newer layout; else ERROR_REFUSED with a sentence that says whose it is.
 * address names the Redis in it.
 */
MUST_USE int mark_check(const struct mark *m, const struct deployment *d, const char *address,
			struct error *err);

#endif
