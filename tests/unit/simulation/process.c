#include "tests/unit/simulation/process.h"

#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/wrapped.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

enum {
	STACK_BYTES = 1024 * 1024, /* recovery has an array of progress on it */
	TURN_MS = 1,
	OUTPUTS_MAX = 5000, /* bytes: a few records */
};

struct process processes[PROCESSES];

static ucontext_t scheduler;
static struct thread *running;
static struct codec *codec; /* compiling the schemas takes longer than a schedule */

/* ---- switching stacks ---- */

#ifdef __SANITIZE_ADDRESS__
static void *scheduler_sanitizer;
static const void *scheduler_stack;
static size_t scheduler_size;

static void before_switch(void **keep, const void *stack, size_t size)
{
	__sanitizer_start_switch_fiber(keep, stack, size);
}

static void after_switch(void *kept)
{
	const void **stack = running ? &scheduler_stack : NULL;

	__sanitizer_finish_switch_fiber(kept, stack, stack ? &scheduler_size : NULL);
}

/* Removes the poison that a killed thread has left on the stack. */
static void clean_stack(const struct thread *t)
{
	__asan_unpoison_memory_region(t->stack, STACK_BYTES);
}
#else
static void *scheduler_sanitizer;
static const void *scheduler_stack;
static size_t scheduler_size;

static void before_switch(void **keep, const void *stack, size_t size)
{
	(void)keep;
	(void)stack;
	(void)size;
}

static void after_switch(void *kept)
{
	(void)kept;
}

static void clean_stack(const struct thread *t)
{
	(void)t;
}
#endif

/* Switches from the running thread to the scheduler; returns when the thread runs again. */
static void give_way(void)
{
	struct thread *self = running;

	before_switch(self->state == THREAD_ENDED ? NULL : &self->sanitizer, scheduler_stack,
		      scheduler_size);
	(void)swapcontext(&self->context, &scheduler);
	after_switch(self->sanitizer);
}

/* Switches from the scheduler to the thread; returns when that gives way or ends. */
static void go_on(struct thread *t)
{
	running = t;
	memory_use(&t->process->memory);
	before_switch(&scheduler_sanitizer, t->stack, STACK_BYTES);
	(void)swapcontext(&scheduler, &t->context);
	running = NULL;
	after_switch(scheduler_sanitizer);
	memory_use(NULL);
}

static void thread_main(void)
{
	struct thread *self = running;

	after_switch(NULL);
	(void)self->main(self->arg);
	self->state = THREAD_ENDED;
	for (int i = 0; i < THREADS_MAX; i++)
		if (self->process->threads[i].cond == self)
			self->process->threads[i].state = THREAD_RUNNABLE;
	give_way();
	abort(); /* a thread that has ended is never run again */
}

static void thread_start(struct thread *t, void *(*main)(void *), void *arg)
{
	t->main = main;
	t->arg = arg;
	t->cond = NULL;
	t->wake_ms = INT64_MAX;
	t->state = THREAD_RUNNABLE;
	clean_stack(t);
	(void)getcontext(&t->context);
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = STACK_BYTES;
	t->context.uc_link = NULL;
	makecontext(&t->context, thread_main, 0);
}

/* ---- steps and waiting ---- */

struct process *process_current(void)
{
	return running->process;
}

static int number_of(const struct thread *t)
{
	return (int)(t - t->process->threads);
}

void step(const char *what)
{
	trace("%s.%d %s", running->process->instance, number_of(running), what);
	if (chance(schedule.rates.wander))
		give_way();
}

static void wait_for(const void *cond, int ms)
{
	running->state = THREAD_WAITING;
	running->cond = cond;
	running->wake_ms = ms < 0 ? INT64_MAX : schedule.now_ms + ms;
	give_way();
	running->cond = NULL;
	running->wake_ms = INT64_MAX;
}

void step_sleep(int ms)
{
	wait_for(NULL, ms);
}

void step_wait(const void *cond, int ms)
{
	wait_for(cond, ms);
}

void step_wake(const void *cond)
{
	for (int i = 0; running && i < THREADS_MAX; i++)
		if (running->process->threads[i].state == THREAD_WAITING &&
		    running->process->threads[i].cond == cond)
			running->process->threads[i].state = THREAD_RUNNABLE;
}

/* ---- the scheduler's side ---- */

static size_t list_runnable(struct thread *out[static PROCESSES * THREADS_MAX])
{
	size_t count = 0;

	for (int i = 0; i < PROCESSES; i++) {
		struct process *p = &processes[i];

		for (int j = 0; p->alive && !p->frozen && j < THREADS_MAX; j++) {
			struct thread *t = &p->threads[j];

			if (t->state == THREAD_WAITING && t->wake_ms <= schedule.now_ms)
				t->state = THREAD_RUNNABLE;
			if (t->state == THREAD_RUNNABLE)
				out[count++] = t;
		}
	}
	return count;
}

/* All threads wait: moves the clock to where the first of them is woken. */
static void pass_time(void)
{
	int64_t next = INT64_MAX;

	for (int i = 0; i < PROCESSES; i++)
		for (int j = 0; processes[i].alive && !processes[i].frozen && j < THREADS_MAX; j++)
			if (processes[i].threads[j].state == THREAD_WAITING &&
			    processes[i].threads[j].wake_ms < next)
				next = processes[i].threads[j].wake_ms;
	if (next != INT64_MAX)
		schedule.now_ms = next;
}

static void end_process(struct process *p)
{
	p->alive = false;
	if (!memory_is_empty(&p->memory))
		broken_promise("%s ended and left memory behind", p->instance);
}

