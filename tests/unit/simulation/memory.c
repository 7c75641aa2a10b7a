#include "tests/unit/simulation/memory.h"

#include "tests/unit/simulation/wrapped.h"

#include <assert.h>
#include <string.h>

enum {
	WORLD_BYTES = 64 * 1024 * 1024
}; /* far more than a schedule needs; the system provides it as it is used */

static struct memory *current;

/* ---- of processes ---- */

void memory_init(struct memory *m)
{
	m->ring.previous = &m->ring;
	m->ring.next = &m->ring;
}

bool memory_is_empty(const struct memory *m)
{
	return m->ring.next == &m->ring;
}

void memory_use(struct memory *m)
{
	current = m;
}

static void link_block(struct block *b, struct memory *m)
{
	b->previous = &m->ring;
	b->next = m->ring.next;
	b->next->previous = b;
	m->ring.next = b;
}

/* A block that belongs to no process is a ring of its own. */
static void *enter(struct block *b)
{
	if (!b)
		return NULL;
	b->previous = b;
	b->next = b;
	if (current)
		link_block(b, current);
	return b + 1;
}

static struct block *leave(void *p)
{
	struct block *b = (struct block *)p - 1;

	b->previous->next = b->next;
	b->next->previous = b->previous;
	return b;
}

void memory_drop(struct memory *m)
{
	while (!memory_is_empty(m))
		__real_free(leave(m->ring.next + 1));
}

void *__wrap_malloc(size_t size)
{
	return enter(__real_malloc(sizeof(struct block) + size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return enter(__real_calloc(1, sizeof(struct block) + count * size));
}

void *__wrap_realloc(void *p, size_t size)
{
	return enter(__real_realloc(p ? leave(p) : NULL, sizeof(struct block) + size));
}

void __wrap_free(void *p)
{
	if (p)
		__real_free(leave(p));
}

char *__wrap_strndup(const char *text, size_t max)
{
	size_t len = strnlen(text, max);
	char *copy = __wrap_malloc(len + 1);

	assert(copy);
	memcpy(copy, text, len);
	copy[len] = 0;
	return copy;
}

char *__wrap_strdup(const char *text)
{
	return __wrap_strndup(text, strlen(text));
}

/* ---- of the world ---- */

static uint8_t *world;
static size_t world_used;

void *world_alloc(size_t size)
{
	uint8_t *p;

	if (!world)
		world = __real_malloc(WORLD_BYTES);
	assert(world && size <= WORLD_BYTES - world_used);
	p = world + world_used;
	world_used += (size + 15) & ~(size_t)15;
	return memset(p, 0, size);
}

struct bytes world_copy(struct bytes b)
{
	return b.data ? (struct bytes){ memcpy(world_alloc(b.len), b.data, b.len), b.len } : b;
}

void world_empty(void)
{
	world_used = 0;
}
