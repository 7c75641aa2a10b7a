#ifndef SB_PRODUCER_CLIENT_H
#define SB_PRODUCER_CLIENT_H

/*
 * The inside of a client of libsharebus: its settings, its connections, what it
 * remembers of people, and the memory of what it has returned. Connections are
 * opened when they are first needed.
 */

#include "cache/lookup.h"
#include "cache/people.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/patience.h"
#include "producer/sharebus.h"
#include "schemas/codec.h"
#include "schemas/signing.h"

struct rd_kafka_s;

enum { CLIENT_TIMEOUT_MS = 3000 };

struct sharebus {
	struct config *config; /* settings and section [kafka] */
	int timeout_ms;
	int max_age_ms;
	struct patience patience;     /* with servers that are only just coming up */
	struct codec *codec;          /* NULL until client_codec() */
	struct reader *reader;        /* NULL until client_reader() */
	struct people *people;        /* NULL until then, too */
	struct rd_kafka_s *bus;       /* NULL until client_bus() */
	struct signing *signing;      /* NULL until then, too, and without a keys file */
	struct deployment deployment; /* of the bus */
	struct arena arena;           /* holds what the last call has returned */
	struct error err;             /* of the last call */
};

/*
 * Begins a public call: frees what the last one has returned, and returns where
 * the call's error goes.
 */
struct error *client_begin(struct sharebus *c);

/* Opens c->reader, unless it is open. ERROR_UNAVAILABLE or ERROR_REFUSED, as reader.h says. */
MUST_USE int client_reader(struct sharebus *c, struct error *err);

/*
 * Opens c->bus, unless it is open, and checks it: the topics have the right
 * layout, and the index, if it is open, belongs to the same deployment.
 * Reads the keys file first, if there is one. ERROR_UNAVAILABLE, ERROR_REFUSED or
 * ERROR_USAGE with a sentence.
 */
MUST_USE int client_bus(struct sharebus *c, struct error *err);

/* Makes c->codec, unless it is there. */
MUST_USE int client_codec(struct sharebus *c, struct error *err);

#endif
