#include "consumer/notifier/tally.h"

#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

void tally_init(struct tally *t)
{
	*t = (struct tally){ .next = -1 };
}

static void drop_first(struct tally *t)
{
	struct debt *d = t->first;

	t->first = d->next;
	if (!t->first)
		t->last = NULL;
	free(d);
}

void tally_done(struct tally *t)
{
	while (t->first)
		drop_first(t);
	tally_init(t);
}

struct debt *tally_begin(struct tally *t, int64_t offset)
{
	struct debt *d = memory_zalloc(1, sizeof(*d));

	assert(offset >= t->next);
	*d = (struct debt){ .offset = offset, .open = 1 };
	if (t->last)
		t->last->next = d;
	else
		t->first = d;
	t->last = d;
	t->next = offset + 1;
	return d;
}

void tally_reach(struct tally *t, int64_t offset)
{
	if (offset > t->next)
		t->next = offset;
}

void debt_add(struct debt *d)
{
	d->open++;
}

void debt_pay(struct debt *d)
{
	assert(d->open);
	d->open--;
}

int64_t tally_settled(struct tally *t)
{
	while (t->first && !t->first->open)
		drop_first(t);
	return t->first ? t->first->offset : t->next;
}
