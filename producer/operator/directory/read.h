#ifndef SB_DIRECTORY_READ_H
#define SB_DIRECTORY_READ_H

/*
 * Reads facts from the index. The reader of the session must be open. Facts are
 * asked for in many pipelines, and the index may change between two of them.
 *
 * All functions return ERROR_UNAVAILABLE or ERROR_REFUSED as reader.h says.
 * Memory is the session's arena's.
 */

#include "cache/lookup.h"
#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/finder.h"

/* Reads what the index has under the ids of these facts, and the switch. */
MUST_USE int directory_read_same(struct session *s, struct meter *m,
				 const struct directory_facts *wanted, struct directory_facts *out,
				 struct error *err);

/* Reads what the index has under these ids as any of their kinds. */
MUST_USE int directory_read_candidates(struct session *s, struct meter *m,
				       const struct directory_candidate *list, size_t count,
				       struct directory_facts *out, struct error *err);

/*
 * Reads all that the index has of these kinds (1 << kind each), deleted users
 * among them, then what it has under the ids of `wanted`, which may be NULL, and
 * the switch.
 */
MUST_USE int directory_read_all(struct session *s, struct meter *m, unsigned kinds,
				const struct directory_facts *wanted, struct directory_facts *out,
				struct error *err);

/* Facts of several lists. */
struct directory_mentions {
	const struct record **list;
	size_t count;
};

/* Reads the users and organizations to which these facts refer and which `known` lacks. */
MUST_USE int directory_read_referred(struct session *s, struct meter *m,
				     const struct directory_mentions *facts,
				     const struct directory_finder *known,
				     struct directory_facts *out, struct error *err);

/*
 * Finds the users (if asked for) and organizations among these facts whose names
 * others have as well: the ids, sorted. Deleted users have no names.
 */
MUST_USE int directory_read_doubles(struct session *s, struct meter *m,
				    const struct directory_finder *facts, bool users,
				    struct uuid_list *out, struct error *err);

#endif
