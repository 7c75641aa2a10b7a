#ifndef SB_CACHE_INSPECT_H
#define SB_CACHE_INSPECT_H

/*
 * Looks at what Redis holds of the index, for its owner, who wants to know
 * whether it is still what was written: whether it can be read, whether its
 * parts agree with each other, and whether it is all there. A value that can be
 * read and agrees with all others is believed.
 *
 * Inspecting changes nothing. The owner is the only one who writes to its
 * partitions, so nothing changes while it inspects; if it is no longer the
 * owner, it learns that: ERROR_FENCED.
 */

#include "cache/index.h"
#include "ops/support/arena.h"

enum key_kind {
	KEY_WORKSPACE,
	KEY_USER, /* of the reverse index, as the next */
	KEY_GROUP,
	KEY_OWNER,
	KEY_HANDOFF,
	KEY_WAITING_USER, /* for handoffs, as the next */
	KEY_WAITING_GROUP,
	KEY_DUE,
	KEY_OUTCOMES,
	KEY_UNSENT,
};

/* A key of a partition. */
struct found_key {
	int partition;
	enum key_kind kind;
	struct uuid id; /* nil for the last three kinds */
};

struct found_keys {
	struct found_key *list; /* in the arena */
	size_t count;
};

/*
 * Makes one step of SCAN, index_scan(), and sets *out to those keys that belong to
 * partitions.
 */
MUST_USE int inspect_scan(struct index *ix, const struct index_part *of, uint64_t *cursor,
			  struct found_keys *out, struct arena *arena, struct error *err);

/* What keys of one partition hold. Starts as all zero. */
struct holdings {
	int64_t workspaces;
	int64_t grants;   /* of these workspaces */
	int64_t shared;   /* entries of the reverse index */
	int64_t expiring; /* grants and handoffs that expire */
	int64_t due;      /* entries of `due` */
};

/* Keys of one partition that are looked at together; borrowed. */
struct inspect_piece {
	const struct found_key *list;
	size_t count; /* at least 1 */
	unsigned round;
};

/*
 * Looks at keys of one partition, whose mark must be as *ours, and adds what they
 * hold to *sum. Of a workspace it looks whether all that leads to it is there: its
 * owner's entry, for each grant the entries in the reverse index and in `due`, and for
 * each handoff its own, that of whom it waits for, and in `due`.
 * Of a workspace with very many grants it looks at a part of them, another one
 * each time: `round` chooses it. A key that is gone by now counts as holding
 * nothing. ERROR_DAMAGED names the key that is broken or missing. The arena is
 * scratch.
 */
MUST_USE int inspect_keys(struct index *ix, const struct mark *ours,
			  const struct inspect_piece *piece, struct holdings *sum,
			  struct arena *arena, struct error *err);

/* How the holdings of all keys of a partition compare with the counts in its mark. */
enum inspection {
	INSPECTION_GOOD,
	INSPECTION_LOST,    /* something is missing */
	INSPECTION_SURPLUS, /* there is too much; but SCAN may return a key twice */
};

/* A pure function. Nothing may have been applied while the keys were looked at. */
enum inspection inspect_compare(const struct holdings *sum, const struct mark *mark);

#endif
