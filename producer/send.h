#ifndef SB_PRODUCER_SEND_H
#define SB_PRODUCER_SEND_H

/* Puts records on the bus as CloudEvents, and waits for what becomes of a command. */

#include "cache/wait.h"
#include "ops/support/attributes.h"
#include "producer/client.h"
#include "producer/delivery.h"
#include "schemas/topics.h"

struct bus_record;

/*
 * Queues a record for its topic. key is the id that orders it; its ce_id is the
 * command's id, or a new one. The delivery is filled when it is known and must live until
 * send_drain(); NULL when nobody asks. A NULL record is a tombstone, which is no
 * event and has no headers.
 */
MUST_USE int send_record(struct sharebus *c, enum topic topic, const struct record *r,
			 struct bytes key, struct delivery *d, struct error *err);

/* Queues a record as it stands; when the client's bounded queue is full, waits for room. */
MUST_USE int send_raw(struct sharebus *c, const struct bus_record *record, struct error *err);

/*
 * Waits until at most `max` records are queued, the others delivered or given
 * up. ERROR_UNAVAILABLE when deadline_ms (monotonic) has passed.
 */
MUST_USE int send_drain(struct sharebus *c, int max, int64_t deadline_ms, struct error *err);

/* What a command came to. */
struct sent_command {
	struct uuid command_id;
	bool queued;     /* the brokers may have it */
	bool positioned; /* they do, and where */
	struct position position;
	struct outcome_entry outcome; /* outcome 0: not waited for */
};

/*
 * Sends the command and, unless wait_ms is 0, waits for its outcome. On
 * ERROR_UNAVAILABLE *out says what is known, so that the caller can ask again.
 */
MUST_USE int send_command(struct sharebus *c, const struct record *r, int64_t wait_ms,
			  struct sent_command *out, struct error *err);

#endif
