#ifndef SB_CONSUMER_NOTIFIER_STEP_H
#define SB_CONSUMER_NOTIFIER_STEP_H

/* What becomes of a delivery after an attempt. Pure. */

#include "consumer/notifier/endpoint.h"
#include "consumer/notifier/reply.h"

enum step_kind {
	STEP_DONE = 1, /* it has arrived */
	STEP_RETRY,    /* it is tried again after wait_ms */
	STEP_HOLD,     /* it waits until the endpoint is opened */
	STEP_DEAD,     /* it is tried no more, unless a person asks for it */
};

struct step {
	enum step_kind kind;
	bool counts; /* it was an attempt */
	int64_t wait_ms;
};

/* A delivery after an attempt. */
struct attempted {
	enum reply reply;
	int64_t attempts; /* this one included, if it counts */
	int64_t age_ms;   /* since it was owed first */
	int64_t asked_ms; /* how long the endpoint asked to wait; -1: it did not say */
};

/* chance is a random number, for the wait. */
struct step step_after(const struct endpoint *e, const struct attempted *a, uint64_t chance);

#endif
