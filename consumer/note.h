#ifndef SB_CONSUMER_NOTE_H
#define SB_CONSUMER_NOTE_H

/*
 * The note of a producer's last transaction: its footprint, kept by the brokers as
 * the offsets of a group that has the transactional.id as its name and never has a
 * member. It is written when the brokers have all of the transaction and before it
 * is committed, so whoever takes over knows where to look for what became of it.
 *
 * The offset of a log is that of the first record there. Its text is the
 * transaction's number and, in sharing.grants, after a colon the offset up to which
 * the partition of sharing.commands is taken: "17:2041".
 */

#include "consumer/footprint.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct group_asker;
struct rd_kafka_s;

/* Blocks for up to 12 s: ERROR_UNAVAILABLE; discard the client then. */
MUST_USE int note_save(struct rd_kafka_s *client, const char *name, const struct footprint *f,
		       struct error *err);

/* Sets *f to the latest note; its number is 0 when there is none. Blocks as group_offsets_ask(). */
MUST_USE int note_load(struct group_asker *asker, const char *name, struct footprint *f,
		       struct error *err);

#endif
