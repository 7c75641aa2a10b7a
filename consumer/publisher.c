/*
 * Up to two threads, the queue that feeds them and the list that they fill share one
 * lock. Close to 500 lines: who may touch what under the lock is easier to
 * see in one file.
 */

#include "consumer/publisher.h"

#include "consumer/clearing.h"
#include "consumer/group_offsets.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	PRODUCERS_MAX = 2,
	IDLE_POLL_MS = 100,
	HIDDEN_TELL_MS = 5000,
	/* One transaction: large enough that its fixed cost (a few ms) is small beside it. */
	TRANSACTION_BYTES = 8 * 1024 * 1024,
};

enum publisher_state {
	PUBLISHER_STOPPED,  /* there are no producers and no threads, and nothing is queued */
	PUBLISHER_WORKING,  /* batches are taken, sent and committed */
	PUBLISHER_BROKEN,   /* something failed; open transactions are being aborted */
	PUBLISHER_STOPPING, /* the loop is waiting for the threads to end */
};

/*
 * Readers see records in the order in which they were written, whichever
 * transaction commits first. So a worker writes only after the transaction before
 * its own has written everything, and commits only after that has committed.
 */
enum worker_state {
	WORKER_IDLE,  /* has no batches; takes some when it is its turn */
	WORKER_TAKEN, /* has batches and a ticket, and all earlier tickets have written: it writes */
	WORKER_WRITTEN, /* the brokers have its records; commits when all earlier have committed */
	WORKER_BROKEN,  /* its producer is closed, or about to be */
};

struct worker {
	struct publisher *publisher;
	int number; /* 0 or 1; see `turn` */
	enum worker_state state;
	struct batch *batches;   /* of the transaction in hand */
	uint64_t ticket;         /* its place in the order of transactions */
	bool clear;              /* nothing is left under the names that it sees to */
	bool hidden;             /* its producer may begin no transaction yet */
	int64_t hidden_since_ms; /* monotonic */
	bool told;               /* somebody was told that it is hidden */
	struct transactor *transactor;
	pthread_t thread;
	bool running;
};

struct publisher {
	struct publisher_options options;
	struct group_asker *asker;
	bool started; /* needs no lock: only the loop's thread uses it */
	pthread_mutex_t lock;
	pthread_cond_t moved; /* signalled whenever anything below changes */
	enum publisher_state state;
	struct error why;
	struct batch *queue;
	struct batch **queue_end;
	size_t backlog;
	int turn;           /* the worker that takes the next batches */
	uint64_t taken;     /* tickets given out, one for each transaction */
	uint64_t written;   /* how many transactions have all records and offsets at the brokers */
	uint64_t committed; /* how many transactions have committed */
	struct batch *done; /* committed, for publisher_take_committed() */
	struct batch **done_end;
	bool *refused; /* by partition; see publisher_refused() */
	struct stage_figures figures[TRANSACTION_STEPS];
	struct worker workers[PRODUCERS_MAX];
	int worker_count;
	/* Of the other letters, while something may be left under their names. */
	struct transactor *spare[PRODUCERS_MAX];
};

/* What people read, after the stages of the loop. */
static const char *const step_names[TRANSACTION_STEPS] = {
	[TRANSACTION_WRITE] = "publish:write", [TRANSACTION_OFFSETS] = "publish:offsets",
	[TRANSACTION_NOTE] = "publish:note",   [TRANSACTION_COMMIT] = "publish:commit",
	[TRANSACTION_SEE] = "publish:see",
};

/* ---- the workers' loop ---- */

static void wait_a_little(struct publisher *p)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += IDLE_POLL_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	(void)pthread_cond_timedwait(&p->moved, &p->lock, &until);
}

/* May the two be in one transaction? */
static bool may_join(const struct publisher *p, const struct batch *a, const struct batch *b)
{
	return !p->options.apart || a->partition == b->partition;
}

/* Called with the lock. Takes batches from the queue's front, at least one, up to the bound. */
static struct batch *take_some(struct publisher *p)
{
	struct batch *first = p->queue;
	struct batch *last = first;
	size_t bytes = first->len;

	while (last->next && bytes + last->next->len <= TRANSACTION_BYTES &&
	       may_join(p, first, last->next)) {
		last = last->next;
		bytes += last->len;
	}
	p->queue = last->next;
	if (!p->queue)
		p->queue_end = &p->queue;
	last->next = NULL;
	return first;
}

/*
 * Called with the lock. Who is hidden is passed over. Nothing is taken before it can be
 * written: what arrives until then would have to wait for the transaction after.
 */
static bool may_take(const struct worker *w)
{
	const struct publisher *p = w->publisher;

	return p->queue && p->written == p->taken && !w->hidden &&
	       (p->turn == w->number || p->workers[p->turn].hidden);
}

