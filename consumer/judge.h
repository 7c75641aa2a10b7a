#ifndef SB_CONSUMER_JUDGE_H
#define SB_CONSUMER_JUDGE_H

/*
 * Which records of sharing.directory are taken into the directory. Compaction
 * keeps one record for each key, so a record under a wrong key, or of another
 * kind than what has its id, would make the directory say something else after
 * the next restart. Pure: no I/O, no clock.
 */

#include "consumer/directory.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

/*
 * Sets *id from a record's key: the id in its one form, 36 characters in lower
 * case, or nil for "deployment". ERROR_INPUT for anything else.
 */
MUST_USE int judge_key(struct bytes key, struct uuid *id, struct error *err);

enum verdict {
	VERDICT_TAKE,
	VERDICT_EVERYONE, /* the group that has its organization's id: known, and not a group here */
	VERDICT_PASS_OVER, /* *why says why */
};

/* The verdict on a fact under a key that judge_key() has read as `key`. */
enum verdict judge_fact(const struct directory *d, const struct uuid *key,
			const struct record *fact, struct error *why);

/*
 * The verdict on a fact under the key of that user's preferences, which
 * preferences_parse_key() has read: taken or passed over. The user need not be known,
 * for preferences may arrive first.
 */
enum verdict judge_preferences(const struct uuid *user_id, const struct record *fact,
			       struct error *why);

#endif
