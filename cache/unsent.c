#include "cache/unsent.h"

#include "cache/redis.h"
#include "ops/support/memory.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

static int compare_last(const void *a, const void *b)
{
	int64_t x = ((const struct unsent *)a)->last;
	int64_t y = ((const struct unsent *)b)->last;

	return x < y ? -1 : x > y;
}

static void take_outputs(struct unsent_list *out, const redisReply *hash)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2) {
		struct unsent *u = &out->list[out->count++];
		struct bytes outputs = reply_bytes(hash->element[i + 1]);

		u->last = reply_number(hash->element[i], -1);
		buffer_init(&u->outputs);
		buffer_append(&u->outputs, outputs.data, outputs.len);
	}
	qsort(out->list, out->count, sizeof(*out->list), compare_last);
}

int unsent_read(struct index *ix, int partition, struct unsent_list *out, struct error *err)
{
	struct pipeline *p = index_begin(ix);
	struct unsent_list found = { 0 };
	const struct replies *replies;
	const redisReply *hash;
	int rc;

	pipeline_command(p, 2);
	pipeline_text(p, "HGETALL");
	pipeline_key(p, index_keys(ix, partition), "unsent", NULL);
	rc = index_ask(ix, &replies, err);
	if (rc)
		return rc;
	hash = replies->list[0];
	if (hash->type == REDIS_REPLY_ARRAY && hash->elements) {
		found.list = memory_zalloc(hash->elements / 2 + 1, sizeof(*found.list));
		take_outputs(&found, hash);
	}
	*out = found;
	return 0;
}

void unsent_done(struct unsent_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		buffer_done(&l->list[i].outputs);
	free(l->list);
	*l = (struct unsent_list){ 0 };
}
