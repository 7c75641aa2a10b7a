#include "consumer/probation.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <stdlib.h>

enum { NO_TRIAL = -1 };

struct probation {
	struct publisher *publisher;
	struct partitions *partitions;
	int64_t *last; /* by partition: the last offset of its last batch, or NO_TRIAL */
	int count;     /* trials */
	bool unclear;  /* something may be open under the publisher's name, and it is stopped */
};

struct probation *probation_new(struct publisher *publisher, struct partitions *partitions)
{
	struct probation *p = memory_zalloc(1, sizeof(*p));

	p->publisher = publisher;
	p->partitions = partitions;
	p->last = memory_zalloc((size_t)partitions->count, sizeof(*p->last));
	for (int i = 0; i < partitions->count; i++)
		p->last[i] = NO_TRIAL;
	return p;
}

void probation_free(struct probation **pp)
{
	struct probation *p = *pp;

	if (!p)
		return;
	free(p->last);
	free(p);
	*pp = NULL;
}

static int start_publisher(struct probation *p, struct error *err)
{
	int rc = publisher_start(p->publisher, "", err);

	p->unclear = rc != 0;
	return rc;
}

bool probation_is_trying(const struct probation *p, int partition)
{
	return p->last[partition] != NO_TRIAL;
}

static void end_trial(struct probation *p, int partition)
{
	p->last[partition] = NO_TRIAL;
	p->count--;
}

static void note_published(struct probation *p, const struct batch *b, const struct now *now)
{
	struct partition *part = partitions_get(p->partitions, b->partition);

	if (b->last != p->last[b->partition])
		return;
	end_trial(p, b->partition);
	part->doubted = false;
	part->retry_ms = now->monotonic_ms;
	log_partition(LOG_LEVEL_INFO, b->partition, "its outputs are published, and it goes on");
}

/* Only the one that was refused is to blame; the others are tried again at once. */
static void note_broken(struct probation *p, int rc, const struct error *why, const struct now *now)
{
	for (int i = 0; i < p->partitions->count; i++) {
		struct partition *part = partitions_get(p->partitions, i);

		if (p->last[i] == NO_TRIAL)
			continue;
		end_trial(p, i);
		if (rc == ERROR_REFUSED && publisher_refused(p->publisher, i))
			partition_set_aside(part, why, now->monotonic_ms);
		else
			part->retry_ms = now->monotonic_ms;
	}
}

void probation_settle(struct probation *p, const struct now *now)
{
	struct error why = { 0 };
	struct batch *b;
	int rc;

	if (!publisher_is_started(p->publisher))
		return;
	rc = publisher_check(p->publisher, &why);
	b = publisher_take_committed(p->publisher);
	for (const struct batch *each = b; each; each = each->next)
		note_published(p, each, now);
	batch_free_list(b);
	if (rc) {
		note_broken(p, rc, &why, now);
		p->unclear = true;
	}
	if (!p->count && (rc || publisher_is_clear(p->publisher)))
		publisher_stop(p->publisher);
}

int probation_try(struct probation *p, struct partition *part, struct batch *batches,
		  const struct now *now, struct error *err)
{
	const struct error why = part->trouble;
	int rc = 0;

	probation_settle(p, now); /* it may have broken meanwhile */
	if (!publisher_is_started(p->publisher))
		rc = start_publisher(p, err);
	if (rc) {
		batch_free_list(batches);
		return rc;
	}
	p->count += p->last[part->id] == NO_TRIAL;
	while (batches) {
		struct batch *next = batches->next;

		p->last[part->id] = batches->last;
		publisher_push(p->publisher, batches);
		batches = next;
	}
	partition_set_aside(part, &why, now->monotonic_ms);
	part->retry_ms = INT64_MAX; /* until the trial has ended */
	return 0;
}

bool probation_is_unclear(const struct probation *p)
{
	return p->unclear && !publisher_is_started(p->publisher);
}

int probation_clear(struct probation *p, struct error *err)
{
	int rc;

	if (!probation_is_unclear(p))
		return 0;
	rc = start_publisher(p, err);
	if (!rc && publisher_is_clear(p->publisher))
		publisher_stop(p->publisher);
	return rc;
}

void probation_stop(struct probation *p)
{
	p->unclear = p->unclear || p->count ||
		     (publisher_is_started(p->publisher) && !publisher_is_clear(p->publisher));
	publisher_stop(p->publisher);
	for (int i = 0; i < p->partitions->count; i++)
		p->last[i] = NO_TRIAL;
	p->count = 0;
}