/* The first of the transactors that the worker sees to; NULL: none. The first worker sees to the spare ones. */
static struct transactor **find_one(struct worker *w, bool (*is_meant)(const struct transactor *t))
{
	struct publisher *p = w->publisher;

	if (is_meant(w->transactor))
		return &w->transactor;
	for (int i = 0; w->number == 0 && i < PRODUCERS_MAX; i++)
		if (p->spare[i] && is_meant(p->spare[i]))
			return &p->spare[i];
	return NULL;
}

/* Called with the lock: may the worker take its next step? */
static bool is_ready(struct worker *w)
{
	const struct publisher *p = w->publisher;

	switch (w->state) {
	case WORKER_IDLE:
		return may_take(w) || find_one(w, transactor_should_look) ||
		       find_one(w, transactor_is_due);
	case WORKER_TAKEN:
		return true;
	case WORKER_WRITTEN:
		return p->committed == w->ticket;
	case WORKER_BROKEN:
		break;
	}
	return false;
}

static void take_batches(struct worker *w)
{
	struct publisher *p = w->publisher;

	pthread_mutex_lock(&p->lock);
	if (may_take(w)) { /* the other may have been faster */
		w->batches = take_some(p);
		w->ticket = p->taken++;
		w->state = WORKER_TAKEN;
		p->turn = (w->number + 1) % p->worker_count;
		pthread_cond_broadcast(&p->moved);
	}
	pthread_mutex_unlock(&p->lock);
}

/* For the worker itself. */
static bool is_clear(const struct worker *w)
{
	bool clear = transactor_is_clear(w->transactor);

	for (int i = 0; w->number == 0 && i < PRODUCERS_MAX; i++)
		clear = clear && !w->publisher->spare[i];
	return clear;
}

static void note_standing(struct worker *w)
{
	bool before = w->hidden;

	w->clear = is_clear(w);
	w->hidden = transactor_is_hidden(w->transactor);
	if (!w->hidden)
		w->told = false;
	else if (!before)
		w->hidden_since_ms = clock_monotonic_ms();
}

static void tell_that_it_is_hidden(struct worker *w)
{
	struct error why;

	if (!w->hidden || w->told || clock_monotonic_ms() - w->hidden_since_ms < HIDDEN_TELL_MS)
		return;
	w->told = true;
	transactor_explain(w->transactor, &why);
	log_warn("publishing waits: %s", why.text);
}

static void look_again(struct worker *w, struct transactor *t)
{
	transactor_look(t);
	pthread_mutex_lock(&w->publisher->lock);
	note_standing(w);
	pthread_cond_broadcast(&w->publisher->moved);
	pthread_mutex_unlock(&w->publisher->lock);
	tell_that_it_is_hidden(w);
}

/* Whoever has fenced a spare one, perhaps the publisher of trials, has cleared it. */
static int clear_again(struct worker *w, struct transactor **due, struct error *err)
{
	int rc = clearing_repeat(*due, err);

	if (due != &w->transactor) {
		bool fenced = rc == ERROR_FENCED;

		if (fenced || transactor_is_clear(*due))
			transactor_close(due);
		rc = fenced ? 0 : rc;
	}
	pthread_mutex_lock(&w->publisher->lock);
	note_standing(w);
	pthread_cond_broadcast(&w->publisher->moved);
	waker_wake(w->publisher->options.waker);
	pthread_mutex_unlock(&w->publisher->lock);
	return rc;
}

static int write_batches(struct worker *w, struct error *err)
{
	struct publisher *p = w->publisher;
	int rc = transactor_send(w->transactor, w->batches, err);

	if (rc)
		return rc;
	pthread_mutex_lock(&p->lock);
	assert(p->written == w->ticket);
	p->written++;
	w->state = WORKER_WRITTEN;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	return 0;
}

