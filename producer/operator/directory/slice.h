#ifndef SB_DIRECTORY_SLICE_H
#define SB_DIRECTORY_SLICE_H

#include <stddef.h>

/* Long lists are asked for in slices: between two of them the progress is shown. */
enum { SLICE_MAX = 10000 };

/* The size of the slice of a list of `count` that begins at `from`. */
static inline size_t slice_size(size_t count, size_t from)
{
	return count - from < SLICE_MAX ? count - from : SLICE_MAX;
}

#endif
