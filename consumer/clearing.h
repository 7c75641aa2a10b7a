#ifndef SB_CONSUMER_CLEARING_H
#define SB_CONSUMER_CLEARING_H

/* The orphans of all producers of a publisher are ended together. */

#include "consumer/transaction.h"
#include "ops/support/attributes.h"

enum { CLEARING_TRANSACTORS_MAX = 4 };

/*
 * Before their first transaction: clears these transactors and waits until readers
 * see it, again and again while one hides from another what became of its last
 * transaction, and some times while something is open that may be theirs. Blocks for
 * up to some 30 s: ERROR_UNAVAILABLE, ERROR_FENCED: close them all and try again.
 */
MUST_USE int clearing_run(struct transactor *const *all, int count, struct error *err);

/* Later, for one that is due and in no transaction. Errors as above. */
MUST_USE int clearing_repeat(struct transactor *t, struct error *err);

#endif
