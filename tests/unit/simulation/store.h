#ifndef SB_TESTS_UNIT_SIMULATION_STORE_H
#define SB_TESTS_UNIT_SIMULATION_STORE_H

/*
 * What the simulated Redis holds, and what befalls it. Hashes are all there
 * is; a stream is one whose fields are its entries' ids.
 */

#include "ops/support/bytes.h"

#include <stddef.h>
#include <stdint.h>

struct store_field {
	struct bytes name;
	struct bytes value;
};

/* A key without fields does not exist. */
struct store_key {
	struct store_key *next;
	struct bytes name;
	struct store_field *fields;
	size_t count;
	size_t cap;
	uint64_t version; /* rises with every change: what WATCH looks at */
};

enum { STORE_BUCKETS = 64 };

/* Empty, as after a first start. */
void store_begin(void);

/* The key, made if `make`; else NULL when it has never been there. */
struct store_key *store_find(struct bytes name, bool make);

/* A field's value; absent when it is not there. NULL for the key is fine. */
struct bytes store_get(const struct store_key *k, struct bytes field);

/* Each is a change. Bytes are copied. */
void store_set(struct store_key *k, struct bytes field, struct bytes value);
bool store_drop(struct store_key *k, struct bytes field);
void store_delete(struct store_key *k);

/* The first key of a bucket. */
struct store_key *store_bucket(size_t bucket);

/* FLUSHALL. Connections stay. */
void store_flush(void);

/* Keeps a copy of everything. */
void store_snapshot(void);

/* Redis comes back with what the snapshot has, or empty if there is none; connections break. */
void store_restart(void);

/* Rises with every restart. */
unsigned store_restarts(void);

#endif
