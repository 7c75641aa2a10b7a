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
 * Answers have an age. While the consumer group holds a partition to be its own,
 * the owner looks at the mark every second, and if the mark is still as the owner
 * has left it, stamps it with the time, by Redis' own clock: `looked`. So the
 * stamp says that until then nobody but this owner changed the partition, and
 * that what the owner had applied was there. It does not say that the owner had
 * applied all of the log: how far it lags, `sharebus status` tells. Nobody stamps
 * for an owner that is dead, is frozen, or cannot reach Redis, nor a Redis that
 * came back from an old snapshot; so the stamp gets old, and readers no longer
 * believe the mark (reader.h). A stamp changes nothing that the mark vouches for.
 *
 * Commands and replies only; nothing here blocks.
 */

#include "cache/keys.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "schemas/deployment.h"
#include "schemas/tip.h"

struct redisReply;

enum {
	INDEX_LAYOUT = 6,
	VOUCH_FIELDS = 8,  /* that mark_append_vouch() asks for */
	MARK_FIELDS = 15,  /* that mark_append_read() asks for */
	GLANCE_FIELDS = 4, /* that mark_append_glance() asks for */
};

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
	/*
	 * Kafka has shown a log that does not seem to be the one that is applied.
	 * Positions say nothing then.
	 */
	bool suspect;
	int64_t directory; /* answers need every offset of sharing.directory before this one */
	int64_t looked;    /* when the owner last looked, ms since 1970 of Redis' clock; 0: never */
	/*
	 * Which log of the partition `applied` is in. It counts how often a person
	 * has accepted another log in place of the one before, so that positions of
	 * the two are never compared.
	 */
	int64_t log;
	struct tip tip;     /* of that log: the last record applied */
	int64_t workspaces; /* how many the partition holds, for whoever looks for lost keys */
	int64_t grants;     /* how many they have in all */
};

/* Appends the command that reads the mark of the partition that k names. */
void mark_append_read(struct pipeline *p, const struct keys *k);

/*
 * Appends the command that reads of the mark only what answers rest on: owner, state,
 * deployment, layout, log and directory. For whoever has read the whole mark lately.
 */
void mark_append_vouch(struct pipeline *p, const struct keys *k);

/*
 * Sets *out from the reply to either command; what was not asked for is 0. A reply
 * that is not a mark, or is a damaged one, gives MARK_MISSING. A mark of an older layout, or without its
 * counts, gives MARK_REBUILDING instead of MARK_READY: this program cannot read
 * its data, or nothing vouches for it, and its next owner loads it anew.
 */
void mark_parse(struct mark *out, const struct redisReply *reply);

/* What of a mark tells who owns the partition, how far it is, and when that was looked at. */
struct mark_glance {
	enum mark_state state;
	int64_t epoch;
	int64_t applied;
	int64_t looked;
};

/*
 * Appends the command that reads only so much of the mark, for whoever reads the whole
 * mark soon after: a Redis that answers many takes a third of the time for it.
 */
void mark_append_glance(struct pipeline *p, const struct keys *k);

/*
 * Sets *out from the reply to that command. A reply that is no part of a mark, or of a
 * damaged one, gives MARK_MISSING. Whether a mark that says MARK_READY can be read, only
 * the whole mark tells.
 */
void mark_parse_glance(struct mark_glance *out, const struct redisReply *reply);

/* The same of a mark that was read as a whole. */
struct mark_glance mark_glance_of(const struct mark *m);

/*
 * Does the same as mark_parse(), but fails when a field in the reply cannot be what an owner
 * wrote there, though there is a mark: ERROR_UNAVAILABLE with a sentence that names the
 * mark, the field and its value. k are the keys of the partition, and `address` is the Redis.
 */
MUST_USE int mark_take(struct mark *out, const struct redisReply *reply, const struct keys *k,
		       const char *address, struct error *err);

/*
 * Appends the command that writes the whole mark but its stamp, with the layout
 * of this program. The topic is stored for people who look into Redis.
 */
void mark_append_write(struct pipeline *p, const struct keys *k, const struct mark *m,
		       const char *topic);

/* Does the mark lag behind what that Progress says? In log and offset; the state does not count. */
bool mark_lags(const struct mark *m, int64_t log, int64_t applied);

/* Are both marks of one owner and deployment, in one state, at one offset, with the same counts? */
bool mark_equal(const struct mark *a, const struct mark *b);

/* Appends the command that sets what a run changes: all but owner, state and deployment. */
void mark_append_applied(struct pipeline *p, const struct keys *k, const struct mark *m);

/*
 * Stamps the mark KEYS[1] if it has the epoch, the offset and the state in ARGV.
 * The comparison and the stamp are one step, so that an owner that was frozen in
 * between cannot stamp another's mark.
 */
#define MARK_STAMP_SCRIPT                                                                          \
	"local m = redis.call('HMGET', KEYS[1], 'epoch', 'applied', 'state') "                     \
	"if m[1] ~= ARGV[1] or m[2] ~= ARGV[2] or m[3] ~= ARGV[3] then return 0 end "              \
	"local t = redis.call('TIME') "                                                            \
	"redis.call('HSET', KEYS[1], 'looked', "                                                   \
	"string.format('%.0f', t[1] * 1000 + math.floor(t[2] / 1000))) "                           \
	"return 1"

/* Appends the command that stamps the mark, provided that it is still as *m. */
void mark_append_stamp(struct pipeline *p, const struct keys *k, const struct mark *m);

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
