#ifndef SB_OPERATOR_TRIAL_H
#define SB_OPERATOR_TRIAL_H

/*
 * Tries an endpoint the way everything is delivered: a delivery that tells of nothing
 * is put into the ledger, where the notifier takes it up. Whatever comes of it, it
 * is taken off the ledger afterwards.
 */

#include "ops/support/attributes.h"
#include "producer/cli/session.h"

enum trial_end {
	TRIAL_ARRIVED = 1,
	TRIAL_FAILED, /* the endpoint did not take it */
	TRIAL_UNSEEN, /* no notifier has said anything in the session's time */
};

struct trial {
	enum trial_end end;
	struct bytes why; /* what came of it when it failed, in the session's arena */
};

/*
 * Tries the endpoint of that name in the configuration, and waits for what comes of
 * it. Mails and the like go to the session's user. Blocks. ERROR_INPUT when there is no
 * such user; others as ledger.h says.
 */
MUST_USE int trial_run(struct trial *out, struct session *s, const char *endpoint,
		       struct error *err);

#endif
