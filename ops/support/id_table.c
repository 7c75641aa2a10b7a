#include "ops/support/id_table.h"

#include "ops/support/hash.h"
#include "ops/support/memory.h"
#include "ops/support/prefetch.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_FIRST = 16, WARM_AT_ONCE = 16 };

struct id_table_slot {
	const void *thing; /* NULL: empty */
	uint32_t hash;
};

static uint32_t hash_of(const void *id)
{
	return hash_bytes(id, ID_TABLE_ID_SIZE);
}

static size_t next_slot(const struct id_table *t, size_t slot)
{
	return (slot + 1) & (t->size - 1);
}

static size_t empty_slot(const struct id_table *t, uint32_t hash)
{
	size_t slot = hash & (t->size - 1);

	while (t->slots[slot].thing)
		slot = next_slot(t, slot);
	return slot;
}

void id_table_done(struct id_table *t)
{
	free(t->slots);
	*t = (struct id_table){ 0 };
}

/* A thing is only looked at when all bits of its hash are right. */
void *id_table_find(const struct id_table *t, const void *id)
{
	uint32_t hash;

	if (!t->count)
		return NULL;
	hash = hash_of(id);
	for (size_t slot = hash & (t->size - 1); t->slots[slot].thing; slot = next_slot(t, slot)) {
		const struct id_table_slot *s = &t->slots[slot];

		if (s->hash == hash && memcmp(s->thing, id, ID_TABLE_ID_SIZE) == 0)
			return (void *)(uintptr_t)s->thing;
	}
	return NULL;
}

static void warm_slots(const struct id_table *t, const void *const *ids, uint32_t *hashes,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_of(ids[i]);
		prefetch_memory(&t->slots[hashes[i] & (t->size - 1)], sizeof(*t->slots));
	}
}

static void warm_thing(const struct id_table *t, uint32_t hash, size_t size)
{
	size_t slot = hash & (t->size - 1);

	while (t->slots[slot].thing && t->slots[slot].hash != hash)
		slot = next_slot(t, slot);
	if (t->slots[slot].thing)
		prefetch_memory(t->slots[slot].thing, size);
}

void id_table_warm(const struct id_table *t, const void *const *ids, size_t count, size_t size)
{
	uint32_t hashes[WARM_AT_ONCE];

	for (size_t done = 0; t->count && done < count; done += WARM_AT_ONCE) {
		size_t n = count - done < WARM_AT_ONCE ? count - done : WARM_AT_ONCE;

		warm_slots(t, ids + done, hashes, n);
		for (size_t i = 0; i < n; i++)
			warm_thing(t, hashes[i], size);
	}
}

static void grow_slots(struct id_table *t)
{
	const struct id_table old = *t;

	t->size = old.size ? 2 * old.size : SIZE_FIRST;
	t->slots = memory_zalloc(t->size, sizeof(*t->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].thing)
			t->slots[empty_slot(t, old.slots[i].hash)] = old.slots[i];
	free(old.slots);
}

/* At most half of the slots are in use: then a look-up passes one other thing in two. */
void id_table_add(struct id_table *t, void *thing)
{
	uint32_t hash = hash_of(thing);

	if (2 * (t->count + 1) > t->size)
		grow_slots(t);
	t->slots[empty_slot(t, hash)] = (struct id_table_slot){ thing, hash };
	t->count++;
}

static size_t slot_of(const struct id_table *t, const void *thing)
{
	size_t slot;

	assert(t->count);
	slot = hash_of(thing) & (t->size - 1);
	while (t->slots[slot].thing != thing) {
		assert(t->slots[slot].thing);
		slot = next_slot(t, slot);
	}
	return slot;
}

/* Moves up what comes after the gap and could not be found beyond it. */
void id_table_remove(struct id_table *t, const void *thing)
{
	size_t mask = t->size - 1;
	size_t gap = slot_of(t, thing);

	for (size_t slot = next_slot(t, gap); t->slots[slot].thing; slot = next_slot(t, slot)) {
		size_t home = t->slots[slot].hash & mask;

		if (((slot - home) & mask) < ((slot - gap) & mask))
			continue; /* its home lies between the gap and itself */
		t->slots[gap] = t->slots[slot];
		gap = slot;
	}
	t->slots[gap] = (struct id_table_slot){ 0 };
	t->count--;
}
