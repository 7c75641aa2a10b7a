#ifndef SB_PRODUCER_SEND_H
#define SB_PRODUCER_SEND_H

/*
 * Sends records as CloudEvents, signed if the client has a key, and waits for what
 * becomes of a command.
 */

#include "cache/wait.h"
#include "ops/support/attributes.h"
#include "producer/client.h"
#include "producer/receipt.h"
#include "schemas/position.h"
#include "schemas/topics.h"

struct bus_record;

/*
 * Queues a record for its topic; NULL is a tombstone, which is no event and has
 * no headers but those of its signature. Records with the same key keep their order. The ce_id is the
 * command's id, or a new one. d is filled in once the delivery is known and must
 * live until then, as send_drain() tells; it may be NULL. The bus and the codec
 * must be open.
 *
 * ERROR_INPUT when the record is too large, ERROR_UNAVAILABLE when the client
 * can send no more.
 */
MUST_USE int send_record(struct sharebus *c, enum topic topic, const struct record *r,
			 struct bytes key, struct receipt *d, struct error *err);

/* Queues a record unchanged, and never signs it. Waits for room when the queue of the client is full. */
MUST_USE int send_raw(struct sharebus *c, const struct bus_record *record, struct error *err);

/*
 * Waits until at most `max` records are queued, and the others are delivered or
 * have failed. ERROR_UNAVAILABLE when deadline_ms of clock_monotonic_ms() passes.
 */
MUST_USE int send_drain(struct sharebus *c, int max, int64_t deadline_ms, struct error *err);

/* What is known of a command that was sent. */
struct sent_command {
	struct uuid command_id;
	bool queued;     /* the brokers may have it */
	bool positioned; /* the brokers have it, at `position` */
	struct position position;
	struct outcome_entry outcome; /* its outcome is 0 when it is not known */
};

/*
 * Sends the command and, unless wait_ms is 0, waits for its outcome. Fills *out
 * with what is known also when it fails, so that the caller can ask again.
 * ERROR_UNAVAILABLE when the brokers do not take it or the outcome does not come
 * in time; or what client_bus() and client_codec() return.
 */
MUST_USE int send_command(struct sharebus *c, const struct record *r, int64_t wait_ms,
			  struct sent_command *out, struct error *err);

#endif
