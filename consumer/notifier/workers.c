#include "consumer/notifier/workers.h"

#include "ops/support/memory.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

/* A queue of jobs. */
struct line {
	struct job *first;
	struct job **end;
};

struct workers {
	pthread_mutex_t lock; /* of the queues */
	pthread_cond_t arrived;
	struct line waiting;
	struct line done;
	atomic_bool stop;
	bool closing;
	const struct waker *waker;
	pthread_t *threads;
	size_t count;
};

static void put_job(struct line *l, struct job *j)
{
	j->next = NULL;
	*l->end = j;
	l->end = &j->next;
}

static struct job *take_job(struct line *l)
{
	struct job *j = l->first;

	if (!j)
		return NULL;
	l->first = j->next;
	if (!l->first)
		l->end = &l->first;
	return j;
}

/* The next job, or NULL when the workers are closing. */
static struct job *await_job(struct workers *w)
{
	struct job *j;

	(void)pthread_mutex_lock(&w->lock);
	while ((j = take_job(&w->waiting)) == NULL && !w->closing)
		(void)pthread_cond_wait(&w->arrived, &w->lock);
	(void)pthread_mutex_unlock(&w->lock);
	return j;
}

static void *work_on(void *arg)
{
	struct workers *w = arg;
	struct job *j;

	while ((j = await_job(w)) != NULL) {
		j->ran = !w->stop;
		if (j->ran)
			j->run(j, &w->stop);
		(void)pthread_mutex_lock(&w->lock);
		put_job(&w->done, j);
		(void)pthread_mutex_unlock(&w->lock);
		waker_wake(w->waker);
	}
	return NULL;
}

/* Signals are for the loop's thread. */
static int start_thread(struct workers *w)
{
	sigset_t all;
	sigset_t before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&w->threads[w->count], NULL, work_on, w);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!rc)
		w->count++;
	return rc;
}

int workers_open(struct workers **out, size_t threads, const struct waker *waker, struct error *err)
{
	struct workers *w = memory_zalloc(1, sizeof(*w));

	w->waiting.end = &w->waiting.first;
	w->done.end = &w->done.first;
	w->waker = waker;
	w->threads = memory_zalloc(threads, sizeof(*w->threads));
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->arrived, NULL);
	for (size_t i = 0; i < threads; i++) {
		if (!start_thread(w))
			continue;
		workers_close(&w);
		return error_set(err, ERROR_NOMEM, "a thread cannot be started");
	}
	*out = w;
	return 0;
}

void workers_stop(struct workers *w)
{
	w->stop = true;
}

void workers_close(struct workers **wp)
{
	struct workers *w = *wp;

	if (!w)
		return;
	w->stop = true;
	(void)pthread_mutex_lock(&w->lock);
	w->closing = true;
	(void)pthread_cond_broadcast(&w->arrived);
	(void)pthread_mutex_unlock(&w->lock);
	for (size_t i = 0; i < w->count; i++)
		(void)pthread_join(w->threads[i], NULL);
	(void)pthread_cond_destroy(&w->arrived);
	(void)pthread_mutex_destroy(&w->lock);
	free(w->threads);
	free(w);
	*wp = NULL;
}

void workers_submit(struct workers *w, struct job *j)
{
	(void)pthread_mutex_lock(&w->lock);
	put_job(&w->waiting, j);
	(void)pthread_cond_signal(&w->arrived);
	(void)pthread_mutex_unlock(&w->lock);
}

struct job *workers_take(struct workers *w)
{
	struct job *j;

	(void)pthread_mutex_lock(&w->lock);
	j = take_job(&w->done);
	(void)pthread_mutex_unlock(&w->lock);
	return j;
}
