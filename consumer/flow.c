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

bool flow_holds(const struct flow *f, const struct partition *part)
{
	return f->held || f->suspended || part->probing;
}

void flow_follow(const struct flow *f, const struct partition *part)
{
	intake_pause(f->intake, part->id, part->state != PARTITION_READY || flow_holds(f, part));
}

static void follow_all(const struct flow *f)
{
	for (int i = 0; i < f->partitions->count; i++)
		if (f->partitions->list[i].state == PARTITION_READY)
			flow_follow(f, &f->partitions->list[i]);
}

static void hold_all(struct flow *f, bool held)
{
	f->held = held;
	log_debug("fetching %s", held ? "pauses: the publisher lags" : "resumes");
	follow_all(f);
}

void flow_regulate(struct flow *f, size_t backlog)
{
	if (!f->held && backlog > BACKLOG_HIGH_BYTES)
		hold_all(f, true);
	else if (f->held && backlog < BACKLOG_LOW_BYTES)
		hold_all(f, false);
}

void flow_suspend(struct flow *f, bool suspended)
{
	if (f->suspended == suspended)
		return;
	f->suspended = suspended;
	follow_all(f);
}
