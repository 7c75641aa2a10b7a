#include "ops/support/memory.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIST_MIN = 4 };

void *memory_must(void *p)
{
	if (!p) {
		(void)fputs("sharebus: out of memory\n", stderr);
		abort();
	}
	return p;
}

void *memory_zalloc(size_t count, size_t size)
{
	return memory_must(calloc(count ? count : 1, size));
}

size_t memory_capacity(size_t cap, size_t need, size_t size)
{
	size_t wanted = cap ? cap : LIST_MIN;

	while (wanted < need && wanted <= SIZE_MAX / 2)
		wanted *= 2;
	if (wanted < need || wanted > SIZE_MAX / size)
		(void)memory_must(NULL);
	return wanted;
}

void *memory_grow(void *list, size_t *cap, size_t need, size_t size)
{
	if (need <= *cap)
		return list;
	*cap = memory_capacity(*cap, need, size);
	return memory_must(realloc(list, *cap * size));
}
