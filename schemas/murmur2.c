/* Kafka's partitioner: MurmurHash2 over the key, modulo the partitions. */

#include "schemas/murmur2.h"

#include <assert.h>
#include <stddef.h>

enum { MURMUR2_SHIFT = 24, WORD_BYTES = 4 };

static const uint32_t MURMUR2_FACTOR = 0x5bd1e995;
static const uint32_t KAFKA_SEED = 0x9747b28c;

static uint32_t load_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Mixes in the one to three bytes after the last whole word. */
static uint32_t mix_tail(uint32_t h, const uint8_t *tail, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h ^= (uint32_t)tail[i] << 8 * i;
	return h * MURMUR2_FACTOR;
}

uint32_t murmur2(struct bytes key)
{
	size_t whole = key.len - key.len % WORD_BYTES;
	uint32_t h = KAFKA_SEED ^ (uint32_t)key.len;

	for (size_t at = 0; at < whole; at += WORD_BYTES) {
		uint32_t k = load_le32(key.data + at) * MURMUR2_FACTOR;

		k ^= k >> MURMUR2_SHIFT;
		h = (h * MURMUR2_FACTOR) ^ (k * MURMUR2_FACTOR);
	}
	if (whole < key.len)
		h = mix_tail(h, key.data + whole, key.len - whole);
	h ^= h >> 13;
	h *= MURMUR2_FACTOR;
	return h ^ h >> 15;
}

int32_t partition_of(struct bytes key, int32_t partitions)
{
	assert(partitions > 0);
	/* Kafka clears the sign bit first, because Java's remainder keeps the sign. */
	return (int32_t)(murmur2(key) & INT32_MAX) % partitions;
}
