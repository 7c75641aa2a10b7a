#ifndef SB_CACHE_TROUBLE_H
#define SB_CACHE_TROUBLE_H

/*
 * What keeps the owner of a partition, or of the directory, from going on, for
 * people. The owner writes it while it lasts and deletes it when it is over; so
 * what a process that has died was troubled by remains.
 *
 *   sb:{p}:trouble   hash: `text` a sentence, `since` and `seen` when it began
 *                    and when it was last written (ms since 1970), `by` the
 *                    consumer's instance name
 *
 * It stands beside the mark, not in it: it must be written also by an owner that
 * cannot claim the mark, and without disturbing those who watch the mark.
 * Nothing else depends on it.
 */

#include "cache/index.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"

struct trouble {
	struct bytes text; /* absent: there is none */
	int64_t since_ms;  /* unix time */
	int64_t seen_ms;   /* unix time */
	struct bytes instance;
};

/*
 * Writes list[i] for partitions[i] (KEYS_DIRECTORY is the directory), or deletes
 * what is there if its text is absent. Blocks and fails as index.h says.
 */
MUST_USE int trouble_write(struct index *ix, const int *partitions, const struct trouble *list,
			   size_t count, struct error *err);

/* Appends the command that reads the trouble of what k names. */
void trouble_append_read(struct pipeline *p, const struct keys *k);

/* Sets *out from the reply to it, copied to the arena. What is broken counts as none. */
void trouble_parse(struct trouble *out, const struct redisReply *reply, struct arena *arena);

#endif
