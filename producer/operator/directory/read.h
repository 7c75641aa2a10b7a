#ifndef SB_DIRECTORY_READ_H
#define SB_DIRECTORY_READ_H

/*
 * What the index holds of a directory, as facts. The reader of the session
 * must be open. Many are asked for in one pipeline, and somebody may write
 * between two of them.
 *
 * All return ERROR_UNAVAILABLE or ERROR_REFUSED as reader.h says; memory is
 * the session's arena's.
 */

#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/finder.h"

/* What the index has under the ids of these facts; the switch, too. */
MUST_USE int directory_read_same(struct session *s, struct meter *m,
				 const struct directory_facts *wanted, struct directory_facts *out,
				 struct error *err);

/*
 * What the index has, as something else, under the ids of the organizations,
 * users and groups that are to be created.
 */
MUST_USE int directory_read_others(struct session *s, struct meter *m,
				   const struct directory_diff *diff, struct directory_facts *out,
				   struct error *err);

/*
 * All that the index has of these kinds (1 << kind each), and what it has under
 * the ids of `wanted`, which may be NULL. Deleted users are among it.
 */
MUST_USE int directory_read_all(struct session *s, struct meter *m, unsigned kinds,
				const struct directory_facts *wanted, struct directory_facts *out,
				struct error *err);

/* Facts gathered from several lists. */
struct directory_mentions {
	const struct record **list;
	size_t count;
};

/* The users and organizations that these facts refer to and that `known` does not have. */
MUST_USE int directory_read_referred(struct session *s, struct meter *m,
				     const struct directory_mentions *facts,
				     const struct directory_finder *known,
				     struct directory_facts *out, struct error *err);

#endif
