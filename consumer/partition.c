#include "consumer/partition.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void partitions_init(struct partitions *all, int count, const struct partition_watcher *watcher)
{
	all->list = memory_zalloc((size_t)count, sizeof(*all->list));
	all->count = count;
	all->watcher = *watcher;
	for (int i = 0; i < count; i++) {
		all->list[i].id = i;
		all->list[i].all = all;
	}
}

void partitions_done(struct partitions *all)
{
	for (int i = 0; i < all->count; i++) {
		staged_done(&all->list[i].staged);
		free(all->list[i].committed_runs);
	}
	free(all->list);
	*all = (struct partitions){ 0 };
}

struct partition *partitions_get(const struct partitions *all, int id)
{
	assert(id >= 0 && id < all->count);
	return &all->list[id];
}

bool partitions_any(const struct partitions *all, enum partition_state state)
{
	for (int i = 0; i < all->count; i++)
		if (all->list[i].state == state)
			return true;
	return false;
}

static bool may_become(enum partition_state from, enum partition_state to)
{
	switch (to) {
	case PARTITION_FOREIGN:
	case PARTITION_CLAIMING:
		return true;
	case PARTITION_ASIDE:
		return from != PARTITION_FOREIGN;
	case PARTITION_REBUILDING:
		return from == PARTITION_CLAIMING;
	case PARTITION_READY:
		return from == PARTITION_CLAIMING || from == PARTITION_REBUILDING;
	}
	return false;
}

void partition_become(struct partition *part, enum partition_state to)
{
	const struct partition_watcher *watcher = &part->all->watcher;
	enum partition_state before = part->state;

	assert(may_become(before, to));
	part->state = to;
	part->probing = false;
	if (to != PARTITION_READY) {
		staged_clear(&part->staged);
		part->committed_runs_count = 0;
	}
	assert(!part->staged.count); /* only a READY partition has staged messages */
	if (to == PARTITION_READY || to == PARTITION_FOREIGN) {
		part->trouble = (struct error){ 0 };
		part->accepting = false;
		part->damaged = false;
	}
	if (to == PARTITION_FOREIGN)
		part->doubted = false;
	if (to == PARTITION_READY) {
		part->fetched = false;
		part->end = part->mark.applied;
	}
	watcher->changed(watcher->context, part, before);
}

void partition_claim_again(struct partition *part)
{
	if (part->state != PARTITION_FOREIGN && part->state != PARTITION_ASIDE)
		partition_become(part, PARTITION_CLAIMING);
}

void partitions_claim_again(struct partitions *all)
{
	for (int i = 0; i < all->count; i++)
		partition_claim_again(&all->list[i]);
}

void partition_set_aside_until(struct partition *part, const struct error *why, int64_t retry_ms)
{
	if (part->state == PARTITION_FOREIGN)
		return;
	if (strcmp(part->trouble.text, why->text) != 0)
		log_partition(LOG_LEVEL_WARN, part->id, "set aside: %s", why->text);
	part->trouble = *why;
	part->retry_ms = retry_ms;
	partition_become(part, PARTITION_ASIDE);
}

void partition_set_aside(struct partition *part, const struct error *why, int64_t now_ms)
{
	partition_set_aside_until(part, why, now_ms + ASIDE_RETRY_MS);
}

int partition_await_node(struct partition *part, int rc, const struct error *why, int64_t now_ms)
{
	if (rc != ERROR_NODE)
		return rc;
	partition_set_aside_until(part, why, now_ms + NODE_RETRY_MS);
	return 0;
}

void partitions_retry_aside(struct partitions *all, int64_t now_ms)
{
	for (int i = 0; i < all->count; i++)
		if (all->list[i].state == PARTITION_ASIDE && all->list[i].retry_ms <= now_ms)
			partition_become(&all->list[i], PARTITION_CLAIMING);
}

int64_t partitions_aside_due_ms(const struct partitions *all)
{
	int64_t due = INT64_MAX;

	for (int i = 0; i < all->count; i++)
		if (all->list[i].state == PARTITION_ASIDE && all->list[i].retry_ms < due)
			due = all->list[i].retry_ms;
	return due;
}

int64_t partition_next_offset(const struct partition *part)
{
	const struct staged *s = &part->staged;

	return s->count ? message_end(&s->list[s->count - 1]) : part->mark.applied;
}

void partition_note_committed(struct partition *part, int64_t last)
{
	assert(part->state == PARTITION_CLAIMING || part->state == PARTITION_READY);
	part->committed_runs =
		memory_grow(part->committed_runs, &part->committed_runs_cap,
			    part->committed_runs_count + 1, sizeof(*part->committed_runs));
	part->committed_runs[part->committed_runs_count++] = last;
}
