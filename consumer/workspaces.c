#include "consumer/workspaces.h"

#include "ops/support/id_table.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

/*
 * Entries stand in a queue. One that is used only notes that, for to move it would
 * touch both of its neighbours, which are seldom in the cache; it moves to the end
 * when its turn to be dropped has come, and is spared that once.
 */
struct entry {
	struct held_workspace held; /* begins with the workspace, and that with its id */
	bool used;                  /* since it was added or has moved to the end */
	size_t accounted;           /* bytes counted against the bound */
	struct entry *before;       /* in the queue */
	struct entry *after;
};

static_assert(offsetof(struct entry, held.workspace.id) == 0, "an entry is found by its id");

struct workspaces {
	struct id_table by_id;
	struct entry *first; /* the next to be dropped */
	struct entry *last;
	size_t max;
	size_t bytes;    /* the sum of `accounted` */
	size_t unfilled; /* so many at the end are new since the last trim, and not accounted for */
};

struct workspaces *workspaces_new(size_t max)
{
	struct workspaces *w = memory_zalloc(1, sizeof(*w));

	w->max = max;
	return w;
}

size_t workspaces_min_bytes(void)
{
	return sizeof(struct entry);
}

static size_t memory_of(const struct entry *e)
{
	return sizeof(*e) - sizeof(e->held.workspace) + workspace_memory(&e->held.workspace);
}

/*
 * A workspace grows while it is in use; the sum is corrected when it is next used. One
 * that is new is still empty when it is added, and counts from the next trim on.
 */
static void account_for(struct workspaces *w, struct entry *e)
{
	w->bytes -= e->accounted;
	e->accounted = memory_of(e);
	w->bytes += e->accounted;
}

static void queue_entry(struct workspaces *w, struct entry *e)
{
	e->used = false;
	e->before = w->last;
	e->after = NULL;
	*(e->before ? &e->before->after : &w->first) = e;
	w->last = e;
}

static void unqueue_entry(struct workspaces *w, struct entry *e)
{
	*(e->before ? &e->before->after : &w->first) = e->after;
	*(e->after ? &e->after->before : &w->last) = e->before;
}

static void drop_entry(struct workspaces *w, struct entry *e)
{
	w->bytes -= e->accounted;
	id_table_remove(&w->by_id, e);
	unqueue_entry(w, e);
	workspace_done(&e->held.workspace);
	free(e);
}

void workspaces_free(struct workspaces **wp)
{
	if (!*wp)
		return;
	while ((*wp)->first)
		drop_entry(*wp, (*wp)->first);
	id_table_done(&(*wp)->by_id);
	free(*wp);
	*wp = NULL;
}

struct held_workspace *workspaces_find(struct workspaces *w, const struct uuid *id)
{
	struct entry *e = id_table_find(&w->by_id, id);

	if (!e)
		return NULL;
	e->used = true;
	account_for(w, e);
	return &e->held;
}

struct held_workspace *workspaces_add(struct workspaces *w, int partition, const struct uuid *id)
{
	struct entry *e = memory_zalloc(1, sizeof(*e));

	workspace_init(&e->held.workspace, id);
	e->held.partition = partition;
	id_table_add(&w->by_id, e);
	queue_entry(w, e);
	w->unfilled++;
	return &e->held;
}

struct held_workspace *workspaces_hold(struct workspaces *w, int partition, const struct uuid *id,
				       struct workspace **missing, size_t *missing_count)
{
	struct held_workspace *held = workspaces_find(w, id);

	if (held)
		return held;
	held = workspaces_add(w, partition, id);
	missing[(*missing_count)++] = &held->workspace;
	return held;
}

void workspaces_warm(const struct workspaces *w, const void *const *ids, size_t count)
{
	id_table_warm(&w->by_id, ids, count, sizeof(struct entry));
}

/* Should some of them be dropped meanwhile, others are looked at for nothing. */
static void account_for_new(struct workspaces *w)
{
	for (struct entry *e = w->last; e && w->unfilled; e = e->before, w->unfilled--)
		account_for(w, e);
	w->unfilled = 0;
}

void workspaces_trim(struct workspaces *w)
{
	account_for_new(w);
	while (w->bytes > w->max) {
		struct entry *e = w->first;

		assert(e);
		if (e->used) {
			unqueue_entry(w, e);
			queue_entry(w, e);
		} else {
			drop_entry(w, e);
		}
	}
}

void workspaces_forget(struct workspaces *w, int partition)
{
	struct entry *next;

	for (struct entry *e = w->first; e; e = next) {
		next = e->after;
		if (e->held.partition == partition)
			drop_entry(w, e);
	}
}
