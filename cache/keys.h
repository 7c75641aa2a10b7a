#ifndef SB_CACHE_KEYS_H
#define SB_CACHE_KEYS_H

/*
 * Names of keys and fields in Redis. All keys of one partition carry its
 * number as hash tag, so they live in one slot and change in one step. Ids
 * are 16 raw bytes.
 *
 *   sb:{p}:mark        hash    how far, and whose: mark.h
 *   sb:{p}:ws:<id>     hash    a workspace: codings in layout.h
 *   sb:{p}:u:<id>      hash    workspace id -> role, of what is shared with a user
 *   sb:{p}:g:<id>      hash    the same for a group
 *   sb:{p}:o:<id>      hash    name -> workspace id, of what a user owns
 *   sb:{p}:due         zset    grants that end by themselves: workspace id and subject, 33 bytes
 *                              (layout.h), by the time in ms since 1970 at which they expire
 *   sb:{p}:outcomes    stream  what became of each command: outcomes.h
 *   sb:{p}:unsent      hash    last offset of a run -> its outputs, until they are committed
 *   sb:{dir}:…                 the directory: directory.h
 */

#include "cache/resp.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/records.h"

enum { PREFIX_MAX = 32, KEY_BASE_SIZE = PREFIX_MAX + 16, KEYS_DIRECTORY = -1 };

/* The script of pipeline_hdel_if(): KEYS[1] the hash, ARGV[1] the field, ARGV[2] the value. */
#define HDEL_IF_SCRIPT                                                                             \
	"if redis.call('HGET',KEYS[1],ARGV[1])==ARGV[2] then return "                              \
	"redis.call('HDEL',KEYS[1],ARGV[1]) end return 0"

/* What all keys of one partition begin with: "sb:{3}:". */
struct keys {
	char base[KEY_BASE_SIZE];
	size_t len;
};

/*
 * 0 for a prefix of 1 to PREFIX_MAX letters, digits and ".:_-": nothing that a hash tag or a
 * pattern of SCAN would obey. Else ERROR_USAGE with a sentence.
 */
MUST_USE int keys_check_prefix(const char *prefix, struct error *err);

/* For a partition, or KEYS_DIRECTORY. keys_check_prefix() has been asked. */
void keys_init(struct keys *k, const char *prefix, int partition);

/* Adds a key as argument: base, kind, and the id if there is one (may be NULL). */
void pipeline_key(struct pipeline *p, const struct keys *k, const char *kind,
		  const struct uuid *id);

/* Adds a key whose last part is text. */
void pipeline_key_text(struct pipeline *p, const struct keys *k, const char *kind,
		       struct bytes text);

/*
 * Appends the command that takes `field` out of the hash of that kind and id
 * (may be NULL) if its value is `value`, and leaves it otherwise: of two that
 * swap their names, the one that is written first does not take the other's.
 */
void pipeline_hdel_if(struct pipeline *p, const struct keys *k, const char *kind,
		      const struct uuid *id, struct bytes field, const struct uuid *value);

/* Adds a 16-byte id as argument. */
void pipeline_id(struct pipeline *p, const struct uuid *id);

/* The id in a reply; false unless it is 16 bytes. */
bool uuid_from_raw(struct uuid *out, struct bytes raw);

/* "u:" or "g:": kind of the reverse index's key. */
const char *keys_subject_kind(enum subject_kind kind);

/*
 * The partition and the subject of a key of the reverse index, NUL-terminated;
 * false for any other key. `any` is of any partition, with the same prefix.
 */
bool keys_parse_subject(const struct keys *any, struct bytes key, int *partition,
			struct subject *out);

#endif
