#include "consumer/staged.h"

#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

void staged_add(struct staged *s, const struct message *m)
{
	assert(!s->count || m->offset > s->list[s->count - 1].offset);
	s->list = memory_grow(s->list, &s->cap, s->count + 1, sizeof(*s->list));
	s->list[s->count++] = *m;
}

void staged_drop(struct staged *s, size_t count)
{
	assert(count <= s->count);
	for (size_t i = 0; i < count; i++)
		message_done(&s->list[i]);
	s->count -= count;
	if (s->count)
		memmove(s->list, s->list + count, s->count * sizeof(*s->list));
}

void staged_clear(struct staged *s)
{
	staged_drop(s, s->count);
}

void staged_done(struct staged *s)
{
	staged_clear(s);
	free(s->list);
	*s = (struct staged){ 0 };
}

size_t staged_portion(const struct staged *s, size_t max, size_t bytes)
{
	size_t count = 0;
	size_t sum = 0;

	while (count < s->count && count < max && sum < bytes)
		sum += s->list[count++].value.len;
	return count;
}
