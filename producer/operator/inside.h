#ifndef SB_OPERATOR_INSIDE_H
#define SB_OPERATOR_INSIDE_H

/*
 * The inside of a session's client, which sharebus.h does not show: the index,
 * the bus, the codec. They are the client's; each is there once it was opened.
 */

#include "ops/support/attributes.h"
#include "producer/cli/session.h"
#include "producer/client.h"

struct rd_kafka_s;

/* The index. ERROR_UNAVAILABLE with a sentence. */
MUST_USE int inside_open_reader(struct session *s, struct error *err);

/* What reads and writes records; ready with inside_open_bus(), too. */
MUST_USE int inside_open_codec(struct session *s, struct error *err);

/*
 * The bus, checked: the topics are laid out well, and the index, if it is open,
 * belongs to the same deployment.
 */
MUST_USE int inside_open_bus(struct session *s, struct error *err);

struct reader *inside_reader(const struct session *s);
struct codec *inside_codec(const struct session *s);
struct rd_kafka_s *inside_bus(const struct session *s);

/* Of the bus. */
const struct deployment *inside_deployment(const struct session *s);

#endif
