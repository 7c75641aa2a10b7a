#ifndef SB_CACHE_CHECK_H
#define SB_CACHE_CHECK_H

/*
 * May she do that? Asked of the index, many questions in one pipeline: one
 * round trip when the users are at hand (people.h), two otherwise. An answer
 * rests on one state of the directory and on the workspace as it was while
 * that state held; if the directory moves on meanwhile, it is asked again.
 */

#include "cache/people.h"
#include "ops/support/attributes.h"

struct check {
	struct uuid user_id;
	struct uuid workspace_id;
	enum action action;
};

/* What questions are asked with. */
struct asking {
	struct reader *reader;
	struct people *people;
	struct arena *arena; /* holds some bytes for each question of a pipeline */
};

/*
 * Answers count questions, each as of when its data was read; what is needed on
 * the way is given back. ERROR_UNAVAILABLE, also when the directory changes
 * faster than it can be read; ERROR_STALE.
 */
MUST_USE int check_many(const struct asking *a, const struct check *questions, size_t count,
			struct access *out, struct error *err);

/*
 * Tries a step that reads until the directory stands still for it: as long as
 * step() returns PEOPLE_MOVED. ERROR_UNAVAILABLE when it never does.
 */
MUST_USE int check_steadily(int (*step)(void *context, struct error *err), void *context,
			    struct error *err);

#endif