/* Hands the committed batches to the loop. */
static void note_committed(struct worker *w)
{
	struct publisher *p = w->publisher;

	pthread_mutex_lock(&p->lock);
	assert(p->committed == w->ticket);
	p->committed++;
	transactor_take_figures(w->transactor, p->figures);
	note_standing(w);
	waker_wake(p->options.waker);
	*p->done_end = w->batches;
	for (struct batch *b = w->batches; b; b = b->next) {
		assert(p->backlog >= b->len);
		p->backlog -= b->len;
		p->done_end = &b->next;
	}
	w->batches = NULL;
	w->state = WORKER_IDLE;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

static int commit_batches(struct worker *w, struct error *err)
{
	int rc = transactor_commit(w->transactor, err);

	if (!rc)
		note_committed(w);
	return rc;
}

/*
 * Ends a worker. If `why` is given and the publisher is working, the publisher
 * breaks, too. The batches are freed last, because the producer's messages
 * point into them.
 */
static void break_worker(struct worker *w, const struct error *why)
{
	struct publisher *p = w->publisher;

	pthread_mutex_lock(&p->lock);
	w->state = WORKER_BROKEN;
	for (const struct batch *b = w->batches; b; b = b->next)
		p->refused[b->partition] = p->refused[b->partition] || b->refused;
	if (why && p->state == PUBLISHER_WORKING) {
		p->state = PUBLISHER_BROKEN;
		p->why = *why;
		waker_wake(p->options.waker);
	}
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	if (w->batches)
		transactor_discard(&w->transactor);
	batch_free_list(w->batches);
	w->batches = NULL;
}

/* Takes the next step of a worker that is_ready(). */
static void run_step(struct worker *w)
{
	struct transactor **due;
	struct transactor **hidden;
	struct error err = { 0 };
	int rc = 0;

	switch (w->state) {
	case WORKER_IDLE:
		due = find_one(w, transactor_is_due);
		hidden = find_one(w, transactor_should_look);
		if (due)
			rc = clear_again(w, due, &err);
		else if (hidden)
			look_again(w, *hidden);
		else
			take_batches(w);
		break;
	case WORKER_TAKEN:
		rc = write_batches(w, &err);
		break;
	case WORKER_WRITTEN:
		rc = commit_batches(w, &err);
		break;
	case WORKER_BROKEN:
		break;
	}
	if (rc)
		break_worker(w, &err);
}

/* Waits until the worker is_ready(). False: the publisher no longer works. */
static bool wait_until_ready(struct worker *w)
{
	struct publisher *p = w->publisher;
	bool working;

	pthread_mutex_lock(&p->lock);
	while (p->state == PUBLISHER_WORKING && !is_ready(w)) {
		wait_a_little(p);
		transactor_serve(w->transactor);
	}
	working = p->state == PUBLISHER_WORKING;
	pthread_mutex_unlock(&p->lock);
	return working;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	while (wait_until_ready(w))
		run_step(w);
	break_worker(w, NULL);
	return NULL;
}

/* ---- lifecycle ---- */

static int open_transactor(const struct publisher *p, char letter, struct transactor **out,
			   struct error *err)
{
	const struct publisher_options *o = &p->options;
	const struct transactor_options options = { .config = o->config,
						    .deployment = o->deployment,
						    .intake = o->intake,
						    .asker = p->asker,
						    .letter = letter,
						    .batch_bytes = *o->batch_bytes,
						    .singly = o->apart };

	return transactor_open(out, &options, err);
}

static int worker_start(struct worker *w, struct error *err)
{
	note_standing(w);
	if (pthread_create(&w->thread, NULL, worker_main, w))
		return error_set(err, ERROR_NOMEM, "a thread of the publisher cannot be started");
	w->running = true;
	return 0;
}

static void worker_stop(struct worker *w)
{
	if (w->running)
		(void)pthread_join(w->thread, NULL);
	w->running = false;
	break_worker(w, NULL);
	transactor_close(&w->transactor);
}

static void init_lock(struct publisher *p)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&p->moved, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	(void)pthread_mutex_init(&p->lock, NULL);
}

/* Sets everything as it is before the first batch: all workers idle, all lists empty. */
static void make_empty(struct publisher *p)
{
	p->queue = NULL;
	p->queue_end = &p->queue;
	p->done = NULL;
	p->done_end = &p->done;
	p->backlog = 0;
	p->turn = 0;
	p->taken = 0;
	p->written = 0;
	p->committed = 0;
	for (int i = 0; i < p->worker_count; i++)
		p->workers[i] = (struct worker){ .publisher = p, .number = i };
	for (int i = 0; i < p->options.deployment->partitions; i++)
		p->refused[i] = false;
}

struct publisher *publisher_new(const struct publisher_options *o)
{
	struct publisher *p = memory_zalloc(1, sizeof(*p));

	p->options = *o;
	p->asker = group_asker_new(o->config);
	for (int i = 0; i < TRANSACTION_STEPS; i++)
		p->figures[i].name = bytes_of(step_names[i]);
	p->worker_count = (int)strlen(o->letters);
	assert(p->worker_count >= 1 && p->worker_count <= PRODUCERS_MAX);
	p->refused = memory_zalloc((size_t)o->deployment->partitions, sizeof(*p->refused));
	p->state = PUBLISHER_STOPPED;
	init_lock(p);
	make_empty(p);
	return p;
}

