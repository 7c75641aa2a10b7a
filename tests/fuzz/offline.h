#ifndef SB_TESTS_FUZZ_OFFLINE_H
#define SB_TESTS_FUZZ_OFFLINE_H

/*
 * What stands in for Kafka and Redis while a runner runs: messages with headers of
 * their own, a directory that is as it is, an index that takes all and has nothing,
 * and a publisher that keeps the last batch. Linked with --wrap for the functions
 * of message.h, follower.h, index.h and publisher.h that a runner calls.
 */

#include "consumer/batch.h"
#include "consumer/directory.h"
#include "consumer/message.h"
#include "consumer/partition.h"
#include "schemas/cloudevent.h"

enum { HEADERS_MAX = 4 };

/* A message and its headers, whose handle it is. All is borrowed. */
struct sent {
	struct message message;
	struct header headers[HEADERS_MAX];
	size_t header_count;
};

/* The follower has this directory from now on. */
void offline_show(const struct directory *d);

/* Makes one partition, which is READY and nobody's concern. End it with partitions_done(). */
void offline_own(struct partitions *all);

/* The batch that was published, which becomes the caller's; NULL: none. */
struct batch *offline_take_batch(void);

/* An index that has keys, and nothing else. */
const struct index *offline_index(void);

/* How many bytes Redis was sent by the last run. */
size_t offline_written(void);

#endif
