/* Stands in for cache/stages.h: the figures for `status --stages` are dropped. */

#include "cache/stages.h"

int stages_write(struct index *ix, int partition, const struct stages *s, struct error *err)
{
	(void)ix;
	(void)partition;
	(void)s;
	(void)err;
	return 0;
}
