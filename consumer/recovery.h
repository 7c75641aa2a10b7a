#ifndef SB_CONSUMER_RECOVERY_H
#define SB_CONSUMER_RECOVERY_H

/*
 * Recovers partitions that have become ours, or that others may have changed:
 * compares what Kafka has committed with what Redis has applied, makes sure that
 * Kafka's log is the one that was applied, takes a new epoch, and goes on from
 * there. The loop's thread.
 */

#include "consumer/finding.h"
#include "consumer/follower.h"
#include "consumer/probation.h"
#include "consumer/progress.h"
#include "consumer/publisher.h"
#include "consumer/ready.h"
#include "consumer/rebuild.h"
#include "consumer/verifier.h"
#include "ops/support/attributes.h"
#include "ops/support/clock.h"

/* The pointers are borrowed and must outlive it. */
struct recovery {
	struct partitions *partitions;
	struct intake *intake;
	struct index *index;
	struct follower *follower;
	struct publisher *publisher;
	struct probation *probation;
	struct progress_reader *progress;
	struct rebuild *rebuild;
	const struct ready_maker *ready;
	const struct verifier *verifier;
	struct changelog *changelog;
	struct signing *signing; /* NULL: no keys are configured */
	bool accept_lost_grants; /* a person has decided to rebuild without what is gone */
	int64_t directory_end;   /* its own: where the directory ended when marks were read */
};

/*
 * Recovers all CLAIMING partitions, if there are any, the directory has been
 * read, and no rebuild is active. Drains the publisher first: recovery compares
 * what is committed with what Redis keeps unsent, so no outputs may be on their
 * way meanwhile. A publisher that cannot be drained is stopped. Blocks for that,
 * for the brokers and for Redis.
 *
 * On success each is READY, with its unsent outputs handed to the publisher, or
 * REBUILDING, or ASIDE because a person must decide or its node of Redis does not answer. After ERROR_UNAVAILABLE or
 * ERROR_FENCED those that are neither are still CLAIMING: try again.
 * ERROR_REFUSED: stop.
 */
MUST_USE int recovery_step(struct recovery *r, const struct now *now, struct error *err);

#endif
