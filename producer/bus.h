#ifndef SB_PRODUCER_BUS_H
#define SB_PRODUCER_BUS_H

/*
 * How all programs speak to Kafka: how a client is set up and opened, what the
 * brokers must have, and how a record is sent. The client itself is librdkafka's and
 * is only passed on here; sources that do more with it include librdkafka.
 */

#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/error.h"
#include "schemas/cloudevent.h"
#include "schemas/deployment.h"
#include "schemas/topics.h"

struct rd_kafka_s;
struct rd_kafka_conf_s;
struct rd_kafka_headers_s;
struct rd_kafka_message_s;

enum { BUS_MESSAGE_MAX_BYTES = 64 * 1024 * 1024 };

/* A setting handed to librdkafka unread; a NULL name ends a list. */
struct bus_setting {
	const char *name;
	const char *value;
};

/*
 * Makes the configuration of a client from our defaults, then these settings,
 * then section [kafka] of the configuration file: the later wins. config must
 * have "brokers". What librdkafka reports goes through the log. ERROR_USAGE names
 * the setting that librdkafka refuses, with its file and line, but never its value.
 */
MUST_USE int bus_conf(struct rd_kafka_conf_s **out, const struct config *config,
		      const struct bus_setting *settings, struct error *err);

/* What a report of librdkafka is about: without its thread, its client and how long it took. */
enum { BUS_GIST_SIZE = 256 };
void bus_gist(const char *text, char out[static BUS_GIST_SIZE]);

/*
 * Does librdkafka take section [kafka] of the configuration file? For a program that
 * wants to know before it needs a client. ERROR_USAGE as from bus_conf().
 */
MUST_USE int bus_check(const struct config *config, struct error *err);

/*
 * Make a client, which is the caller's; bus_close() ends it. The configuration
 * is used up whether they succeed or not. ERROR_USAGE says what librdkafka did
 * not like about it.
 */
MUST_USE int bus_open_producer(struct rd_kafka_s **out, struct rd_kafka_conf_s *conf,
			       struct error *err);
MUST_USE int bus_open_consumer(struct rd_kafka_s **out, struct rd_kafka_conf_s *conf,
			       struct error *err);

/*
 * Opens a consumer that only looks. It joins no group, partitions are assigned
 * to it by hand, it commits nothing, logs nothing, and is told where a partition
 * ends. If `committed`, it reads as read_committed. If not, it also reads what
 * open transactions hold, and therefore learns the real end of a log. config
 * must have "consumer-group", too.
 */
MUST_USE int bus_open_reader(struct rd_kafka_s **out, const struct config *config, bool committed,
			     struct error *err);

/* Destroys the client and sets it to NULL; NULL is fine. Close a consumer before. */
void bus_close(struct rd_kafka_s **rk);

/*
 * Waits until the brokers know all topics, or CLOCK_MONOTONIC reaches
 * deadline_ms. Each question is answered by a broker of the client's choice, so
 * there must be several good answers in a row: three for each broker.
 */
void bus_wait_for_topics(struct rd_kafka_s *rk, int64_t deadline_ms);

/* Does the broker that answers know all topics? false as well when none answers within wait_ms. */
bool bus_has_topics(struct rd_kafka_s *rk, int wait_ms);

/*
 * Asks the cluster for its id and checks the layout of its topics: all exist,
 * the directory has one partition, all others have the same number. brokers is
 * for messages. ERROR_UNAVAILABLE when no broker answers within wait_ms,
 * ERROR_REFUSED with what is wrong when the layout is.
 */
MUST_USE int bus_deployment(struct rd_kafka_s *rk, const char *brokers, int wait_ms,
			    struct deployment *out, struct error *err);

/*
 * Asks where a partition ends, or begins and ends, for a reader of the client's
 * isolation level. A broker answers one request after another: while the client
 * fetches, each question waits for the fetch before it. ERROR_UNAVAILABLE when no
 * broker says; the results are then untouched.
 */
MUST_USE int bus_end(struct rd_kafka_s *rk, enum topic topic, int partition, int64_t *end,
		     struct error *err);
MUST_USE int bus_range(struct rd_kafka_s *rk, enum topic topic, int partition, int64_t *begin,
		       int64_t *end, struct error *err);

/*
 * Where the partition ended when records were last fetched from it, whether or
 * not a read_committed reader may have them yet; INT64_MIN if that is not known.
 * Does not block.
 */
int64_t bus_high(struct rd_kafka_s *rk, enum topic topic, int partition);

/*
 * Has a partition of a compacted topic lost its beginning? Compaction never moves
 * that; deletion by age does, and so does a person, and then the last record of
 * some key is gone. True: the sentence in *out names the first such partition, of
 * `partitions` of sharing.grants and the one of sharing.directory. False, too,
 * when the brokers do not tell within wait_ms.
 */
bool bus_lacks_beginning(struct rd_kafka_s *rk, int partitions, int wait_ms, struct error *out);

/*
 * Fails with why no broker serves the client, as far as that is known; `code` is the
 * rd_kafka_resp_err_t that the call has ended with: ERROR_UNAVAILABLE.
 */
MUST_USE int bus_refuse_unreachable(const struct rd_kafka_s *rk, const char *brokers, int code,
				    struct error *err);

/*
 * The key of a record that says nothing: it has no value and no headers, and is there
 * only because a transaction had to have a record in that log.
 */
#define BUS_ORPHAN_KEY "orphan"

bool bus_is_orphan(const struct rd_kafka_message_s *m);

/*
 * Is this what the client gives instead of a batch of records that it cannot
 * unpack: because it would grow beyond the client's memory, or is damaged? No
 * retry heals that. The message's offset is the batch's first, wherever in it the
 * client was to begin, and its text says what is wrong. The batches before it
 * have been given out.
 */
bool bus_is_unreadable(const struct rd_kafka_message_s *m);

/* ERROR_REFUSED for what the client gives when the brokers do not let us read a topic; they say it once. */
MUST_USE int bus_check_allowed(const struct rd_kafka_message_s *m, struct error *err);

/* For a client that only looks, about what it was given: that, and ERROR_REFUSED for such a batch. */
MUST_USE int bus_check_readable(const struct rd_kafka_message_s *m, struct error *err);

/* Makes a Kafka header list. It is the caller's until a produce call takes it. */
struct rd_kafka_headers_s *bus_headers(const struct header *list, size_t count);

/* A record to send. Bytes are copied. */
struct bus_record {
	const char *topic;
	struct bytes key;
	struct bytes value; /* absent: a tombstone */
	const struct header *headers;
	size_t header_count;
	bool placed;   /* it goes to `partition`, not to that of its key */
	int partition; /* if placed */
	void *opaque;  /* comes back with the delivery report */
};

/* Queues the record. ERROR_UNAVAILABLE when the queue is full, ERROR_INPUT when it is too large. */
MUST_USE int bus_send(struct rd_kafka_s *rk, const struct bus_record *r, struct error *err);

#endif
