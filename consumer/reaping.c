#include "consumer/reaping.h"

#include <assert.h>
#include <stdlib.h>

bool reaping_is_ours(const struct processor *p, int partition)
{
	const struct partition *part = &p->partitions[partition];

	return part->state == PARTITION_READY &&
	       part->mark.epoch == p->reaper->partitions[partition].epoch;
}

size_t reaping_gone_count(const struct reaping *r)
{
	return r->gone ? r->gone->count : 0;
}

void reaping_add_gone(struct reaping *r, const struct subject *s)
{
	if (!r->gone)
		r->gone = calloc(1, sizeof(*r->gone));
	assert(r->gone);
	if (r->gone->count < GONE_MAX)
		r->gone->list[r->gone->count++] = *s;
	else
		r->sweep = SWEEP_WANTED;
}

void reaping_drop_gone(struct reaping *r, size_t i)
{
	struct gone *g = r->gone;

	memmove(&g->list[i], &g->list[i + 1], (--g->count - i) * sizeof(*g->list));
}