bool threads_turn(void)
{
	struct thread *runnable[PROCESSES * THREADS_MAX];
	size_t count = list_runnable(runnable);
	struct thread *t;

	schedule.now_ms += TURN_MS;
	if (!count) {
		pass_time();
		count = list_runnable(runnable);
	}
	if (!count)
		return false;
	t = runnable[draw((unsigned)count)];
	go_on(t);
	if (t->state == THREAD_ENDED && number_of(t) == 0)
		end_process(t->process);
	return true;
}

/* ---- what the publisher's threads call ---- */

int __wrap_pthread_create(pthread_t *out, const pthread_attr_t *attributes, void *(*main)(void *),
			  void *arg)
{
	struct process *p = running->process;

	(void)attributes;
	for (int i = 1; i < THREADS_MAX; i++) {
		if (p->threads[i].state != THREAD_NONE)
			continue;
		thread_start(&p->threads[i], main, arg);
		*out = (pthread_t)i;
		return 0;
	}
	abort();
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	struct thread *t = &running->process->threads[thread];

	(void)result;
	while (t->state != THREAD_ENDED)
		wait_for(t, -1);
	t->state = THREAD_NONE;
	return 0;
}

int __wrap_pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
				  const struct timespec *until)
{
	enum { WAIT_MS = 1000 };

	(void)until; /* 100 ms, which only matters if nothing wakes the thread; WAIT_MS is fewer turns */
	(void)pthread_mutex_unlock(mutex);
	wait_for(cond, WAIT_MS);
	(void)pthread_mutex_lock(mutex);
	return 0;
}

int __wrap_pthread_cond_broadcast(pthread_cond_t *cond)
{
	step_wake(cond);
	return 0;
}

int64_t __wrap_clock_monotonic_ms(void)
{
	return schedule.now_ms;
}

int64_t __wrap_clock_monotonic_us(void)
{
	return schedule.now_ms * 1000;
}

int64_t __wrap_clock_unix_ms(void)
{
	return schedule.now_ms;
}

int __wrap_nanosleep(const struct timespec *wanted, struct timespec *left)
{
	(void)left;
	step_sleep((int)(wanted->tv_nsec / 1000000));
	return 0;
}

int __wrap_codec_new(struct codec **out, struct error *err)
{
	(void)err;
	*out = codec;
	return 0;
}

void __wrap_codec_free(struct codec **c)
{
	*c = NULL;
}

/* ---- lifecycle ---- */

/* Does what main() of sharebus-consumer does. */
static void *process_main(void *arg)
{
	struct process *p = arg;
	struct error err = { 0 };
	int rc = consumer_open(&p->consumer, p->config, &p->stop, &p->waker, &p->supervisor, &err);

	if (!rc && draw(2)) /* so that runs end early */
		runner_limit_outputs(p->consumer->runner, draw(OUTPUTS_MAX));
	if (!rc)
		rc = loop_run(p->consumer, &err);
	consumer_close(&p->consumer);
	trace("%s ends: %d %s", p->instance, rc, rc ? err.text : "");
	if (rc && !(rc == ERROR_UNAVAILABLE && p->stop))
		broken_promise("%s ends with an error: %s", p->instance, err.text);
	return NULL;
}

void process_start(struct process *p)
{
	trace("%s starts", p->instance);
	memory_init(&p->memory);
	p->consumer = NULL;
	p->supervisor = (struct supervisor){ .fd = -1 };
	p->stop = 0;
	p->alive = true;
	p->frozen = false;
	p->waited = false;
	p->queued = 0;
	for (int i = 0; i < THREADS_MAX; i++)
		p->threads[i].state = THREAD_NONE;
	thread_start(&p->threads[0], process_main, p);
}

void process_kill(struct process *p)
{
	trace("%s is killed", p->instance);
	p->alive = false;
	memory_drop(&p->memory);
}

static void must(int rc, const struct error *err)
{
	if (!rc)
		return;
	(void)printf("%s\n", err->text);
	abort();
}

static struct config *config_of(const char *instance)
{
	static const struct config_setting settings[] = {
		{ .key = "brokers", .fallback = "simulated" },
		{ .key = "redis", .fallback = "simulated" },
		{ .key = "prefix", .fallback = "sb" },
		{ .key = "consumer-group", .fallback = "sharebus" },
		{ .key = "instance" },
		{ .key = "access-url", .fallback = "" },
		{ .key = "max-grants", .fallback = "1000" },
		{ .key = "accept-lost-commands" },
		{ .key = "accept-other-log" },
		{ .key = NULL },
	};
	static const struct config_setting *const tables[] = { settings, NULL };
	struct config *config = config_new(tables);
	struct error err = { 0 };

	must(config_set(config, "instance", instance, &err), &err);
	must(config_load(config, NULL, &err), &err);
	return config;
}

void processes_accept_log(bool accept)
{
	struct error err = { 0 };

	for (int i = 0; i < PROCESSES; i++)
		must(config_set(processes[i].config, "accept-other-log", accept ? "yes" : "no",
				&err),
		     &err);
}

void processes_open(void)
{
	struct error err = { 0 };

	must(__real_codec_new(&codec, &err), &err);
	for (int i = 0; i < PROCESSES; i++) {
		struct process *p = &processes[i];

		p->number = i;
		(void)snprintf(p->instance, sizeof(p->instance), "p%d", i);
		p->config = config_of(p->instance);
		for (int j = 0; j < THREADS_MAX; j++) {
			p->threads[j].process = p;
			p->threads[j].stack = __real_malloc(STACK_BYTES);
			assert(p->threads[j].stack);
		}
	}
}

void processes_close(void)
{
	for (int i = 0; i < PROCESSES; i++) {
		config_free(&processes[i].config);
		for (int j = 0; j < THREADS_MAX; j++)
			__real_free(processes[i].threads[j].stack);
	}
	__real_codec_free(&codec);
}
