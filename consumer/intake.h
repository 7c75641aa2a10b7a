#ifndef SB_CONSUMER_INTAKE_H
#define SB_CONSUMER_INTAKE_H

/*
 * sharing.commands as this process is given it: its membership in the consumer
 * group, the records of the partitions it has, and what the group has
 * committed. One thread. Polling keeps the membership: whatever else is wrong,
 * poll.
 */

#include "cache/mark.h"
#include "consumer/message.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"
#include "schemas/position.h"

struct intake;
struct rd_kafka_s;
struct rd_kafka_consumer_group_metadata_s;

enum { COMMITTED_NONE = -1 }; /* the offset of a position where nothing is committed */

/*
 * Called from intake_poll() and intake_close(). What is given is paused until
 * intake_seek() and intake_pause() say where to begin.
 */
struct intake_owner {
	void *context;
	void (*given)(void *context, const int *partitions, size_t count, bool directory);
	/* All of it goes. lost: the group has moved on without us. */
	void (*taken)(void *context, bool lost);
};

/*
 * Settings from config: "brokers", "consumer-group", "instance". The owner is
 * copied; the waker is woken whenever there is something to poll for.
 */
MUST_USE int intake_open(struct intake **out, const struct config *config,
			 const struct intake_owner *owner, const struct waker *waker,
			 struct error *err);

/* Leaves the group. */
void intake_close(struct intake **in);

/* Which cluster, how many partitions; see bus_deployment(). */
MUST_USE int intake_deployment(struct intake *in, struct deployment *out, struct error *err);

/* Joins the group. */
MUST_USE int intake_join(struct intake *in, struct error *err);

enum fetched {
	FETCHED_NOTHING = 0,
	FETCHED_MESSAGE, /* *out is the caller's: message_done() */
	FETCHED_END,     /* of the partition that *out names; all before its offset was fetched */
};

/*
 * The next record, if one has arrived; does not wait. Trouble is logged; where
 * a partition cannot be fetched any further, all is taken and given anew.
 */
enum fetched intake_poll(struct intake *in, struct message *out);

/*
 * What the group has committed, with require_stable: an open transaction makes
 * it wait. ERROR_UNAVAILABLE when it does not settle in time.
 */
MUST_USE int intake_committed(struct intake *in, struct position *positions, size_t count,
			      struct error *err);

/*
 * Where the partition's log begins (commands before that are gone), and where
 * it ends for a reader of what is committed.
 */
MUST_USE int intake_range(struct intake *in, int partition, int64_t *begin, int64_t *end,
			  struct error *err);

/* Fetching goes on at these places, once it is not paused. */
MUST_USE int intake_seek(struct intake *in, const struct position *positions, size_t count,
			 struct error *err);

/* Stops or starts fetching a partition. */
void intake_pause(struct intake *in, int partition, bool pause);

/*
 * Is another member of the group running under our instance name? Two such
 * processes fence each other's producers for ever. False as well when the
 * brokers do not say.
 */
bool intake_is_doubled(struct intake *in);

/*
 * The least epoch for marks that we take now. It rises with the group's
 * generation, that is with every change of its members: so no two owners ever
 * have the same, also when Redis has forgotten how far they had risen. -1 when
 * we are no member.
 */
int64_t intake_epoch(struct intake *in);

/* The generation in the group's metadata; -1 when it is no member's. */
int group_generation(const struct rd_kafka_consumer_group_metadata_s *m);

/* Has the group moved on without us? Any thread. */
bool intake_is_lost(const struct intake *in);

/* The client, for transactions that carry the group's offsets. */
struct rd_kafka_s *intake_client(const struct intake *in);

#endif
