#include "tests/fuzz/offline.h"

#include "consumer/follower.h"
#include "consumer/publisher.h"

#include <assert.h>

static const struct directory *seen;
static struct batch *published;
static size_t sent_to_redis;

/* NOLINTBEGIN(bugprone-reserved-identifier): the linker wants these names */
struct bytes __wrap_message_header(const struct message *m, const char *name);
bool __wrap_message_header_at(const struct message *m, size_t i, const char **name,
			      struct bytes *value);
void __wrap_message_done(struct message *m);
const struct directory *__wrap_follower_directory(const struct follower *f);
int64_t __wrap_follower_position(const struct follower *f);
int __wrap_follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err);
int __wrap_follower_project(struct follower *f, struct error *err);
const struct keys *__wrap_index_keys(const struct index *ix, int partition);
int __wrap_index_read(struct index *ix, int partition, const struct mark *ours,
		      struct workspace *const *workspaces, size_t count, struct error *err);
int __wrap_index_apply(struct index *ix, int partition, struct mark *ours, struct apply *a,
		       int next, struct error *err);
void __wrap_publisher_push(struct publisher *p, struct batch *b);
/* NOLINTEND(bugprone-reserved-identifier) */

void offline_show(const struct directory *d)
{
	seen = d;
}

static void no_watcher(void *context, struct partition *part, enum partition_state before)
{
	(void)context;
	(void)part;
	(void)before;
}

void offline_own(struct partitions *all)
{
	static const struct partition_watcher watcher = { no_watcher, NULL };

	partitions_init(all, 1, &watcher);
	partition_become(&all->list[0], PARTITION_CLAIMING);
	partition_become(&all->list[0], PARTITION_READY);
}

struct batch *offline_take_batch(void)
{
	struct batch *b = published;

	published = NULL;
	return b;
}

size_t offline_written(void)
{
	return sent_to_redis;
}

/* ---- messages ---- */

struct bytes __wrap_message_header(const struct message *m, const char *name)
{
	const struct sent *s = m->handle;
	struct bytes value = { 0 };

	for (size_t i = 0; s && i < s->header_count; i++)
		if (strcmp(s->headers[i].name, name) == 0)
			value = s->headers[i].value;
	return value;
}

bool __wrap_message_header_at(const struct message *m, size_t i, const char **name,
			      struct bytes *value)
{
	const struct sent *s = m->handle;

	if (!s || i >= s->header_count)
		return false;
	*name = s->headers[i].name;
	*value = s->headers[i].value;
	return true;
}

void __wrap_message_done(struct message *m)
{
	*m = (struct message){ 0 };
}

/* ---- the directory ---- */

const struct directory *__wrap_follower_directory(const struct follower *f)
{
	(void)f;
	return seen;
}

int64_t __wrap_follower_position(const struct follower *f)
{
	(void)f;
	return 0;
}

int __wrap_follower_reach(struct follower *f, int64_t offset, int wait_ms, struct error *err)
{
	(void)f;
	(void)offset;
	(void)wait_ms;
	(void)err;
	return 0;
}

int __wrap_follower_project(struct follower *f, struct error *err)
{
	(void)f;
	(void)err;
	return 0;
}

/* ---- the index ---- */

const struct index *offline_index(void)
{
	static const char nothing;

	return (const struct index *)(const void *)&nothing;
}

const struct keys *__wrap_index_keys(const struct index *ix, int partition)
{
	static struct keys keys;

	(void)ix;
	keys_init(&keys, "sb", partition);
	return &keys;
}

/* Redis has no workspace but the one that is at hand. */
int __wrap_index_read(struct index *ix, int partition, const struct mark *ours,
		      struct workspace *const *workspaces, size_t missing, struct error *err)
{
	(void)ix;
	(void)partition;
	(void)ours;
	(void)workspaces;
	(void)missing;
	(void)err;
	return 0;
}

int __wrap_index_apply(struct index *ix, int partition, struct mark *ours, struct apply *a,
		       int next, struct error *err)
{
	(void)ix;
	(void)partition;
	(void)next;
	(void)err;
	sent_to_redis = a->pipeline.bytes.len;
	ours->applied = a->applied;
	return 0;
}

/* ---- the publisher ---- */

void __wrap_publisher_push(struct publisher *p, struct batch *b)
{
	(void)p;
	assert(!published);
	published = b;
}
