#ifndef SB_TESTS_UNIT_SIMULATION_BROKER_H
#define SB_TESTS_UNIT_SIMULATION_BROKER_H

/*
 * The simulated Kafka as its brokers see it: logs with transactions, whose
 * markers reach the partitions one after another; transactional producers,
 * fenced by epoch; the consumer group with its generations and its offsets.
 * What the processes see of Kafka is in intake.c, changelog.c and transaction.c.
 */

#include "schemas/records.h"
#include "schemas/topics.h"
#include "tests/unit/simulation/model.h"

enum { EPOCHS_PER_GENERATION = 1 << 20 }; /* as the consumer has it */
enum {
	NOTIFICATION_LIMIT = 5000, /* bytes that the topic takes: less than a long message needs */
	DEAD_LETTER_LIMIT = 4000,
};
enum { MEMBERS = 3, PRODUCERS_MAX = 3 * MEMBERS, PRODUCER_NAME_SIZE = 24, NO_OFFSET = -1 };

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
	bool late;                              /* its commit is on its way to the broker */
	bool unmarked[TOPIC_COUNT][PARTITIONS]; /* has records there, but no marker yet */
	bool lost[TOPIC_COUNT][PARTITIONS];     /* nor will that marker be written; see fate.h */
	bool offsets_unmarked;
	bool offsets_lost;
	int64_t offsets[PARTITIONS]; /* NO_OFFSET: none */
	uint64_t added[PARTITIONS];  /* in which order: the group keeps what was added last */
};

/* The last transaction's footprint, as consumer/note.h keeps it. */
struct producer_note {
	int64_t number; /* 0: there is none */
	int64_t first[TOPIC_COUNT][PARTITIONS];
	int64_t applied[PARTITIONS];
};

struct producer {
	char name[PRODUCER_NAME_SIZE];
	int epoch;
	struct transaction *transaction; /* the last one */
	struct producer_note note;
};

struct logged {
	struct transaction *transaction;
	bool marker;
	bool shown; /* a marker says that it is committed */
	enum record_type type;
	struct bytes key;
	struct bytes value;
	int source_partition; /* with the next two, its ce_id */
	int64_t source_offset;
	uint32_t n;
	bool former; /* what became of a record of a log that was replaced */
	bool empty;  /* has no value, and only ends orphans */
};

struct log {
	struct logged *list;
	size_t count;
	size_t cap;
};

struct member {
	bool active;
	bool rejoined; /* while the group is preparing: it is ready for the next generation */
	bool to_give;  /* it has yet to be told its assignment */
	bool assigned[PARTITIONS];
};

struct broker {
	struct log logs[TOPIC_COUNT][PARTITIONS];
	bool closed; /* commands of the consumers are no longer taken */
	struct producer producers[PRODUCERS_MAX];
	struct transaction *transactions;
	uint64_t additions;
	bool refused[PARTITIONS]; /* a topic does not take the outputs of that partition */
	int64_t committed[PARTITIONS];
	bool signed_by_us[PARTITIONS]; /* the offset has been set by a consumer, not by hand */
	size_t hidden
		[PARTITIONS]; /* how many records at the end of the log the brokers do not show */
	uint64_t committed_added[PARTITIONS];
	unsigned doubts; /* rises when a log may be another one */
	bool moved;      /* the group's offsets are not what consumers meant them to be */
	struct member members[MEMBERS];
	bool preparing;
	int generation;
};

extern struct broker broker;

/* Before each schedule. */
void broker_begin(void);

/* Draws whether a request fails; fails it with ERROR_UNAVAILABLE and a line in the trace. */
bool request_fails(void);
int request_failed(const char *what, struct error *err);

/* Where the partition of sharing.commands ends now. */
int64_t broker_end(int partition);

/* Notes that another log is in the place of the partition's. */
void broker_replace_log(int partition);

/* ---- logs ---- */

void log_append(struct log *l, const struct logged *r);

/* The last stable offset: that of the first record whose transaction has no marker yet. */
size_t log_stable(const struct log *l, enum topic topic, int partition);

/* Does a read_committed reader see the record, which must be before log_stable()? */
bool logged_is_visible(const struct logged *r);

/* ---- transactions ---- */

/* The producer of that name, at a new epoch; aborts what its predecessor left open. */
struct producer *broker_init_producer(const char *name);

struct transaction *broker_begin_transaction(struct producer *p);

/* Decides an open transaction. Its markers are written later, one by one. */
void broker_end_transaction(struct transaction *t, bool commit);

/* Writes one marker of some transaction; false when none is left to write. */
bool broker_write_marker(void);

/* Writes all markers of the transaction. */
void broker_write_markers(struct transaction *t);

/* Writes one marker of that transaction; false when none is left to write. */
bool broker_write_marker_of(struct transaction *t);

/*
 * All partitions have no leader for a moment, or some: transactions that have ended
 * and got no marker there yet will get none. Their records share the fate of the next
 * transaction of the same producer to the same partitions.
 */
void broker_lose_leaders(void);

/* Adds a record without a value. */
void broker_touch(struct transaction *t, enum topic topic, int partition);

/* Have producers whose names begin with this prefix left orphans? */
bool broker_has_orphans(const char *prefix);

/* Does any log lack a marker that will not be written? */
bool broker_has_open_logs(void);

/* Draws one of the open transactions; NULL: there is none. */
struct transaction *broker_open_transaction(void);

/* ---- the group ---- */

void broker_join(int member);
void broker_leave(int member);

/* The member is ready for the next generation of a group that is preparing. */
void broker_rejoin(int member);

/* Is a sender with that intake_epoch() a member of the present generation? */
bool broker_knows_member(int member, int64_t epoch);

#endif
