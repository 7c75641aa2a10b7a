#include "ops/support/arena.h"

#include "ops/support/memory.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

/*
 * Under the address sanitizer only what is allocated may be touched: then whoever reads past the
 * end of a piece, or one that a reset has ended, is found as with malloc().
 */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_SANITIZED 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define ARENA_SANITIZED 1
#endif
#ifdef ARENA_SANITIZED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(data, size)   ((void)(data), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(data, size) ((void)(data), (void)(size))
#endif

enum {
	ARENA_BLOCK_BYTES = 256 * 1024,
	ARENA_KEEP_BYTES = 16 * 1024 * 1024, /* several of the largest runs */
};

struct arena_block {
	struct arena_block *next;
	size_t size;
	alignas(max_align_t) unsigned char data[];
};

static struct arena_block *block_new(size_t size)
{
	struct arena_block *b;

	if (size < ARENA_BLOCK_BYTES)
		size = ARENA_BLOCK_BYTES;
	b = memory_must(malloc(sizeof(*b) + size));
	b->next = NULL;
	b->size = size;
	ASAN_POISON_MEMORY_REGION(b->data, size);
	return b;
}

static void free_chain(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_init(struct arena *a)
{
	*a = (struct arena){ 0 };
}

void arena_done(struct arena *a)
{
	free_chain(a->first);
	arena_init(a);
}

void arena_reset(struct arena *a)
{
	size_t kept = 0;

	for (struct arena_block *b = a->first; b; b = b->next) {
		ASAN_POISON_MEMORY_REGION(b->data, b->size);
		kept += b->size;
		if (kept < ARENA_KEEP_BYTES)
			continue;
		free_chain(b->next);
		b->next = NULL;
	}
	a->current = a->first;
	a->used = 0;
}

void arena_adopt(struct arena *a, struct arena *from)
{
	struct arena_block *last = from->first;

	if (!a->current)
		*a = *from;
	if (a->first != from->first) {
		while (last && last->next)
			last = last->next;
		if (last) {
			last->next = a->first;
			a->first = from->first;
		}
	}
	arena_init(from);
}

/* Moves to a block with room for size bytes: the next in the chain, or a new one before it. */
static void advance_block(struct arena *a, size_t size)
{
	struct arena_block *next = a->current ? a->current->next : NULL;

	if (!next || next->size < size) {
		struct arena_block *b = block_new(size);

		b->next = next;
		if (a->current)
			a->current->next = b;
		else
			a->first = b;
		next = b;
	}
	a->current = next;
	a->used = 0;
}

static size_t aligned_size(size_t size)
{
	return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

size_t arena_size(const struct arena *a)
{
	size_t size = 0;

	for (const struct arena_block *b = a->first; b; b = b->next)
		size += b->size;
	return size;
}

void *arena_alloc(struct arena *a, size_t size)
{
	size_t taken = aligned_size(size);
	void *p;

	if (!a->current || a->current->size - a->used < taken)
		advance_block(a, taken);
	p = a->current->data + a->used;
	a->used += taken;
	ASAN_UNPOISON_MEMORY_REGION(p, size);
	return p;
}

void *arena_zalloc(struct arena *a, size_t count, size_t size)
{
	return memset(arena_alloc(a, count * size), 0, count * size);
}

void *arena_grow(struct arena *a, void *list, size_t *cap, size_t need, size_t size)
{
	size_t wanted;
	void *grown;

	if (need <= *cap)
		return list;
	wanted = memory_capacity(*cap, need, size);
	grown = arena_alloc(a, wanted * size);
	if (*cap)
		memcpy(grown, list, *cap * size);
	*cap = wanted;
	return grown;
}

struct bytes arena_copy(struct arena *a, struct bytes b)
{
	uint8_t *p;

	if (!b.data)
		return b;
	p = arena_alloc(a, b.len + 1);
	memcpy(p, b.data, b.len);
	p[b.len] = 0;
	return (struct bytes){ p, b.len };
}

struct bytes arena_join(struct arena *a, const struct bytes *parts, size_t count)
{
	size_t len = 0;
	uint8_t *begin;
	uint8_t *p;

	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	begin = p = arena_alloc(a, len + 1);
	for (size_t i = 0; i < count; p += parts[i++].len)
		if (parts[i].len)
			memcpy(p, parts[i].data, parts[i].len);
	*p = 0;
	return (struct bytes){ begin, len };
}

/* Formats into the rest of the current block; returns the length needed, which may be more. */
__attribute__((format(printf, 2, 0))) static size_t try_printf(struct arena *a, const char *format,
							       va_list args)
{
	size_t left = a->current ? a->current->size - a->used : 0;
	char *p = left ? (char *)a->current->data + a->used : NULL;
	int len;

	ASAN_UNPOISON_MEMORY_REGION(p, left);
	len = vsnprintf(p, left, format, args);
	ASAN_POISON_MEMORY_REGION(p, left); /* until it is allocated */
	return len < 0 ? 0 : (size_t)len;
}

struct bytes arena_vprintf(struct arena *a, const char *format, va_list args)
{
	va_list again;
	size_t len;

	va_copy(again, args);
	len = try_printf(a, format, args);
	if (!a->current || a->current->size - a->used < aligned_size(len + 1)) {
		advance_block(a, aligned_size(len + 1));
		len = try_printf(a, format, again);
	}
	va_end(again);
	return (struct bytes){ arena_alloc(a, len + 1), len };
}

struct bytes arena_printf(struct arena *a, const char *format, ...)
{
	struct bytes text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(a, format, args);
	va_end(args);
	return text;
}
