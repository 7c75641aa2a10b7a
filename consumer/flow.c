#include "consumer/flow.h"

#include "ops/support/log.h"

enum {
	/*
	 * Two transactions in flight and two to follow keep both producers busy;
	 * fetching pauses above the high mark and resumes below the low one.
	 */
	BACKLOG_HIGH_BYTES = 32 * 1024 * 1024,
	BACKLOG_LOW_BYTES = 16 * 1024 * 1024,
};

void flow_follow(const struct flow *f, const struct partition *part)
{
	intake_pause(f->intake, part->id, f->held || part->state != PARTITION_READY);
}

static void hold_all(struct flow *f, bool held)
{
	f->held = held;
	log_debug("fetching %s", held ? "pauses: the publisher lags" : "resumes");
	for (int i = 0; i < f->partitions->count; i++)
		if (f->partitions->list[i].state == PARTITION_READY)
			flow_follow(f, &f->partitions->list[i]);
}

void flow_regulate(struct flow *f, size_t backlog)
{
	if (!f->held && backlog > BACKLOG_HIGH_BYTES)
		hold_all(f, true);
	else if (f->held && backlog < BACKLOG_LOW_BYTES)
		hold_all(f, false);
}
