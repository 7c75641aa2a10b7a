#ifndef SB_TESTS_UNIT_SIMULATION_SCHEDULE_H
#define SB_TESTS_UNIT_SIMULATION_SCHEDULE_H

/*
 * What all parts of the simulation share: the dice, how often which trouble
 * comes in this schedule, the trace, and how a broken promise ends it all.
 * Everything follows from the schedule's seed.
 */

#include <stdbool.h>
#include <stdint.h>

/* Chances in 1000. All zero: nothing goes wrong any more. */
struct rates {
	unsigned wander;       /* of another thread coming in between, at a step */
	unsigned redis_breaks; /* the connection, in the middle of a pipeline */
	unsigned redis_full;   /* it refuses writes */
	unsigned kafka_fails;  /* a request to the brokers */
	unsigned commit_fails; /* a commit, with any fate of its transaction */
	/* at a turn of the scheduler: */
	unsigned kill;
	unsigned freeze;
	unsigned leave;
	unsigned expire;  /* a member's session, though it may live */
	unsigned lose;    /* Redis' data */
	unsigned leap;    /* of the clock */
	unsigned timeout; /* of an open transaction */
	unsigned forget;  /* of the group's offsets */
};

struct schedule {
	uint64_t seed;
	uint64_t dice;
	int64_t now_ms;
	int64_t lag_ms; /* by which the brokers' clock lags behind the processes' */
	bool traced;
	bool calm; /* nobody sleeps, and no request fails: then nothing is sent twice */
	struct rates rates;
};

extern struct schedule schedule;

/* A number below n. */
unsigned draw(unsigned n);

/* True that many times in 1000. */
bool chance(unsigned in_1000);

/* Says what happens, if somebody wants to read it. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A promise is broken: says which, and with which seed, and ends the program. */
_Noreturn void broken_promise(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
