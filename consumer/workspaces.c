#include "consumer/workspaces.h"

#include <assert.h>
#include <stdlib.h>

struct workspaces {
	struct held_workspace *all; /* by id; least recently used first */
	size_t max;
	size_t bytes; /* the sum of `accounted` */
};

struct workspaces *workspaces_new(size_t max)
{
	struct workspaces *w = calloc(1, sizeof(*w));

	assert(w);
	w->max = max;
	return w;
}

static size_t memory_of(const struct held_workspace *h)
{
	return sizeof(*h) - sizeof(h->workspace) + workspace_memory(&h->workspace);
}

/* A workspace grows while it is used; the sum follows when it is used again. */
static void account(struct workspaces *w, struct held_workspace *h)
{
	w->bytes -= h->accounted;
	h->accounted = memory_of(h);
	w->bytes += h->accounted;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop(struct workspaces *w, struct held_workspace *h)
{
	w->bytes -= h->accounted;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see through uthash's lists */
	HASH_DEL(w->all, h);
	workspace_done(&h->workspace);
	free(h);
}

void workspaces_free(struct workspaces **wp)
{
	struct held_workspace *h;
	struct held_workspace *next;

	if (!*wp)
		return;
	HASH_ITER(hh, (*wp)->all, h, next)
	drop(*wp, h);
	free(*wp);
	*wp = NULL;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
struct held_workspace *workspaces_find(struct workspaces *w, const struct uuid *id)
{
	struct held_workspace *h;

	HASH_FIND(hh, w->all, id, sizeof(*id), h);
	if (!h)
		return NULL;
	HASH_DEL(w->all, h); /* to the end: most recently used */
	HASH_ADD(hh, w->all, workspace.id, sizeof(h->workspace.id), h);
	account(w, h);
	return h;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
struct held_workspace *workspaces_add(struct workspaces *w, int partition, const struct uuid *id)
{
	struct held_workspace *h = calloc(1, sizeof(*h));

	assert(h);
	workspace_init(&h->workspace, id);
	h->partition = partition;
	HASH_ADD(hh, w->all, workspace.id, sizeof(h->workspace.id), h);
	account(w, h);
	return h;
}

void workspaces_trim(struct workspaces *w)
{
	while (w->bytes > w->max)
		drop(w, w->all);
}

void workspaces_forget(struct workspaces *w, int partition)
{
	struct held_workspace *h;
	struct held_workspace *next;

	HASH_ITER(hh, w->all, h, next)
	if (h->partition == partition)
		drop(w, h);
}
