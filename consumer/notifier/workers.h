#ifndef SB_CONSUMER_NOTIFIER_WORKERS_H
#define SB_CONSUMER_NOTIFIER_WORKERS_H

/*
 * Threads for what blocks: names that are looked up, programs that run, Redis. The
 * loop's thread hands jobs in and takes them back; nothing else is shared.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "ops/support/waker.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Embedded as the first member of what the job is about. */
struct job {
	/* In a worker's thread. `stop`: the workers are being closed, so be quick. */
	void (*run)(struct job *j, const atomic_bool *stop);
	bool ran; /* false: the workers were closed before */
	struct job *next;
};

struct workers;

/* The waker is woken when a job is done; it must outlive the workers. ERROR_NOMEM. */
MUST_USE int workers_open(struct workers **out, size_t threads, const struct waker *waker,
			  struct error *err);

/* Ends the threads, which finish what they run. The jobs must have been taken back. */
void workers_close(struct workers **w);

/* Tells the jobs that run to be quick; those that wait are done without having run. */
void workers_stop(struct workers *w);

/* Hands a job in, which must stay until it is taken back. There is no bound: whoever hands in counts. */
void workers_submit(struct workers *w, struct job *j);

/* Takes back a job that is done, or NULL. */
struct job *workers_take(struct workers *w);

#endif
