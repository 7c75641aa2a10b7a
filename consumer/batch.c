#include "consumer/batch.h"

#include "ops/support/memory.h"

#include <stdlib.h>

struct batch *batch_new(int partition, int64_t last, int64_t applied, struct bytes packed)
{
	struct batch *b = memory_must(malloc(sizeof(*b) + packed.len));

	*b = (struct batch){
		.partition = partition, .last = last, .applied = applied, .len = packed.len
	};
	memcpy(b->packed, packed.data, packed.len);
	return b;
}

void batch_free_list(struct batch *b)
{
	while (b) {
		struct batch *next = b->next;

		free(b);
		b = next;
	}
}
