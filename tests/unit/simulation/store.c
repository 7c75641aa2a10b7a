#include "tests/unit/simulation/store.h"

#include "tests/unit/simulation/memory.h"

/* A key in the snapshot. Values never change in place, so they are shared. */
struct kept {
	struct kept *next;
	struct store_key *key;
	struct store_field *fields;
	size_t count;
};

static struct {
	struct store_key *buckets[STORE_BUCKETS];
	uint64_t version;
	unsigned restarts;
	struct kept *snapshot;
} store;

void store_begin(void)
{
	memset(&store, 0, sizeof(store));
}

/* FNV-1a */
static size_t bucket_of(struct bytes name)
{
	uint64_t hash = 0xcbf29ce484222325U;

	for (size_t i = 0; i < name.len; i++)
		hash = (hash ^ name.data[i]) * 0x100000001b3U;
	return hash >> 32 & (STORE_BUCKETS - 1);
}

struct store_key *store_find(struct bytes name, bool make)
{
	struct store_key **at = &store.buckets[bucket_of(name)];

	while (*at && !bytes_equal((*at)->name, name))
		at = &(*at)->next;
	if (!*at && make) {
		*at = world_alloc(sizeof(**at));
		(*at)->name = world_copy(name);
	}
	return *at;
}

struct store_key *store_bucket(size_t bucket)
{
	return store.buckets[bucket];
}

static void touch(struct store_key *k)
{
	k->version = ++store.version;
}

static size_t place_of(const struct store_key *k, struct bytes field)
{
	size_t i = 0;

	while (i < k->count && !bytes_equal(k->fields[i].name, field))
		i++;
	return i;
}

struct bytes store_get(const struct store_key *k, struct bytes field)
{
	size_t i = k ? place_of(k, field) : 0;

	return k && i < k->count ? k->fields[i].value : (struct bytes){ 0 };
}

static void reserve(struct store_key *k, size_t count)
{
	size_t cap = k->cap ? k->cap * 2 : 8;
	struct store_field *grown;

	if (count <= k->cap)
		return;
	cap = cap < count ? count : cap;
	grown = world_alloc(cap * sizeof(*grown));
	if (k->count)
		memcpy(grown, k->fields, k->count * sizeof(*grown));
	k->fields = grown;
	k->cap = cap;
}

void store_set(struct store_key *k, struct bytes field, struct bytes value)
{
	size_t i = place_of(k, field);

	if (i == k->count) {
		reserve(k, k->count + 1);
		k->fields[k->count++].name = world_copy(field);
	}
	k->fields[i].value = world_copy(value);
	touch(k);
}

bool store_drop(struct store_key *k, struct bytes field)
{
	size_t i = place_of(k, field);

	if (i == k->count)
		return false;
	k->fields[i] = k->fields[--k->count];
	touch(k);
	return true;
}

void store_delete(struct store_key *k)
{
	if (!k->count)
		return;
	k->count = 0;
	touch(k);
}

void store_flush(void)
{
	for (size_t i = 0; i < STORE_BUCKETS; i++)
		for (struct store_key *k = store.buckets[i]; k; k = k->next)
			store_delete(k);
}

void store_snapshot(void)
{
	store.snapshot = NULL;
	for (size_t i = 0; i < STORE_BUCKETS; i++)
		for (struct store_key *k = store.buckets[i]; k; k = k->next) {
			struct kept *kept = world_alloc(sizeof(*kept));

			*kept = (struct kept){ store.snapshot, k, NULL, k->count };
			kept->fields = world_alloc(k->count * sizeof(*k->fields));
			if (k->count)
				memcpy(kept->fields, k->fields, k->count * sizeof(*k->fields));
			store.snapshot = kept;
		}
}

void store_restart(void)
{
	store_flush();
	store.restarts++;
	for (const struct kept *kept = store.snapshot; kept; kept = kept->next) {
		reserve(kept->key, kept->count);
		if (kept->count)
			memcpy(kept->key->fields, kept->fields,
			       kept->count * sizeof(*kept->fields));
		kept->key->count = kept->count;
		touch(kept->key);
	}
}

unsigned store_restarts(void)
{
	return store.restarts;
}
