#include "consumer/damage.h"

#include "ops/support/log.h"

enum {
	PAUSE_FIRST_MS = 1000,
	PAUSE_MAX_MS = 5 * 60 * 1000,
	DOUBLINGS_MAX = 9, /* enough to reach PAUSE_MAX_MS */
	FORGOTTEN_MS = 10 * 60 * 1000,
};

int64_t damages_note(struct damages *d, int64_t now_ms)
{
	int64_t pause_ms = 0;

	if (d->count && now_ms - d->last_ms >= FORGOTTEN_MS)
		d->count = 0;
	if (d->count)
		pause_ms = (int64_t)PAUSE_FIRST_MS
			   << (d->count - 1 < DOUBLINGS_MAX ? d->count - 1 : DOUBLINGS_MAX);
	d->count++;
	d->last_ms = now_ms;
	return pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
}

void damage_found(struct index *ix, struct partition *part, const struct error *why, int64_t now_ms)
{
	struct error trouble = { 0 };
	struct error err = { 0 };
	int64_t pause_ms;

	if (part->state == PARTITION_FOREIGN)
		return;
	pause_ms = damages_note(&part->damages, now_ms);
	log_partition(LOG_LEVEL_WARN, part->id, "damaged in Redis: %s; rebuilding it in %lld s",
		      why->text, (long long)pause_ms / 1000);
	if (index_distrust(ix, part->id, &part->mark, &err))
		log_partition(LOG_LEVEL_WARN, part->id,
			      "its mark cannot be made `rebuilding` yet: %s", err.text);
	part->damaged = true;
	if (!pause_ms) {
		partition_claim_again(part);
		return;
	}
	(void)error_set(&trouble, ERROR_DAMAGED,
			"damaged in Redis again and again, so that its rebuild waits: %s",
			why->text);
	partition_set_aside_until(part, &trouble, now_ms + pause_ms);
}
