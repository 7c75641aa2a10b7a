#ifndef SB_CONSUMER_UNDELIVERABLE_H
#define SB_CONSUMER_UNDELIVERABLE_H

/*
 * A record that a topic does not take, whoever sends it and however often: it is
 * too large for the topic, or the topic is gone, closed to us, or has a policy of
 * its own. That concerns the partition whose output it is, and a person must act;
 * nobody else has to wait for it.
 */

#include "ops/support/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Is it an error of one record or topic, which no retry mends? code: of librdkafka. */
bool undeliverable_is(int code);

/*
 * Sets *err, as ERROR_REFUSED, to a sentence that names the topic, says why it
 * does not take a record of that many bytes, and what to do about it.
 */
void undeliverable_describe(struct error *err, const char *topic, size_t bytes, int code);

#endif
