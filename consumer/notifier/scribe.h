#ifndef SB_CONSUMER_NOTIFIER_SCRIBE_H
#define SB_CONSUMER_NOTIFIER_SCRIBE_H

/*
 * Writes records of sharing.deliveries, in the order in which they are handed in, and
 * says when the brokers have them. It takes what it is given: what librdkafka has no
 * room for waits here. Whoever writes must heed scribe_is_full(), which is the bound. The
 * loop's thread.
 */

#include "consumer/notifier/tally.h"
#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/config.h"
#include "ops/support/error.h"
#include "ops/support/waker.h"

struct scribe;

/*
 * How much may be unconfirmed before it is full. What is begun by then may still be
 * handed in: at most DISPATCH_PARCELS_MAX parcels and DISPATCH_BYTES_MAX bytes, and the
 * attempts that are under way. librdkafka has room for 200,000 records and 1 GB.
 */
enum { SCRIBE_RECORDS_MAX = 50000, SCRIBE_BYTES_MAX = 64 * 1024 * 1024 };

/* topic_bytes: what the topic takes as one batch. ERROR_USAGE; ERROR_UNAVAILABLE. */
MUST_USE int scribe_open(struct scribe **out, const struct config *config, size_t topic_bytes,
			 const struct waker *waker, struct error *err);
void scribe_close(
	struct scribe **s); /* what is not written is dropped; sets *s NULL; accepts NULL */

/* By what the records of this one are known: the value of the header SCRIBE_HEADER. */
#define SCRIBE_HEADER "sharebus-writer"
const char *scribe_name(const struct scribe *s);

/* Has a record of a key and a value of so many bytes room in the topic? */
bool scribe_fits(const struct scribe *s, size_t key_len, size_t value_len);

/*
 * Hands in a record; an absent value is a tombstone. When the brokers have it, the debt,
 * which may be NULL, is paid. ERROR_INPUT: it is larger than the client takes;
 * ERROR_REFUSED: nothing can be written any more.
 */
MUST_USE int scribe_write(struct scribe *s, int partition, const char *key, struct bytes value,
			  struct debt *debt, struct error *err);

/* What was handed in so far no longer pays debts. */
void scribe_forget(struct scribe *s);

/* Must nothing be begun that leads to more writes? */
bool scribe_is_full(const struct scribe *s);

/* Hears what was written, and goes on. ERROR_REFUSED: the topic has refused a record. */
MUST_USE int scribe_step(struct scribe *s, struct error *err);

/* How many writes the brokers have not confirmed. */
size_t scribe_pending(const struct scribe *s);

/* Waits until all is confirmed, but not beyond the deadline; monotonic. */
void scribe_flush(struct scribe *s, int64_t deadline_ms);

#endif
