#include "consumer/mark_watch.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "schemas/ranges.h"
#include "schemas/topics.h"

#include <stdlib.h>

/* Partitions, their marks, and why nothing is known of one; as many of each. */
struct looked {
	int *ids;
	struct mark *marks;
	struct error *whys;
	size_t count;
};

static struct looked list_ours(const struct partitions *all)
{
	size_t max = (size_t)all->count;
	struct looked l = { memory_zalloc(max, sizeof(*l.ids)),
			    memory_zalloc(max, sizeof(*l.marks)),
			    memory_zalloc(max, sizeof(*l.whys)), 0 };

	for (int i = 0; i < all->count; i++)
		if (all->list[i].state >= PARTITION_REBUILDING)
			l.ids[l.count++] = i;
	return l;
}

static void looked_done(struct looked *l)
{
	free(l->ids);
	free(l->marks);
	free(l->whys);
}

static void report_strange(const bool *strange, int count)
{
	char names[RANGES_SHORT_SIZE];

	if (ranges_format(names, sizeof(names), strange, count))
		log_warn("%s: not marked in Redis as we left it, perhaps because Redis has lost "
			 "data; recovering",
			 names);
}

static void await_nodes(const struct looked *l, struct partitions *all, const struct now *now)
{
	for (size_t i = 0; i < l->count; i++)
		error_ignore(partition_await_node(&all->list[l->ids[i]], l->whys[i].code,
						  &l->whys[i], now->monotonic_ms));
}

/* Leaves in the list the marks that may be stamped. */
static void compare_marks(struct looked *l, struct partitions *all)
{
	bool strange[PARTITIONS_MAX] = { false };
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		struct partition *part = &all->list[l->ids[i]];

		if (l->whys[i].code)
			continue;
		if (!mark_equal(&l->marks[i], &part->mark)) {
			strange[part->id] = true;
			partition_claim_again(part);
		} else if (part->state == PARTITION_READY) {
			l->ids[kept] = l->ids[i];
			l->marks[kept++] = l->marks[i];
		}
	}
	l->count = kept;
	report_strange(strange, all->count);
}

int mark_watch_look(struct index *ix, struct partitions *all, const struct now *now,
		    struct error *err)
{
	struct looked l = list_ours(all);
	int rc = l.count ? index_look_at_marks(ix, l.ids, l.count, l.marks, l.whys, err) : 0;

	if (!rc) {
		await_nodes(&l, all, now);
		compare_marks(&l, all);
		rc = index_stamp(ix, l.ids, l.marks, l.count, l.whys, err);
	}
	if (!rc)
		await_nodes(&l, all, now);
	looked_done(&l);
	return rc;
}
