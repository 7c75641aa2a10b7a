#include "producer/operator/directory/finder.h"

#include <stdlib.h>
#include <string.h>

static int order_of(const struct record *r, enum directory_kind kind, const struct uuid *id)
{
	enum directory_kind own = directory_kind(r);

	if (own != kind)
		return own < kind ? -1 : 1;
	return memcmp(directory_id(r), id, sizeof(*id));
}

/* qsort() does not keep the order of equal elements, so each remembers its place. */
struct placed {
	const struct record *record;
	size_t place;
};

static int by_kind_and_id(const void *a, const void *b)
{
	const struct placed *x = a;
	const struct placed *y = b;
	int order = order_of(x->record, directory_kind(y->record), directory_id(y->record));

	if (order)
		return order;
	return x->place < y->place ? -1 : x->place > y->place;
}

void directory_finder_init(struct directory_finder *f, const struct directory_facts *const *lists,
			   size_t list_count, struct arena *arena)
{
	struct placed *all;
	size_t count = 0;

	for (size_t i = 0; i < list_count; i++)
		count += lists[i]->count;
	all = arena_alloc(arena, (count + 1) * sizeof(*all));
	f->list = arena_alloc(arena, (count + 1) * sizeof(const struct record *));
	f->count = 0;
	count = 0;
	for (size_t i = 0; i < list_count; i++)
		for (size_t j = 0; j < lists[i]->count; j++, count++)
			all[count] = (struct placed){ &lists[i]->list[j], count };
	qsort(all, count, sizeof(*all), by_kind_and_id);
	for (size_t i = 0; i < count; i++)
		if (!i || order_of(all[i - 1].record, directory_kind(all[i].record),
				   directory_id(all[i].record)) != 0)
			f->list[f->count++] = all[i].record;
}

const struct record *directory_find(const struct directory_finder *f, enum directory_kind kind,
				    const struct uuid *id)
{
	size_t low = 0;
	size_t high = f->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = order_of(f->list[middle], kind, id);

		if (!order)
			return f->list[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
