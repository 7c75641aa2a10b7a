#ifndef SB_TESTS_UNIT_SIMULATION_SCHEDULE_H
#define SB_TESTS_UNIT_SIMULATION_SCHEDULE_H

/*
 * What all parts of the simulation share: the dice, the rate of each kind of
 * trouble, the trace, and how a broken promise ends the program. Everything
 * follows from the schedule's seed.
 */

#include <stdbool.h>
#include <stdint.h>

/* Chances in 1000. When all are 0, nothing goes wrong. */
struct rates {
	/* At a step of a thread: */
	unsigned wander;       /* other threads go first */
	unsigned redis_breaks; /* the connection breaks in the middle of a pipeline */
	unsigned redis_full;   /* Redis refuses writes */
	unsigned kafka_fails;  /* a request to the brokers fails */
	unsigned commit_fails; /* a commit fails, whatever becomes of its transaction */
	unsigned refuse;       /* from now on a topic does not take a partition's records */
	/* At a turn of the scheduler: */
	unsigned kill;
	unsigned freeze;
	unsigned leave;
	unsigned expire;     /* a member's session expires, though its process may live */
	unsigned lose;       /* Redis loses data, or saves it */
	unsigned leap;       /* the clock leaps */
	unsigned timeout;    /* an open transaction times out */
	unsigned forget;     /* the group's offsets are forgotten */
	unsigned move;       /* somebody moves the group's offset of a partition */
	unsigned leaderless; /* for a moment no partition has a leader */
	unsigned shorten;    /* a log ends earlier for a while: its leader lags */
};

struct schedule {
	uint64_t seed;
	uint64_t dice;
	int64_t now_ms;
	int64_t lag_ms; /* by which the brokers' clock lags behind the processes' */
	bool traced;
	bool calm; /* no process sleeps, no request fails, no log is short: no removal is sent twice */
	struct rates rates;
};

extern struct schedule schedule;

/* A number below n. */
unsigned draw(unsigned n);

/* True that many times in 1000. */
bool chance(unsigned in_1000);

/* Prints what happens, if the schedule is traced. */
void trace(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints which promise is broken, and the seed that shows it, and ends the program. */
_Noreturn void broken_promise(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
