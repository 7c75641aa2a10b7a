#ifndef SB_SCHEMAS_MURMUR2_H
#define SB_SCHEMAS_MURMUR2_H

/*
 * Which partition a key belongs to, bit for bit as Kafka's Java clients
 * decide it (and librdkafka with partitioner=murmur2_random). Readers of the
 * index must look where producers wrote, so both must always agree.
 * Pure; may be called from any thread.
 */

#include "ops/support/bytes.h"

#include <stdint.h>

/*
 * MurmurHash2, 32 bits, with the seed of Kafka's Utils.murmur2; Java shows the
 * same bits as a signed int. An absent key hashes like an empty one.
 */
uint32_t murmur2(struct bytes key);

/*
 * The partition, 0 to partitions - 1, of a record with this key. partitions is
 * at least 1. The key must not be absent: Kafka puts records without a key
 * anywhere.
 */
int32_t partition_of(struct bytes key, int32_t partitions);

#endif
