#include "consumer/latest.h"

#include "ops/support/hash.h"
#include "ops/support/memory.h"

#include <stdlib.h>

struct held_state {
	struct latest_entry entry; /* its value points to `data` */
	UT_hash_handle hh;
	uint8_t data[];
};

struct latest {
	struct held_state *all; /* by id */
	size_t max;
	size_t bytes;
};

struct latest *latest_new(size_t max)
{
	struct latest *l = memory_zalloc(1, sizeof(*l));

	l->max = max;
	return l;
}

static size_t size_of(const struct latest_entry *e)
{
	return sizeof(struct held_state) + e->value.len;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_state(struct latest *l, struct held_state *s)
{
	l->bytes -= size_of(&s->entry);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer is lost in uthash's lists */
	HASH_DEL(l->all, s);
	free(s);
}

void latest_free(struct latest **lp)
{
	if (!*lp)
		return;
	latest_drop(*lp, HASH_COUNT((*lp)->all));
	free(*lp);
	*lp = NULL;
}

static struct held_state *copy_of(const struct latest_entry *e)
{
	struct held_state *s = memory_must(malloc(size_of(e)));

	s->entry = *e;
	if (!e->value.data)
		return s;
	if (e->value.len)
		memcpy(s->data, e->value.data, e->value.len);
	s->entry.value.data = s->data;
	return s;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
void latest_put(struct latest *l, const struct latest_entry *state)
{
	struct held_state *s;

	HASH_FIND(hh, l->all, &state->id, sizeof(state->id), s);
	if (s)
		drop_state(l, s);
	s = copy_of(state);
	HASH_ADD(hh, l->all, entry.id, sizeof(s->entry.id), s);
	l->bytes += size_of(&s->entry);
}

bool latest_is_full(const struct latest *l)
{
	return l->bytes >= l->max;
}

static int by_partition(const struct held_state *a, const struct held_state *b)
{
	return a->entry.partition - b->entry.partition;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
void latest_sort(struct latest *l)
{
	HASH_SORT(l->all, by_partition);
}

size_t latest_portion(const struct latest *l, size_t max, size_t bytes,
		      const struct latest_entry **out)
{
	const struct held_state *s = l->all;
	size_t count = 0;
	size_t sum = 0;

	for (; s && count < max && sum < bytes && s->entry.partition == l->all->entry.partition;
	     s = s->hh.next) {
		out[count++] = &s->entry;
		sum += s->entry.value.len;
	}
	return count;
}

void latest_drop(struct latest *l, size_t count)
{
	struct held_state *s;
	struct held_state *next;

	HASH_ITER(hh, l->all, s, next)
	{
		if (!count--)
			break;
		drop_state(l, s);
	}
}
