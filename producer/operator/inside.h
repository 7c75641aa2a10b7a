#ifndef SB_OPERATOR_INSIDE_H
#define SB_OPERATOR_INSIDE_H

/*
 * What sharebus.h hides of a session's client: the reader of the index, the bus,
 * the codec. They belong to the client. Open each before you ask for it.
 */

#include "ops/support/attributes.h"
#include "producer/cli/session.h"
#include "producer/client.h"

struct rd_kafka_s;

/*
 * Has the session's client bear with servers that are only just coming up until
 * the session's time to wait is over, and shows on a terminal what it waits for.
 * Connects to nothing yet.
 */
MUST_USE int inside_bear_with_servers(struct session *s, struct error *err);

/* Opens the reader of the index. ERROR_UNAVAILABLE or ERROR_REFUSED, as reader.h says. */
MUST_USE int inside_open_reader(struct session *s, struct error *err);

/* Makes the codec. */
MUST_USE int inside_open_codec(struct session *s, struct error *err);

/*
 * Opens the bus, checked as client_bus() says, and makes the codec. ERROR_UNAVAILABLE
 * or ERROR_REFUSED with a sentence.
 */
MUST_USE int inside_open_bus(struct session *s, struct error *err);

struct reader *inside_reader(const struct session *s);
struct codec *inside_codec(const struct session *s);
struct rd_kafka_s *inside_bus(const struct session *s);

/* The deployment that the bus belongs to. */
const struct deployment *inside_deployment(const struct session *s);

#endif
