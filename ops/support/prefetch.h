#ifndef SB_SUPPORT_PREFETCH_H
#define SB_SUPPORT_PREFETCH_H

#include <stddef.h>

enum { CACHE_LINE_BYTES = 64 };

/*
 * Asks for the memory of a thing, so that whoever comes to it a little later need
 * not wait for it. The address may be any, for nothing is read.
 */
static inline void prefetch_memory(const void *thing, size_t size)
{
	for (size_t i = 0; i < size; i += CACHE_LINE_BYTES)
		__builtin_prefetch((const char *)thing + i);
}

#endif