void publisher_free(struct publisher **pp)
{
	struct publisher *p = *pp;

	if (!p)
		return;
	publisher_stop(p);
	(void)pthread_mutex_destroy(&p->lock);
	(void)pthread_cond_destroy(&p->moved);
	group_asker_free(&p->asker);
	free(p->refused);
	free(p);
	*pp = NULL;
}

/* Makes our producers, and one for each of the other letters, which are cleared, and closed if nothing is left. */
static int open_all(struct publisher *p, const char *others, struct error *err)
{
	struct transactor *all[2 * PRODUCERS_MAX] = { NULL };
	int count = 0;
	int rc = 0;

	for (; !rc && count < p->worker_count; count++) {
		rc = open_transactor(p, p->options.letters[count], &all[count], err);
		p->workers[count].transactor = all[count];
	}
	for (; !rc && *others; others++, count++)
		rc = open_transactor(p, *others, &all[count], err);
	if (!rc)
		rc = clearing_run(all, count, err);
	for (int i = p->worker_count; i < count; i++)
		if (rc || transactor_is_clear(all[i]))
			transactor_close(&all[i]);
		else
			p->spare[i - p->worker_count] = all[i];
	return rc;
}

int publisher_start(struct publisher *p, const char *others, struct error *err)
{
	int rc;

	assert(!p->started && p->state == PUBLISHER_STOPPED && strlen(others) <= PRODUCERS_MAX);
	p->started = true;
	p->state = PUBLISHER_WORKING;
	rc = open_all(p, others, err);
	for (int i = 0; !rc && i < p->worker_count; i++)
		rc = worker_start(&p->workers[i], err);
	if (rc)
		publisher_stop(p);
	return rc;
}

const char *publisher_idle_letters(const struct publisher *p)
{
	return p->started ? "" : p->options.letters;
}

void publisher_stop(struct publisher *p)
{
	if (!p->started)
		return;
	p->started = false;
	pthread_mutex_lock(&p->lock);
	p->state = PUBLISHER_STOPPING;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
	for (int i = 0; i < p->worker_count; i++)
		worker_stop(&p->workers[i]);
	for (int i = 0; i < PRODUCERS_MAX; i++)
		transactor_close(&p->spare[i]);
	batch_free_list(p->queue);
	batch_free_list(p->done);
	make_empty(p);
	p->state = PUBLISHER_STOPPED;
}

/* ---- for the loop ---- */

bool publisher_is_started(const struct publisher *p)
{
	return p->started;
}

void publisher_push(struct publisher *p, struct batch *b)
{
	assert(p->started);
	pthread_mutex_lock(&p->lock);
	b->next = NULL;
	*p->queue_end = b;
	p->queue_end = &b->next;
	p->backlog += b->len;
	pthread_cond_broadcast(&p->moved);
	pthread_mutex_unlock(&p->lock);
}

size_t publisher_backlog(struct publisher *p)
{
	size_t backlog;

	pthread_mutex_lock(&p->lock);
	backlog = p->backlog;
	pthread_mutex_unlock(&p->lock);
	return backlog;
}

struct batch *publisher_take_committed(struct publisher *p)
{
	struct batch *done;

	pthread_mutex_lock(&p->lock);
	done = p->done;
	p->done = NULL;
	p->done_end = &p->done;
	pthread_mutex_unlock(&p->lock);
	return done;
}

int publisher_check(struct publisher *p, struct error *err)
{
	int rc;

	pthread_mutex_lock(&p->lock);
	rc = p->state == PUBLISHER_BROKEN ? (int)p->why.code : 0;
	if (rc)
		*err = p->why;
	pthread_mutex_unlock(&p->lock);
	return rc;
}

bool publisher_is_clear(struct publisher *p)
{
	bool clear = true;

	pthread_mutex_lock(&p->lock);
	for (int i = 0; i < p->worker_count; i++)
		clear = clear && p->workers[i].clear;
	pthread_mutex_unlock(&p->lock);
	return clear;
}

void publisher_add_figures(struct publisher *p, struct stages *s)
{
	pthread_mutex_lock(&p->lock);
	memcpy(s->list + s->count, p->figures, sizeof(p->figures));
	s->count += TRANSACTION_STEPS;
	pthread_mutex_unlock(&p->lock);
}

bool publisher_refused(struct publisher *p, int partition)
{
	bool refused;

	pthread_mutex_lock(&p->lock);
	refused = p->refused[partition];
	pthread_mutex_unlock(&p->lock);
	return refused;
}

bool publisher_drain(struct publisher *p, int64_t deadline_ms)
{
	bool drained;

	pthread_mutex_lock(&p->lock);
	while (p->state == PUBLISHER_WORKING && p->backlog && clock_monotonic_ms() < deadline_ms)
		wait_a_little(p);
	drained = !p->backlog;
	pthread_mutex_unlock(&p->lock);
	return drained;
}
