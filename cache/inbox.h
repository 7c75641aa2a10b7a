#ifndef SB_CACHE_INBOX_H
#define SB_CACHE_INBOX_H

/*
 * Inboxes: what each person was told, newest last. An inbox is no part of the index.
 * It is not on the log, so nothing rebuilds it: after an emptied Redis it is empty.
 * No mark vouches for it, and the clearing of its partition leaves it alone.
 *
 *   sb:{p}:inbox:<user>    stream  one entry for each notification: `id`, under which it
 *                                  is delivered, and `told`, the JSON of what is told
 *   sb:{p}:inboxed:<user>  zset    the same ids; the score is 1 while it is unread, else 0
 *
 * p is the partition of the user's id as text, the same as that of the user's records
 * on sharing.notifications. Both keys change in one step, by a script. An inbox keeps
 * the last INBOX_MAX entries.
 *
 * One thread at a time. Each call that takes a struct error may block for as long as
 * the timeout given to inbox_open(). It fails with ERROR_UNAVAILABLE when Redis does
 * not answer, ERROR_REFUSED when it denies us the command, and ERROR_DAMAGED when a key
 * is of another type.
 */

#include "cache/target.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/uuid.h"

enum {
	INBOX_MAX = 1000,
	INBOX_WATCHED = 100,      /* how many entries inbox_watch() returns at most */
	INBOX_POSITION_SIZE = 48, /* of a position in an inbox, with its NUL */
};

struct inbox;

/*
 * Makes inboxes of a deployment of so many partitions; it connects when it is first
 * used. The target and the prefix are copied. *out is the caller's, for inbox_close().
 * ERROR_USAGE for a bad address or prefix. Does not block.
 */
MUST_USE int inbox_open(struct inbox **out, const struct redis_target *redis, const char *prefix,
			int partitions, int timeout_ms, struct error *err);

/* Closes and frees the inboxes, and sets *in NULL. *in may be NULL. */
void inbox_close(struct inbox **in);

enum inbox_put { INBOX_PUT = 0, INBOX_HAD = 1 };

/*
 * Puts what is told into the user's inbox, unread. INBOX_HAD when one of that id is
 * there already: then nothing changes. After ERROR_UNAVAILABLE it may be there or not;
 * putting it again is safe.
 */
MUST_USE int inbox_put(struct inbox *in, const struct uuid *user_id, struct bytes id,
		       struct bytes told, struct error *err);

struct inbox_entry {
	char position
		[INBOX_POSITION_SIZE]; /* in the inbox; rises, its first number is a time, ms */
	struct bytes id;
	struct bytes told;
	bool unread;
};

struct inbox_list {
	struct inbox_entry *list; /* in the arena, with their texts */
	size_t count;
	size_t unread; /* in the whole inbox */
};

/* Lists the newest entries, at most `max`, the newest first. */
MUST_USE int inbox_list(struct inbox *in, const struct uuid *user_id, size_t max,
			struct arena *arena, struct inbox_list *out, struct error *err);

/* What inbox_watch() waits for: entries after the position, so long. */
struct inbox_after {
	const char *position;
	int wait_ms;
};

/*
 * Waits up to wait_ms until there are entries after the position ("0-0": any), and
 * lists them, the oldest first, all as unread. With none in time the list is empty.
 */
MUST_USE int inbox_watch(struct inbox *in, const struct uuid *user_id,
			 const struct inbox_after *after, struct arena *arena,
			 struct inbox_list *out, struct error *err);

/*
 * Marks the entries with these ids as read; count 0: all of them. Sets *known to how
 * many of the ids are in the inbox.
 */
MUST_USE int inbox_mark_read(struct inbox *in, const struct uuid *user_id, const struct bytes *ids,
			     size_t count, size_t *known, struct error *err);

#endif
