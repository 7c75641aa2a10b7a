#ifndef SB_OPERATOR_LEDGER_H
#define SB_OPERATOR_LEDGER_H

/*
 * What the notifier owes: the newest record under each key of sharing.deliveries,
 * which is a delivery under <endpoint>/<id>, and what is known of an endpoint under
 * its name. What has arrived is not in it.
 */

#include "ops/support/attributes.h"
#include "producer/cli/session.h"
#include "schemas/position.h"
#include "schemas/records.h"

struct ledger_entry {
	const char *key;
	struct position at;
	struct bytes value; /* a record, encoded */
};

struct ledger {
	struct ledger_entry *list; /* sorted by key; lives in the session's arena */
	size_t count;
};

/*
 * Reads the topic to its end; with `only`, which may be NULL, no more than what is
 * under that key. Memory grows with what is owed. Fails as topic_reader.h says.
 */
MUST_USE int ledger_read(struct ledger *out, struct session *s, const char *only,
			 struct error *err);

/*
 * Decodes an entry, whose texts live in the arena. The session's codec must be open.
 * ERROR_INPUT names the position when it cannot be read.
 */
MUST_USE int ledger_decode(const struct session *s, const struct ledger_entry *e,
			   struct arena *arena, struct record *out, struct error *err);

/*
 * The same for a list: one that cannot be read, which the notifier passes over, too, is
 * told on stderr, and keeps nobody from the others. Returns whether it can be read.
 */
bool ledger_decode_listed(const struct session *s, const struct ledger_entry *e,
			  struct arena *arena, struct record *out);

/*
 * Writes a record, or NULL for a tombstone, under the key to that partition, and waits for the brokers: 0, or
 * ERROR_UNAVAILABLE. *at is where it is. The session's bus must be open.
 */
MUST_USE int ledger_write(struct session *s, const char *key, const struct record *r, int partition,
			  struct position *at, struct error *err);

#endif
