#ifndef SB_TESTS_UNIT_SIMULATION_STORE_H
#define SB_TESTS_UNIT_SIMULATION_STORE_H

/*
 * What the simulated Redis holds, and how it loses that. All keys are hashes; a
 * stream is a hash whose fields are the ids of its entries.
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
	uint64_t version; /* rises with every change, for WATCH */
};

enum { STORE_BUCKETS = 64 };

/* Before each schedule: empties it, as it is after a first start. */
void store_begin(void);

/* The key; one that has never been there is made if `make`, and is NULL otherwise. */
struct store_key *store_find(struct bytes name, bool make);

/* The field's value; absent when there is no such field, or k is NULL. */
struct bytes store_get(const struct store_key *k, struct bytes field);

/* Change a key. Bytes are copied. */
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

/* ---- redis.c: connections ---- */

void redis_begin(void);

/* Carries out the commands, if any, that a client had sent before it closed its connection. */
void redis_read_late(void);

#endif
