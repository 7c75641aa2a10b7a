#ifndef SB_SCHEMAS_TIP_H
#define SB_SCHEMAS_TIP_H

/*
 * The tip of a partition is the last of its records that is applied. Where the
 * log still has a record with this offset, time and content, it is the log that
 * was applied; where it has another one there, it is another log: a topic that
 * was made anew, or one whose end was lost and written again. Pure.
 */

#include "ops/support/bytes.h"

struct tip {
	int64_t offset;
	int64_t time; /* the broker's, ms since 1970; 0: the tip is not known */
	int64_t hash; /* of its key and value; the same in all processes */
};

struct tip tip_of(int64_t offset, int64_t time, struct bytes key, struct bytes value);

bool tip_is_known(const struct tip *t);

bool tip_equal(const struct tip *a, const struct tip *b);

#endif
