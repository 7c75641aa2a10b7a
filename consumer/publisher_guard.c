#include "consumer/publisher_guard.h"

#include "ops/support/log.h"

enum { NAMESAKE_WAIT_MS = 15000 }; /* longer than the session of a process that died */

/*
 * Called after we were fenced; decides about another member of our name. If it
 * is alive, it started after us. Two such processes would fence each other for
 * ever, so we end. If it has died, it leaves the group when its session
 * expires. The publisher is not started before that is clear.
 */
static int judge_namesake(struct publisher_guard *g, struct error *err)
{
	/* Not the turn's time: stopping the publisher and asking the group may have taken long. */
	int64_t now_ms;

	if (!intake_is_doubled(g->intake)) {
		g->namesake_since_ms = 0;
		return 0;
	}
	now_ms = clock_monotonic_ms();
	if (!g->namesake_since_ms)
		g->namesake_since_ms = now_ms;
	if (now_ms - g->namesake_since_ms < NAMESAKE_WAIT_MS)
		return error_set(err, ERROR_UNAVAILABLE,
				 "fenced, and the group has another member named %s: waiting to "
				 "see whether it stays",
				 g->instance);
	return error_set(err, ERROR_REFUSED,
			 "another process runs under the instance name %s and has taken over; "
			 "give each its own --instance",
			 g->instance);
}

/* Some of these are innocent: a broker refuses a request as a whole. */
static void doubt_refused(const struct publisher_guard *g, const struct error *why)
{
	for (int i = 0; i < g->partitions->count; i++) {
		struct partition *part = &g->partitions->list[i];

		if (part->state == PARTITION_FOREIGN || !publisher_refused(g->publisher, i))
			continue;
		part->doubted = true;
		(void)error_set(&part->trouble, ERROR_REFUSED,
				"its outputs are tried alone, because %s", why->text);
	}
}

/* Stops a publisher that has broken; 0 if it may be started again. */
static int drop_broken(struct publisher_guard *g, const struct now *now, struct error *err)
{
	int rc = publisher_check(g->publisher, err);

	if (!rc)
		return 0;
	log_warn("the publisher broke: %s; starting it anew", err->text);
	troubles_note(g->troubles, TROUBLE_PUBLISHER, err, now);
	if (rc == ERROR_REFUSED)
		doubt_refused(g, err);
	publisher_stop(g->publisher);
	return rc == ERROR_FENCED ? judge_namesake(g, err) : 0;
}

int publisher_guard_serve(struct publisher_guard *g, const struct now *now, struct error *err)
{
	int rc = drop_broken(g, now, err);

	if (!rc && g->namesake_since_ms)
		rc = judge_namesake(g, err);
	if (rc || publisher_is_started(g->publisher))
		return rc;
	partitions_claim_again(g->partitions);
	return publisher_start(g->publisher, publisher_idle_letters(g->probation), err);
}
