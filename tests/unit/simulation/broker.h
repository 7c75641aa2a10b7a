#ifndef SB_TESTS_UNIT_SIMULATION_BROKER_H
#define SB_TESTS_UNIT_SIMULATION_BROKER_H

/*
 * The simulated Kafka as its brokers see it: logs with transactions, whose
 * markers reach the partitions one after another; transactional producers,
 * fenced by epoch; the consumer group with its generations and its offsets.
 * What the processes see of it is in intake.c, changelog.c and transaction.c.
 */

#include "schemas/records.h"
#include "schemas/topics.h"
#include "tests/unit/simulation/model.h"

enum { EPOCHS_PER_GENERATION = 1 << 20 }; /* as the consumer has it */
enum { MEMBERS = 3, PRODUCERS_MAX = 2 * MEMBERS, PRODUCER_NAME_SIZE = 24, NO_OFFSET = -1 };

enum transaction_state {
	TRANSACTION_OPEN,
	TRANSACTION_COMMITTING, /* decided; its markers are on their way */
	TRANSACTION_ABORTING,   /* the same */
	TRANSACTION_ENDED,
};

struct transaction {
	struct transaction *next;
	struct producer *producer;
	enum transaction_state state;
	bool committed;
	bool late;                              /* a commit is on its way to the broker */
	bool unmarked[TOPIC_COUNT][PARTITIONS]; /* has records there, but no marker yet */
	bool offsets_unmarked;
	int64_t offsets[PARTITIONS]; /* NO_OFFSET: none */
	uint64_t added[PARTITIONS];  /* when: the group keeps what was added last */
};

struct producer {
	char name[PRODUCER_NAME_SIZE];
	int epoch;
	struct transaction *transaction; /* the last one */
};

struct logged {
	struct transaction *transaction;
	bool marker;
	enum record_type type;
	struct bytes key;
	struct bytes value;
	int source_partition; /* with the next two, its ce_id */
	int64_t source_offset;
	uint32_t n;
};

struct log {
	struct logged *list;
	size_t count;
	size_t cap;
};

struct member {
	bool active;
	bool rejoined; /* of a group that is preparing */
	bool to_give;  /* its assignment has yet to be told */
	bool assigned[PARTITIONS];
};

struct broker {
	struct log logs[TOPIC_COUNT][PARTITIONS];
	bool closed; /* they take nothing any more */
	struct producer producers[PRODUCERS_MAX];
	struct transaction *transactions;
	uint64_t additions;
	int64_t committed[PARTITIONS];
	uint64_t committed_added[PARTITIONS];
	struct member members[MEMBERS];
	bool preparing;
	int generation;
};

extern struct broker broker;

void broker_begin(void);

/* Does the request that a process makes fail? If so: ERROR_UNAVAILABLE, and a word in the trace. */
bool request_fails(void);
int request_failed(const char *what, struct error *err);

/* ---- logs ---- */

void log_append(struct log *l, const struct logged *r);

/* What a read_committed reader may see: all before the first record without a marker. */
size_t log_stable(const struct log *l, enum topic topic, int partition);

/* Is the record there for a read_committed reader who has come so far? */
bool logged_is_visible(const struct logged *r);

/* ---- transactions ---- */

/* The producer of that name, at a new epoch: what its predecessor left open ends. */
struct producer *broker_init_producer(const char *name);

struct transaction *broker_begin_transaction(struct producer *p);

/* Decides an open transaction. Its markers are written by and by. */
void broker_end_transaction(struct transaction *t, bool commit);

/* Writes one marker of one transaction; false when none is due. */
bool broker_write_marker(void);
void broker_write_markers(struct transaction *t);

/* Are offsets of that partition in a transaction that has not ended? */
bool broker_is_unstable(int partition);

/* An open transaction, or NULL: one of them by lot. */
struct transaction *broker_open_transaction(void);

/* ---- the group ---- */

void broker_join(int member);
void broker_leave(int member);

/* The member has heard that the group is preparing, and is ready for its next generation. */
void broker_rejoin(int member);

/* Is the sender, who believes in that epoch of intake_epoch(), a member of this generation? */
bool broker_knows_member(int member, int64_t epoch);

#endif
