#ifndef SB_CACHE_CHECK_H
#define SB_CACHE_CHECK_H

/*
 * May a user perform an action on a workspace? The index answers many such
 * questions in one pipeline: in one round trip when the users are remembered
 * (people.h), in two otherwise. An answer rests on one state of the directory,
 * and on the workspace as it was while that state held; when the directory
 * changes meanwhile, the question is asked again.
 */

#include "cache/people.h"
#include "ops/support/attributes.h"

struct check {
	struct uuid user_id;
	struct uuid workspace_id;
	enum action action;
};

/* What check_many() works with. Borrowed for the call. */
struct checker {
	struct reader *reader;
	struct people *people;
	struct arena *arena; /* takes about half a kilobyte for each question of a pipeline */
};

/*
 * Sets out[i] to the answer to questions[i], as of when its data was read.
 * Blocks; fails as reader_ask() does, and with ERROR_UNAVAILABLE also when the
 * directory changes faster than it can be read.
 */
MUST_USE int check_many(const struct checker *c, const struct check *questions, size_t count,
			struct access *out, struct error *err);

/*
 * Calls step() again for as long as it returns PEOPLE_MOVED, and returns what it
 * returned last. ERROR_UNAVAILABLE when it has been called a hundred times.
 */
MUST_USE int check_steadily(int (*step)(void *context, struct error *err), void *context,
			    struct error *err);

#endif
