#ifndef SB_CONSUMER_OMISSIONS_H
#define SB_CONSUMER_OMISSIONS_H

/*
 * The records of sharing.directory that were passed over while it was read from its
 * beginning. Most of them do not matter any more: a later record of the same key took
 * their place. So they are gathered here, and only those that were their key's last
 * are told. No I/O.
 */

#include "ops/support/error.h"
#include "schemas/uuid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How many keys are followed, of 80 bytes each, and how many different reasons are kept. */
enum { OMISSIONS_MAX = 200000, OMISSIONS_REASONS = 16 };

/* The last record of a key, which was passed over. */
struct omission {
	struct uuid id;     /* nil: the deployment's switch */
	int64_t offset;     /* of the last such record */
	const char *reason; /* NULL: one more than are kept; borrowed */
	bool known;         /* what an earlier record of the key said still counts */
};

struct omissions;

struct omissions *omissions_new(void);
void omissions_free(struct omissions **o); /* sets *o to NULL; accepts NULL */

/* Notes a record that was passed over. id is that of its key; NULL: it has none. */
void omissions_add(struct omissions *o, const struct uuid *id, int64_t offset, const char *reason,
		   bool known);

/* Notes that a record under this id was taken: what was passed over before does not matter. */
void omissions_drop(struct omissions *o, const struct uuid *id);

/* How many records were passed over in all. */
size_t omissions_records(const struct omissions *o);

/* How many of them have keys beyond OMISSIONS_MAX, so that nobody knows whether they matter. */
size_t omissions_missed(const struct omissions *o);

/*
 * Lists the keys whose last record was passed over, in the order in which they became
 * that, up to max of them. Returns how many there are.
 */
size_t omissions_list(const struct omissions *o, struct omission *out, size_t max);

#endif
