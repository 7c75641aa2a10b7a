#ifndef SB_CONSUMER_NOTIFIER_LANE_H
#define SB_CONSUMER_NOTIFIER_LANE_H

/*
 * The parcels for one endpoint: which is next, and when. Each lane has a circuit, and
 * shares its host's count with other lanes of that host. Pure but for memory; time is
 * monotonic.
 */

#include "consumer/notifier/circuit.h"
#include "consumer/notifier/parcel.h"

/* How many parcels of a lane may stand in the ledger and wait. The next one is dead. */
enum { LANE_STORED_MAX = 1000, HOST_MOVING_MAX = 8, LANE_PROBLEM_SIZE = 384 };

/*
 * How many of all lanes may, and their bytes. From there on a lane has only its share of
 * half as many, so that many endpoints that are down leave room to one that is not.
 */
enum { LANES_STORED_MAX = 10000, LANES_STORED_BYTES_MAX = 32 * 1024 * 1024 };

/* A host with its port, and how many requests to it are under way. */
struct host_use {
	char *name;
	int moving;
};

struct chain;

struct lane {
	const struct endpoint *endpoint;
	struct host_use *host; /* NULL: the endpoint has none */
	struct circuit circuit;
	struct parcel **heap; /* those that wait, the next one first */
	size_t waiting;
	size_t cap;
	struct chain *chains; /* of an ordered lane: by recipient */
	struct parcel *first; /* all, in the order in which they came */
	struct parcel *last;
	size_t stored;       /* those that stand in the ledger */
	size_t stored_bytes; /* in memory, of those */
	int moving;
	int64_t failed_ms;               /* when an attempt failed last; unix time, 0: never */
	char problem[LANE_PROBLEM_SIZE]; /* why, or why it is disabled; "": unknown */
};

void lane_init(struct lane *l, const struct endpoint *e, struct host_use *host);

/* Frees all parcels; none may be MOVING. */
void lane_done(struct lane *l);

/*
 * Takes a new parcel, which is the lane's: it waits until its due_ms, or is blocked. In an
 * ordered lane it comes before what was owed after it and is not MOVING.
 */
void lane_add(struct lane *l, struct parcel *p);

/* The next parcel that may move now, which is MOVING then; NULL: none. */
struct parcel *lane_next(struct lane *l, int64_t now_ms);

/* A MOVING parcel waits again, until due_ms. */
void lane_return(struct lane *l, struct parcel *p, int64_t due_ms);

/* Ends and frees a parcel in any state: the next for its recipient need not wait for it. */
void lane_end(struct lane *l, struct parcel *p);

/* The parcel stands in the ledger from now on. */
void lane_store(struct lane *l, struct parcel *p);

/* May another parcel of this lane, which is one of all of them, stand in the ledger and wait? */
bool lane_has_room(const struct lane *l, const struct lane *all, size_t count);

/* Do as many wait for all lanes as those with a share may bring together? */
bool lanes_are_full(const struct lane *all, size_t count);

/* Is nothing to be sent for now, because the endpoint is down, disabled or has asked for a pause? */
bool lane_is_held(const struct lane *l, int64_t now_ms);

/*
 * While the lane is held, must this parcel be written into the ledger, so that offsets go
 * on? Of one that is MOVING the reply decides; but in an ordered lane those after it must
 * not stand there without it, or whoever reads the ledger next would send them first.
 */
bool lane_must_store(const struct lane *l, const struct parcel *p);

/* Keeps why an attempt has failed, or why the endpoint is disabled, for people. */
void lane_note_problem(struct lane *l, struct bytes why, int64_t unix_ms);

/* When lane_next() may have one, if nothing else changes. */
int64_t lane_due_ms(const struct lane *l, int64_t now_ms);

#endif
