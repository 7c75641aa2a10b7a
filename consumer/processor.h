#ifndef SB_CONSUMER_PROCESSOR_H
#define SB_CONSUMER_PROCESSOR_H

/*
 * What the consumer's loop and its stages share. One thread: the loop's. The
 * publisher has threads of its own and is talked to through publisher.h.
 */

#include "cache/index.h"
#include "consumer/emit.h"
#include "consumer/follower.h"
#include "consumer/publisher.h"
#include "consumer/workspaces.h"
#include "ops/support/config.h"

#include <librdkafka/rdkafka.h>
#include <signal.h>

enum partition_state {
	PARTITION_FOREIGN,  /* not ours: another member of the group has it, or nobody */
	PARTITION_CLAIMING, /* ours by the group; paused; recovery has yet to succeed */
	PARTITION_READY,    /* recovered: mark is ours and says where the next run begins */
};

/* Messages of one partition, in order of the log, not yet applied. */
struct staged {
	rd_kafka_message_t **list;
	size_t count;
	size_t cap;
};

/* Last offsets of runs. */
struct offsets {
	int64_t *list;
	size_t count;
	size_t cap;
};

struct partition {
	int id;
	enum partition_state state;
	struct mark mark;     /* true while READY */
	struct staged staged; /* empty unless READY */
	struct offsets sent;  /* committed runs whose `unsent` entries can go */
};

struct processor {
	const struct config *config;
	const volatile sig_atomic_t *stop; /* set by SIGTERM and SIGINT */
	struct deployment deployment;
	struct limits limits;
	rd_kafka_t *consumer;
	struct codec *codec;
	struct index *index;
	struct follower *follower;
	struct publisher *publisher; /* NULL: to be started */
	struct workspaces *workspaces;
	struct partition *partitions;
	bool paused; /* backpressure: nothing is fetched until the publisher has caught up */
	struct {     /* of the present run; memory is kept from run to run */
		struct arena arena;
		struct apply apply;
		struct emitter emitter;
		struct buffer packed;
		struct buffer outcomes;
	} run;
	struct {
		uint64_t records;
		uint64_t runs;
		uint64_t dead_letters;
	} counts;
};

/* Drops the messages staged for a partition. */
void staged_clear(struct staged *s);

/* Adds a message, taking it over. */
void staged_add(struct staged *s, rd_kafka_message_t *m);

void offsets_add(struct offsets *o, int64_t offset);

/*
 * The partition must be recovered before anything else happens to it: what is
 * staged or held in memory for it is forgotten, fetching stops.
 */
void processor_claim_again(struct processor *p, struct partition *part);

/* Stops or starts fetching a partition. */
void processor_pause(struct processor *p, const struct partition *part, bool pause);

/* Waits before another try, longer each time, and says why. Ends early when the process is told to stop. */
void processor_wait(const struct processor *p, unsigned attempt, const struct error *why);

#endif
