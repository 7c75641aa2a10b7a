#ifndef SB_CONSUMER_NOTE_H
#define SB_CONSUMER_NOTE_H

/*
 * The note of a producer's last transaction: its footprint, kept by the brokers as
 * the offsets of a group that has the transactional.id as its name and never has a
 * member. It is written when the brokers have all of the transaction and before it
 * is committed, so whoever takes over knows where to look for what became of it.
 *
 * The offset of a log is that of the first record there. Its text is the
 * transaction's number; after a colon, in sharing.grants, the offset up to which the
 * partition of sharing.commands is taken; after a plus sign, the first record that
 * is owed: "17:2041+1500". A log where nothing else is has that as its offset, too.
 */

#include "consumer/footprint.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct rd_kafka_s;

/* Blocks for up to 10 s: ERROR_UNAVAILABLE. */
MUST_USE int note_save(struct rd_kafka_s *client, const char *name, const struct footprint *f,
		       struct error *err);

/* Sets *f to the latest note; its number is 0 when there is none. Errors as above. */
MUST_USE int note_load(struct rd_kafka_s *client, const char *name, struct footprint *f,
		       struct error *err);

#endif
