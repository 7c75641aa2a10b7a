#include "cache/clearing.h"

#include "cache/redis.h"
#include "schemas/topics.h"

#include <assert.h>
#include <hiredis/hiredis.h>

/* What a rebuild leaves alone: the mark, and inboxes, which are no part of the index (inbox.h). */
static bool is_kept(struct bytes kind)
{
	static const char inbox[] = "inbox";

	return bytes_equal_text(kind, "mark") ||
	       (kind.len > strlen(inbox) && memcmp(kind.data, inbox, strlen(inbox)) == 0);
}

/* Is the key one of the partition's? If so, and unless it is kept, appends its deletion. */
static bool unlink_key(struct clearing *c, const struct keys *k, struct bytes key)
{
	struct bytes kind;

	if (key.len < k->len || memcmp(key.data, k->base, k->len) != 0)
		return false;
	kind = (struct bytes){ key.data + k->len, key.len - k->len };
	if (is_kept(kind))
		return true;
	pipeline_command(&c->body, 2);
	pipeline_text(&c->body, "UNLINK");
	pipeline_bytes(&c->body, key);
	return true;
}

static void unlink_found(struct index *ix, struct clearing *list, size_t count,
			 const redisReply *found)
{
	for (size_t i = 0; i < count; i++)
		pipeline_clear(&list[i].body);
	for (size_t i = 0; i < found->elements; i++) {
		struct bytes key = reply_bytes(found->element[i]);
		size_t c = 0;

		while (c < count && !unlink_key(&list[c], index_keys(ix, list[c].partition), key))
			c++;
	}
}

int clearing_step(struct index *ix, struct clearing *list, size_t count, uint64_t *cursor,
		  struct error *err)
{
	const redisReply *found = NULL;
	uint64_t next = *cursor;
	int partitions[PARTITIONS_MAX + 1];
	const struct index_part of = { partitions, count };
	int rc;

	assert(count && count <= PARTITIONS_MAX + 1);
	for (size_t i = 0; i < count; i++)
		partitions[i] = list[i].partition;
	rc = index_scan(ix, "{*", &of, &next, &found, err);

	if (rc)
		return rc;
	unlink_found(ix, list, count, found);
	for (size_t i = 0; !rc && i < count; i++)
		if (list[i].body.commands)
			rc = index_write(ix, list[i].partition, list[i].ours, list[i].ours,
					 &list[i].body, err);
	if (!rc)
		*cursor = next;
	return rc;
}
