#include "schemas/tip.h"

static const uint64_t FNV_START = 0xcbf29ce484222325;
static const uint64_t FNV_PRIME = 0x100000001b3;

static uint64_t add_byte(uint64_t hash, uint8_t byte)
{
	return (hash ^ byte) * FNV_PRIME;
}

static uint64_t add_bytes(uint64_t hash, struct bytes bytes)
{
	hash = add_byte(hash, bytes.data != NULL);
	if (!bytes.data)
		return hash;
	for (size_t i = 0; i < bytes.len; i++)
		hash = add_byte(hash, bytes.data[i]);
	return hash;
}

/*
 * The hash is FNV-1a, which somebody could match on purpose; but nobody chooses
 * the time at which the broker takes a record. Its highest bit goes, so that it is
 * a number without a sign.
 */
struct tip tip_of(int64_t offset, int64_t time, struct bytes key, struct bytes value)
{
	uint64_t hash = add_bytes(add_bytes(FNV_START, key), value);

	return (struct tip){ offset, time, (int64_t)(hash & INT64_MAX) };
}

bool tip_is_known(const struct tip *t)
{
	return t->time > 0;
}

bool tip_equal(const struct tip *a, const struct tip *b)
{
	return a->offset == b->offset && a->time == b->time && a->hash == b->hash;
}
