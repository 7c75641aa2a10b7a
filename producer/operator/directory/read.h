#ifndef SB_DIRECTORY_READ_H
#define SB_DIRECTORY_READ_H

/*
 * Reads facts from the index. The reader of the session must be open. Facts are
 * asked for in many pipelines, and the index may change between two of them.
 *
 * All functions return ERROR_UNAVAILABLE or ERROR_REFUSED as reader.h says.
 * Memory is the session's arena's.
 */

#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/finder.h"

/* Reads what the index has under the ids of these facts, and the switch. */
MUST_USE int directory_read_same(struct session *s, struct meter *m,
				 const struct directory_facts *wanted, struct directory_facts *out,
				 struct error *err);

/*
 * Reads what the index has, as another kind, under the ids of organizations,
 * users and groups that are to be created.
 */
MUST_USE int directory_read_others(struct session *s, struct meter *m,
				   const struct directory_diff *diff, struct directory_facts *out,
				   struct error *err);

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

#endif
