#ifndef SB_CONSUMER_INTAKE_H
#define SB_CONSUMER_INTAKE_H

/*
 * This process as a member of the consumer group: which partitions of
 * sharing.commands the group assigns to it, their records, and the offsets that
 * the group has committed. The loop's thread, unless a function says otherwise.
 *
 * intake_poll() keeps the membership: a member that does not poll for 90 s is
 * put out of the group. So poll, whatever else is wrong.
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
 * Who is told when partitions change hands. Called from intake_poll() and
 * intake_close().
 */
struct intake_owner {
	void *context;
	/*
	 * The group has assigned us these partitions; directory: that of
	 * sharing.directory, too. They are paused until intake_seek() and
	 * intake_pause() say where to begin.
	 */
	void (*given)(void *context, const int *partitions, size_t count, bool directory);
	/* We are about to lose all partitions. lost: the group has moved on without us. */
	void (*taken)(void *context, bool lost);
};

/*
 * Settings from config: "brokers", "consumer-group", "instance". The owner is
 * copied; the waker is woken whenever there is something to poll for. Does not
 * join the group. ERROR_USAGE names a setting that is wrong.
 */
MUST_USE int intake_open(struct intake **out, const struct config *config,
			 const struct intake_owner *owner, const struct waker *waker,
			 struct error *err);

/* Leaves the group, which blocks. Sets *in to NULL; accepts NULL. */
void intake_close(struct intake **in);

/* The Kafka cluster's id and the number of partitions. Blocks; errors: see bus_deployment(). */
MUST_USE int intake_deployment(struct intake *in, struct deployment *out, struct error *err);

/* Joins the group, or joins it anew. ERROR_UNAVAILABLE. */
MUST_USE int intake_join(struct intake *in, struct error *err);

enum fetched {
	FETCHED_NOTHING = 0,
	FETCHED_TROUBLE, /* something was wrong, and is logged; there may be more */
	FETCHED_MESSAGE, /* *out is the caller's: message_done() */
	FETCHED_HOLE,    /* the same; the batch that begins there cannot be unpacked: see holes.h */
	FETCHED_END,     /* *out names a partition and the offset where its log ends now */
};

/*
 * The next record, if one has arrived; does not wait. The callbacks of struct
 * intake_owner run from here. Errors of the client are logged; when a partition
 * can no longer be fetched, the group is joined anew, so that all partitions are
 * taken and given again. A batch that cannot be unpacked comes again with each
 * fetch, as a hole at its first offset, until intake_seek() leads past it.
 */
enum fetched intake_poll(struct intake *in, struct message *out);

/*
 * Sets the offsets of these positions to what the group has committed, or to
 * COMMITTED_NONE. Those of transactions that are still open do not count. Blocks for
 * up to 10 s: ERROR_UNAVAILABLE then.
 */
MUST_USE int intake_committed(struct intake *in, struct position *positions, size_t count,
			      struct error *err);

/*
 * Commits that offset of one of our partitions by itself, outside any transaction.
 * ERROR_UNAVAILABLE.
 */
MUST_USE int intake_commit(struct intake *in, int partition, int64_t offset, struct error *err);

/*
 * Where the partition's log begins (commands before that are gone), and where
 * it ends for a read_committed reader. Blocks; ERROR_UNAVAILABLE.
 */
MUST_USE int intake_range(struct intake *in, int partition, int64_t *begin, int64_t *end,
			  struct error *err);

/*
 * Where the partition's log ended when records were last fetched from it,
 * whether or not they can be read yet; INT64_MIN if that is not known. Does not
 * block.
 */
int64_t intake_high(const struct intake *in, int partition);

/*
 * The offset of the first record that the brokers took after that time, ms since
 * 1970; the log's end when there is none. Blocks; ERROR_UNAVAILABLE.
 */
MUST_USE int intake_after(struct intake *in, int partition, int64_t time, int64_t *offset,
			  struct error *err);

/*
 * Rises whenever something happens after which a log may be another one: the
 * client has connected to a broker, or was told that the topic is not there.
 */
unsigned intake_doubts(const struct intake *in);

/* Continues fetching at these positions, once they are not paused. Blocks; ERROR_UNAVAILABLE. */
MUST_USE int intake_seek(struct intake *in, const struct position *positions, size_t count,
			 struct error *err);

/* Pauses or resumes fetching a partition. */
void intake_pause(struct intake *in, int partition, bool pause);

/*
 * Is another member of the group running under our instance name? Two such
 * processes fence each other's producers for ever. Blocks for up to 5 s; false
 * when the brokers do not answer.
 */
bool intake_is_doubled(struct intake *in);

/*
 * The lowest epoch that we may take for a mark now: the group's generation
 * times 2^20. The generation rises with every change of members, so no two
 * owners ever have the same epoch, even after Redis has forgotten how far
 * epochs had risen. -1 when we are not a member.
 */
int64_t intake_epoch(struct intake *in);

/* The generation in the group's metadata; -1 when the metadata is not a member's. */
int group_generation(const struct rd_kafka_consumer_group_metadata_s *m);

/* Has the group moved on without us? Any thread. */
bool intake_is_lost(const struct intake *in);

/* The client, for transactions that carry the group's offsets. Any thread. */
struct rd_kafka_s *intake_client(const struct intake *in);

#endif
