#ifndef SB_PRODUCER_CLIENT_H
#define SB_PRODUCER_CLIENT_H

/*
 * The inside of a client of libsharebus: its settings, its connections, what
 * it remembers and what it has given out. The connections are opened when they
 * are first needed.
 */

#include "cache/lookup.h"
#include "cache/people.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "producer/sharebus.h"
#include "schemas/codec.h"

struct rd_kafka_s;

enum { CLIENT_TIMEOUT_MS = 3000 };

struct sharebus {
	struct config *config; /* client_settings[] and section [kafka] */
	int timeout_ms;
	struct codec *codec;          /* NULL until it is needed */
	struct reader *reader;        /* NULL until client_reader() */
	struct people *people;        /* NULL until then, too */
	struct rd_kafka_s *bus;       /* NULL until client_bus() */
	struct deployment deployment; /* of the bus */
	struct arena arena;           /* holds what the last call gave out */
	struct error err;
};

/*
 * Begins a public call: what the last one gave out ends. Returns where the
 * call's error goes.
 */
struct error *client_begin(struct sharebus *c);

/* The index. ERROR_UNAVAILABLE with a sentence. */
MUST_USE int client_reader(struct sharebus *c, struct error *err);

/*
 * The bus, checked: the topics are laid out well, and the index, if it is open,
 * belongs to the same deployment.
 */
MUST_USE int client_bus(struct sharebus *c, struct error *err);

/* Records from and to bytes. */
MUST_USE int client_codec(struct sharebus *c, struct error *err);

#endif
