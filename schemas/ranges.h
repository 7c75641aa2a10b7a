#ifndef SB_SCHEMAS_RANGES_H
#define SB_SCHEMAS_RANGES_H

/* Partitions as people write them: "partition 3", "partitions 0-2, 7". */

#include <stdbool.h>
#include <stddef.h>

/* Room for every second one of PARTITIONS_MAX; and for what a line of a log may have. */
enum { RANGES_SIZE = 8192, RANGES_SHORT_SIZE = 240 };

/*
 * Writes the numbers below `count` that are marked, with the word before them; an
 * empty text if none is, and ", …" at the end if not all find room. size is at
 * least RANGES_SHORT_SIZE. Returns how many are marked.
 */
int ranges_format(char *out, size_t size, const bool *marked, int count);

#endif
