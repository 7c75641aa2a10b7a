#ifndef SB_CONSUMER_PROCESSOR_H
#define SB_CONSUMER_PROCESSOR_H

/*
 * What the consumer's loop and its stages share. One thread: the loop's. The
 * publisher has threads of its own and is talked to through publisher.h.
 */

#include "cache/clearing.h"
#include "cache/index.h"
#include "consumer/changelog.h"
#include "consumer/emit.h"
#include "consumer/follower.h"
#include "consumer/intake.h"
#include "consumer/latest.h"
#include "consumer/publisher.h"
#include "consumer/reaper.h"
#include "consumer/workspaces.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"

#include <signal.h>

enum partition_state {
	PARTITION_FOREIGN,    /* not ours: another member of the group has it, or nobody */
	PARTITION_CLAIMING,   /* ours by the group; paused; recovery has yet to look at it */
	PARTITION_REBUILDING, /* mark is ours and says so; its keys are being loaded; paused */
	PARTITION_READY,      /* mark is ours and says where the next run begins */
};

/* Messages of one partition, in order of the log, not yet applied. */
struct staged {
	struct message *list;
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
	struct mark mark;     /* true while REBUILDING or READY */
	int64_t taken;        /* the last epoch that we took */
	int64_t progress;     /* while REBUILDING: what the changelog has said so far */
	bool fetched;         /* while READY: something was, or the log's end */
	int64_t reached;      /* while READY: the log ended here, and all before was fetched */
	struct staged staged; /* empty unless READY */
	struct offsets sent;  /* committed runs whose `unsent` entries can go */
};

/* See rebuild.h. */
enum rebuild_phase {
	REBUILD_NONE,     /* no partition is REBUILDING */
	REBUILD_CLEARING, /* what Redis holds of them is being deleted */
	REBUILD_LOADING,  /* their changelog is being read */
	REBUILD_BROKEN,   /* one of them has left: begin again */
};

struct rebuild {
	enum rebuild_phase phase;
	struct clearing *list; /* the partitions; as many as the deployment has room for */
	size_t count;
	uint64_t cursor;
	unsigned connection;   /* on which the first of them was claimed */
	struct latest *latest; /* what has been read and not yet been written */
	int64_t told_ms;       /* when progress was last told */
};

struct processor {
	const struct config *config;
	const volatile sig_atomic_t *stop; /* set by SIGTERM and SIGINT */
	struct deployment deployment;
	struct limits limits;
	size_t run_outputs_max;    /* bytes; the record that passes them is the last of its run */
	bool accept_lost_commands; /* a person has decided so */
	struct intake *intake;
	struct changelog *changelog;
	struct codec *codec;
	struct index *index;
	struct follower *follower;
	struct publisher *publisher; /* NULL: to be started */
	struct workspaces *workspaces;
	struct partition *partitions;
	struct rebuild rebuild;
	struct reaper *reaper;
	struct error refusal; /* met in a callback: the loop ends with it */
	bool paused;        /* backpressure: nothing is fetched until the publisher has caught up */
	int64_t watched_ms; /* when the marks were last looked at */
	int64_t unsettled_ms; /* since when Kafka does not say what is committed; 0: it does */
	bool sweep;           /* that has lasted too long: what our names left open shall end */
	int64_t namesake_ms;  /* since when another member has our name; 0: none has */
	struct {              /* of the present run; memory is kept from run to run */
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

/*
 * Connects and checks: Kafka's topics, Redis' policy, that both belong
 * together; and joins the group, whose partitions `owner` is told of, with the
 * processor as its context. Waits for brokers and Redis as long as *stop is 0.
 * ERROR_REFUSED, ERROR_USAGE or ERROR_INPUT with a sentence when the set-up is
 * wrong.
 */
MUST_USE int processor_open(struct processor **out, const struct config *config,
			    const volatile sig_atomic_t *stop, const struct intake_owner *owner,
			    struct error *err);
void processor_close(struct processor **p);

/* Drops the messages staged for a partition, or the first `count` of them. */
void staged_clear(struct staged *s);
void staged_drop(struct staged *s, size_t count);

/* How many of the first ones make a portion: at least one, at most `max`, of about `bytes`. */
size_t staged_portion(const struct staged *s, size_t max, size_t bytes);

/* Adds a message, taking it over. */
void staged_add(struct staged *s, const struct message *m);

void offsets_add(struct offsets *o, int64_t offset);

/*
 * The partition must be recovered before anything else happens to it: what is
 * staged or held in memory for it is forgotten, fetching stops.
 */
void processor_claim_again(struct processor *p, struct partition *part);

/*
 * READY from where its mark stands: fetching goes on there, unless
 * backpressure has paused it. ERROR_UNAVAILABLE: nothing has changed.
 */
MUST_USE int processor_make_ready(struct processor *p, struct partition *const *parts, size_t count,
				  struct error *err);

/* Waits before another try, longer each time, and says why. Ends early when the process is told to stop. */
void processor_wait(const struct processor *p, unsigned attempt, const struct error *why);

#endif
