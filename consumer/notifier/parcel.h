#ifndef SB_CONSUMER_NOTIFIER_PARCEL_H
#define SB_CONSUMER_NOTIFIER_PARCEL_H

/* One delivery to one endpoint, in memory. */

#include "consumer/notifier/tally.h"
#include "ops/support/bytes.h"
#include "ops/support/hash.h"
#include "schemas/uuid.h"

struct lane;

/* What is told, shared by the parcels of all endpoints that are told of it. */
struct load {
	size_t parcels; /* that have it; the last one frees it */
	int partition;  /* of the record, and of what stands in the ledger */
	struct bytes id;
	struct bytes value; /* a Notification or a HandoffChanged, framed */
	struct bytes traceparent;
	struct uuid recipient; /* of a handoff: whom it is offered to */
	uint8_t memory[];
};

/* Makes one that no parcel has yet; copies the bytes. */
struct load *load_new(int partition, struct bytes id, struct bytes value, struct bytes traceparent);

/* Frees it if no parcel has it. */
void load_drop(struct load *l);

enum parcel_state {
	PARCEL_BLOCKED =
		1,      /* an earlier one for the same recipient has yet to arrive; in no heap */
	PARCEL_WAITING, /* in its lane's heap, until due_ms */
	PARCEL_MOVING,  /* an attempt is under way; in no heap */
};

struct parcel {
	enum parcel_state state;
	struct lane *lane;
	struct load *load;
	struct debt *
		debt; /* the record that is not settled without it; NULL: it stands in the ledger */
	bool stored;  /* it stands in the ledger */
	bool unwanted; /* somebody has taken it off while it was MOVING: it is not tried again */
	int64_t attempts;
	int64_t since;           /* when it was owed first, ms since 1970; each has another */
	int64_t last_at;         /* ABSENT: it was not tried */
	int64_t due_ms;          /* monotonic */
	char *last_error;        /* or NULL */
	size_t at;               /* in the heap */
	struct parcel *next_for; /* the next for the same recipient, of an ordered lane */
	struct parcel *next;     /* of the lane */
	struct parcel *previous;
	UT_hash_handle hh; /* by key, in the dispatch */
	char key[];        /* "<endpoint>/<id>" */
};

struct parcel *parcel_new(const char *endpoint, struct load *load);
void parcel_free(struct parcel *p);

/* How many bytes it keeps. */
size_t parcel_size(const struct parcel *p);

#endif
