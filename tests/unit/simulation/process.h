#ifndef SB_TESTS_UNIT_SIMULATION_PROCESS_H
#define SB_TESTS_UNIT_SIMULATION_PROCESS_H

/*
 * The processes of the simulation. Each has a consumer's whole loop and the threads
 * of its publisher. Every thread has a stack of its own, and only one thread runs
 * at a time. It runs until its next step outside the process, to Redis or the
 * brokers. There the scheduler may let other threads go first, kill the process or
 * freeze it.
 */

#include "consumer/loop.h"
#include "tests/unit/simulation/memory.h"

#include <ucontext.h>

enum {
	PROCESSES = 3,
	THREADS_MAX = 4, /* the loop, the publisher's two, and that of the probation */
	INSTANCE_SIZE = 16,
};

enum thread_state {
	THREAD_NONE, /* not begun, or joined */
	THREAD_RUNNABLE,
	THREAD_WAITING, /* for `cond`, or until wake_ms */
	THREAD_ENDED,   /* to be joined */
};

struct process;

struct thread {
	struct process *process;
	enum thread_state state;
	const void *cond;
	int64_t wake_ms;
	ucontext_t context;
	void *stack;
	void *sanitizer; /* what AddressSanitizer keeps while another stack is in use */
	void *(*main)(void *);
	void *arg;
};

struct process {
	int number;
	char instance[INSTANCE_SIZE];
	struct config *config;
	struct memory memory;
	struct consumer *consumer;
	volatile sig_atomic_t stop;
	struct waker waker;
	struct supervisor supervisor; /* there is none */
	bool alive;
	bool frozen;
	bool waited;   /* its loop has waited since it last found nothing to fetch */
	size_t queued; /* how many of its own commands are not on the log yet */
	struct thread threads[THREADS_MAX]; /* the first is the loop's */
};

extern struct process processes[PROCESSES];

/* Once, before the first schedule. */
void processes_open(void);
void processes_close(void);

/* Starts a process that is not alive. */
void process_start(struct process *p);

/* Has processes that start from now on accept another log, or refuse it. */
void processes_accept_log(bool accept);

/* Kills the process as SIGKILL does: it does nothing more, and its memory is freed. */
void process_kill(struct process *p);

/* The process whose thread is running. */
struct process *process_current(void);

/* ---- for the scheduler ---- */

/*
 * Draws one of the threads that can go on, and runs it until it stops at a step.
 * Moves the clock when all threads wait. False when there is none.
 */
bool threads_turn(void);

/* ---- for what stands in for the outside ---- */

/* The running thread is about to do this outside its process; others may go first. */
void step(const char *what);

/* The running thread waits for so many ms of the simulation's time. */
void step_sleep(int ms);

/* The same, but step_wake() with this `cond` may end it early. */
void step_wait(const void *cond, int ms);

/* Ends the waiting of the process' threads on `cond`. */
void step_wake(const void *cond);

#endif
