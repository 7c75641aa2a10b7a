#ifndef SB_SCHEMAS_POSITION_H
#define SB_SCHEMAS_POSITION_H

/*
 * A position is a partition of a topic and an offset in it, as in 3:17. People
 * see positions of commands and dead letters, and pass them back as tokens:
 * "answer me no older than this".
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdint.h>

struct position {
	int partition;
	int64_t offset;
};

/*
 * Sets *out from a text such as "3:17". The partition is at most INT32_MAX, the
 * offset at most INT64_MAX - 1, so that one past it is an offset, too.
 * ERROR_USAGE when the text is anything else; *out is then untouched.
 */
MUST_USE int position_parse(struct position *out, const char *text, struct error *err);

#endif
