#include "cache/places.h"

#include "ops/support/hash.h"

#include <assert.h>

enum {
	WALKED_MAX = 32, /* grants: fairly arbitrary; about two kilobytes */
	SIZE_FIRST = 128,
};

/* Where a subject's slot would be if no other were in its way. */
static size_t home_of(const struct places *p, const struct subject *s)
{
	uint8_t key[1 + sizeof(s->id.bytes)];

	key[0] = (uint8_t)s->kind;
	memcpy(key + 1, s->id.bytes, sizeof(s->id.bytes));
	return hash_bytes(key, sizeof(key)) & (p->size - 1);
}

static size_t next_slot(const struct places *p, size_t slot)
{
	return (slot + 1) & (p->size - 1);
}

/* The slot of the subject, or the empty one where it would be. */
static size_t find_slot(const struct places *p, const struct grant *grants, const struct subject *s)
{
	size_t slot = home_of(p, s);

	while (p->slots[slot] && !subject_equal(&grants[p->slots[slot] - 1].subject, s))
		slot = next_slot(p, slot);
	return slot;
}

void places_done(struct places *p)
{
	free(p->slots);
	*p = (struct places){ 0 };
}

size_t places_find(const struct places *p, const struct grant *grants, size_t count,
		   const struct subject *s)
{
	size_t i = 0;

	if (p->slots)
		return (size_t)p->slots[find_slot(p, grants, s)] - 1;
	while (i < count && !subject_equal(&grants[i].subject, s))
		i++;
	return i < count ? i : SIZE_MAX;
}

static void build_slots(struct places *p, const struct grant *grants, size_t count)
{
	size_t size = p->size ? 2 * p->size : SIZE_FIRST;

	places_done(p);
	p->slots = memory_zalloc(size, sizeof(*p->slots));
	p->size = size;
	for (size_t i = 0; i < count; i++)
		p->slots[find_slot(p, grants, &grants[i].subject)] = (uint32_t)i + 1;
}

void places_add(struct places *p, const struct grant *grants, size_t count)
{
	assert(count && count < UINT32_MAX);
	if (count > WALKED_MAX && 2 * count > p->size)
		build_slots(p, grants, count);
	else if (p->slots)
		p->slots[find_slot(p, grants, &grants[count - 1].subject)] = (uint32_t)count;
}

/* Empties a slot, and moves up those after it that could not have been found beyond the gap. */
static void clear_slot(struct places *p, const struct grant *grants, size_t gap)
{
	size_t mask = p->size - 1;

	for (size_t slot = next_slot(p, gap); p->slots[slot]; slot = next_slot(p, slot)) {
		size_t home = home_of(p, &grants[p->slots[slot] - 1].subject);

		if (((slot - home) & mask) < ((slot - gap) & mask))
			continue; /* its home lies between the gap and itself */
		p->slots[gap] = p->slots[slot];
		gap = slot;
	}
	p->slots[gap] = 0;
}

void places_drop(struct places *p, const struct grant *grants, size_t count, size_t i)
{
	assert(i < count);
	if (!p->slots)
		return;
	clear_slot(p, grants, find_slot(p, grants, &grants[i].subject));
	if (i != count - 1)
		p->slots[find_slot(p, grants, &grants[count - 1].subject)] = (uint32_t)i + 1;
}

size_t places_memory(const struct places *p)
{
	return p->size * sizeof(*p->slots);
}
