#include "consumer/reaping.h"

#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

void reapings_init(struct reapings *all, const struct partitions *partitions)
{
	all->count = partitions->count;
	all->list = memory_zalloc((size_t)all->count, sizeof(*all->list));
	for (int i = 0; i < all->count; i++)
		all->list[i].part = &partitions->list[i];
}

void reapings_done(struct reapings *all)
{
	for (int i = 0; i < all->count; i++)
		free(all->list[i].gone);
	free(all->list);
	*all = (struct reapings){ 0 };
}

bool reaping_is_current(const struct reaping *r)
{
	return r->part->state == PARTITION_READY && r->part->mark.epoch == r->epoch;
}

size_t reaping_gone_count(const struct reaping *r)
{
	return r->gone ? r->gone->count : 0;
}

void reaping_add_gone(struct reaping *r, const struct subject *s)
{
	if (!r->gone)
		r->gone = memory_zalloc(1, sizeof(*r->gone));
	if (r->gone->count < GONE_MAX)
		r->gone->list[r->gone->count++] = *s;
	else
		r->survey = SURVEY_WANTED;
}

void reaping_drop_gone(struct reaping *r, size_t i)
{
	struct gone *g = r->gone;

	assert(g && i < g->count);
	memmove(&g->list[i], &g->list[i + 1], (--g->count - i) * sizeof(*g->list));
}

static bool has_grants(const struct stale_list *found, const struct subject *s)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->list[i].expires_at == ABSENT && found->list[i].subject.kind == s->kind &&
		    uuid_equal(&found->list[i].subject.id, &s->id))
			return true;
	return false;
}

void reaping_drop_done(struct reaping *r, size_t asked, const struct stale_list *found)
{
	for (size_t i = asked; i > 0; i--)
		if (!has_grants(found, &r->gone->list[i - 1]))
			reaping_drop_gone(r, i - 1);
}
