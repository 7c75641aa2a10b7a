#include "consumer/latest.h"

#include <assert.h>
#include <stdlib.h>

struct latest {
	struct latest_entry *all; /* by id */
	size_t max;
	size_t bytes;
};

struct latest *latest_new(size_t max)
{
	struct latest *l = calloc(1, sizeof(*l));

	assert(l);
	l->max = max;
	return l;
}

static size_t size_of(const struct latest_entry *e)
{
	return sizeof(*e) + e->value.len;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop(struct latest *l, struct latest_entry *e)
{
	l->bytes -= size_of(e);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not see through uthash's lists */
	HASH_DEL(l->all, e);
	free(e);
}

void latest_free(struct latest **lp)
{
	if (!*lp)
		return;
	latest_drop(*lp, HASH_COUNT((*lp)->all));
	free(*lp);
	*lp = NULL;
}

static struct latest_entry *copy_of(const struct latest_entry *state)
{
	struct latest_entry *e = malloc(size_of(state));

	assert(e);
	*e = *state;
	if (!state->value.data)
		return e;
	if (state->value.len)
		memcpy(e->data, state->value.data, state->value.len);
	e->value.data = e->data;
	return e;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
void latest_put(struct latest *l, const struct latest_entry *state)
{
	struct latest_entry *e;

	HASH_FIND(hh, l->all, &state->id, sizeof(state->id), e);
	if (e)
		drop(l, e);
	e = copy_of(state);
	HASH_ADD(hh, l->all, id, sizeof(e->id), e);
	l->bytes += size_of(e);
}

bool latest_is_full(const struct latest *l)
{
	return l->bytes >= l->max;
}

static int by_partition(const struct latest_entry *a, const struct latest_entry *b)
{
	return a->partition - b->partition;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
void latest_sort(struct latest *l)
{
	HASH_SORT(l->all, by_partition);
}

size_t latest_portion(const struct latest *l, size_t max, size_t bytes,
		      const struct latest_entry **out)
{
	const struct latest_entry *e = l->all;
	size_t count = 0;
	size_t sum = 0;

	for (; e && count < max && sum < bytes && e->partition == l->all->partition;
	     e = e->hh.next) {
		out[count++] = e;
		sum += e->value.len;
	}
	return count;
}

void latest_drop(struct latest *l, size_t count)
{
	struct latest_entry *e;
	struct latest_entry *next;

	HASH_ITER(hh, l->all, e, next)
	{
		if (!count--)
			break;
		drop(l, e);
	}
}
