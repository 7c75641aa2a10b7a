#ifndef SB_CACHE_BEARERS_H
#define SB_CACHE_BEARERS_H

/*
 * Who bears a name. Names need not be unique: nobody keeps two users from being
 * announced under one, and a rename may reach us before the other's. So an index
 * by name remembers all bearers of each, whatever the order of the records, and
 * whoever names one of several is told that the name is ambiguous.
 *
 * An index is a sorted set whose scores are all 0 and whose members are
 *
 *   <length of the name>:<name><id>    as 5:alice and 16 raw bytes
 *
 * Redis orders them by their bytes, so the bearers of one name stand together,
 * and the length keeps longer names that begin alike apart from them. Nothing
 * here blocks.
 */

#include "cache/keys.h"
#include "ops/support/attributes.h"

struct redisReply;

enum { BEARERS_MAX = 4 }; /* of one name that are asked for: enough to tell people */

struct bearers {
	struct uuid ids[BEARERS_MAX];
	size_t count; /* BEARERS_MAX: there may be more */
};

/* ---- writing: the index of that kind, as "usernames", and parent, which may be NULL ---- */

/* Adds the command that adds the bearer of that name. */
void bearers_add(struct pipeline *p, const struct keys *k, const char *kind,
		 const struct uuid *parent, struct bytes name, const struct uuid *id);

/* Adds the command that removes the bearer of that name, and no other. */
void bearers_drop(struct pipeline *p, const struct keys *k, const char *kind,
		  const struct uuid *parent, struct bytes name, const struct uuid *id);

/* ---- reading ---- */

/* Adds the question for up to BEARERS_MAX bearers of that name. */
void bearers_ask(struct pipeline *p, const struct keys *k, const char *kind,
		 const struct uuid *parent, struct bytes name);

/* Adds the question whether that bearer has that name: the answer is a score, or nil. */
void bearers_ask_one(struct pipeline *p, const struct keys *k, const char *kind,
		     const struct uuid *parent, struct bytes name, const struct uuid *id);

/*
 * Adds the bearers in the answer to *out, as long as there is room. False when
 * one of them is no member of an index.
 */
MUST_USE bool bearers_take(struct bearers *out, const struct redisReply *reply);

/* Adds the question for all names of the index and their bearers. */
void bearers_ask_all(struct pipeline *p, const struct keys *k, const char *kind,
		     const struct uuid *parent);

/* Names of one length. */
struct name_page {
	size_t len;         /* their bytes */
	struct bytes after; /* only those that come after this member; absent: from the first on */
	int64_t max;        /* at most so many; -1: all */
};

/* Adds the question for such names and their bearers, in order. */
void bearers_ask_length(struct pipeline *p, const struct keys *k, const char *kind,
			const struct uuid *parent, const struct name_page *page);

/* Sets *name, which is borrowed, and *id from a member. False if it is none. */
bool bearers_parse(struct bytes member, struct bytes *name, struct uuid *id);

#endif
