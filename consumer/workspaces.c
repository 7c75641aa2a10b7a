#include "consumer/workspaces.h"

#include "ops/support/hash.h"
#include "ops/support/memory.h"

#include <stdlib.h>

struct entry {
	struct held_workspace held;
	size_t accounted; /* bytes counted against the bound */
	UT_hash_handle hh;
};

struct workspaces {
	struct entry *all; /* by id; least recently used first */
	size_t max;
	size_t bytes; /* the sum of `accounted` */
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

/* A workspace grows while it is in use; the sum is corrected when it is next used. */
static void account_for(struct workspaces *w, struct entry *e)
{
	w->bytes -= e->accounted;
	e->accounted = memory_of(e);
	w->bytes += e->accounted;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_entry(struct workspaces *w, struct entry *e)
{
	w->bytes -= e->accounted;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer is lost in uthash's lists */
	HASH_DEL(w->all, e);
	workspace_done(&e->held.workspace);
	free(e);
}

void workspaces_free(struct workspaces **wp)
{
	struct entry *e;
	struct entry *next;

	if (!*wp)
		return;
	HASH_ITER(hh, (*wp)->all, e, next)
	drop_entry(*wp, e);
	free(*wp);
	*wp = NULL;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
struct held_workspace *workspaces_find(struct workspaces *w, const struct uuid *id)
{
	struct entry *e;

	HASH_FIND(hh, w->all, id, sizeof(*id), e);
	if (!e)
		return NULL;
	HASH_DEL(w->all, e); /* HASH_ADD puts it at the end, as the most recently used */
	HASH_ADD(hh, w->all, held.workspace.id, sizeof(e->held.workspace.id), e);
	account_for(w, e);
	return &e->held;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
struct held_workspace *workspaces_add(struct workspaces *w, int partition, const struct uuid *id)
{
	struct entry *e = memory_zalloc(1, sizeof(*e));

	workspace_init(&e->held.workspace, id);
	e->held.partition = partition;
	HASH_ADD(hh, w->all, held.workspace.id, sizeof(e->held.workspace.id), e);
	account_for(w, e);
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

void workspaces_trim(struct workspaces *w)
{
	while (w->bytes > w->max)
		drop_entry(w, w->all);
}

void workspaces_forget(struct workspaces *w, int partition)
{
	struct entry *e;
	struct entry *next;

	HASH_ITER(hh, w->all, e, next)
	if (e->held.partition == partition)
		drop_entry(w, e);
}
