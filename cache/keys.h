#ifndef SB_CACHE_KEYS_H
#define SB_CACHE_KEYS_H

/*
 * The names of keys in Redis. All keys of one partition carry its number as
 * their hash tag, so that they live in one slot of a cluster and change in one
 * atomic step. "sb" is the prefix, a setting; an <id> is 16 raw bytes.
 *
 *   sb:{p}:mark        hash    how far the partition is, and who owns it: mark.h
 *   sb:{p}:ws:<id>     hash    a workspace: layout.h
 *   sb:{p}:u:<id>      hash    workspace id -> role, for each workspace shared with a user
 *   sb:{p}:g:<id>      hash    the same for a group
 *   sb:{p}:o:<id>      zset    names and ids of the workspaces that a user owns: bearers.h
 *   sb:{p}:handoff:<id>  hash  the workspaces with an open handoff of that id: handoff_layout.h
 *   sb:{p}:hu:<id>     hash    the open handoffs that wait for a user: the same
 *   sb:{p}:hg:<id>     hash    the same for a group
 *   sb:{p}:due         zset    grants and handoffs that expire: workspace id and subject, or
 *                              handoff, in 33 bytes (layout.h); the score is the time of
 *                              expiry, ms since 1970
 *   sb:{p}:outcomes    stream  the outcome of each command: outcomes.h
 *   sb:{p}:unsent      hash    last offset of a run -> its outputs, until they are committed
 *   sb:{p}:stages      text    how the stages of the owner's loop spend their time: stages.h
 *   sb:{p}:notifiers   hash    what a notifier of each group says of itself: notifier_report.h
 *   sb:{p}:trouble     hash    what keeps the owner from going on: trouble.h
 *   sb:{p}:inbox:<id>  stream  what a person was told, and no part of the index: inbox.h
 *   sb:{p}:inboxed:<id>
 *   sb:{dir}:…                 the directory: directory.h
 *
 * Nothing here blocks.
 */

#include "cache/resp.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

enum {
	PREFIX_MAX = 32,
	KEY_BASE_SIZE = PREFIX_MAX + 16,
	KEYS_DIRECTORY = -1, /* stands for the directory where a partition is expected */
};

/* What all keys of one partition begin with: "sb:{3}:". */
struct keys {
	char base[KEY_BASE_SIZE]; /* NUL-terminated */
	size_t len;
};

/*
 * Returns 0 for a prefix of 1 to PREFIX_MAX letters, digits and ".:_-". Other
 * characters could end a hash tag or mean something in a pattern of SCAN:
 * ERROR_USAGE.
 */
MUST_USE int keys_check_prefix(const char *prefix, struct error *err);

/* Sets *k for a partition or KEYS_DIRECTORY. The prefix has passed keys_check_prefix(). */
void keys_init(struct keys *k, const char *prefix, int partition);

/* What all keys of the partition begin with; borrowed. */
static inline struct bytes keys_base(const struct keys *k)
{
	return (struct bytes){ (const uint8_t *)k->base, k->len };
}

/* Adds a key as an argument: its base, its kind, as "ws:", and the id, which may be NULL. */
void pipeline_key(struct pipeline *p, const struct keys *k, const char *kind,
		  const struct uuid *id);

/* Adds a key whose last part is text instead of an id. */
void pipeline_key_text(struct pipeline *p, const struct keys *k, const char *kind,
		       struct bytes text);

/* Adds an id, 16 bytes, as an argument. */
void pipeline_id(struct pipeline *p, const struct uuid *id);

enum { SCAN_COUNT = 5000 }; /* some milliseconds of Redis' time */

/*
 * Adds the command for one step of SCAN, over about SCAN_COUNT keys, that
 * returns those that match: the prefix of `any`, then the pattern.
 */
void pipeline_scan(struct pipeline *p, const struct keys *any, const char *pattern,
		   const char *cursor);

/* Sets *out from an id in a reply. False when it is not 16 bytes long; *out is then untouched. */
bool uuid_from_raw(struct uuid *out, struct bytes raw);

/* "u:" or "g:", the kind of the reverse index's key; a constant. */
const char *keys_subject_kind(enum subject_kind kind);

/*
 * Sets the partition from the base of one of its keys, and *rest to what follows
 * the base. False for any other key; the outputs are then untouched. `any` and
 * the number are as below.
 */
bool keys_parse_partition(const struct keys *any, struct bytes key, int *partition,
			  struct bytes *rest);

/*
 * Sets the partition and the subject from a key of the reverse index. False for
 * any other key; the outputs are then untouched. `any` are the keys of some
 * partition under the same prefix; the number need not be one of its deployment.
 */
bool keys_parse_subject(const struct keys *any, struct bytes key, int *partition,
			struct subject *out);

#endif
