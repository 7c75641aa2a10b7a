/*
 * Exactly once, whatever breaks: several processes, each the consumer's loop with
 * all it calls, run against simulated brokers and a simulated Redis. A scheduler
 * draws from one seed, at every step, which process goes on and what breaks. Then
 * everything heals, and the bus and Redis must hold what the model says, each
 * output once.
 *
 *   SHAREBUS_SIMULATION_SCHEDULES   how many schedules (default: some seconds of them)
 *   SHAREBUS_SIMULATION_FIRST       the first one's seed (default 1)
 *   SHAREBUS_SIMULATION_SEED        this one only, with a trace
 */

#include "ops/support/log.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/check.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/store.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
#ifdef __SANITIZE_ADDRESS__
	SCHEDULES_DEFAULT = 500,
#else
	SCHEDULES_DEFAULT = 3000,
#endif
	TURNS_LEAST = 100,
	TURNS_MORE = 400,
	DELETE_CHANCE = 300,
	LOSE_KEYS_CHANCE = 200,
	REFUSE_CHANCE = 100,
	REPLACE_LOG_CHANCE = 50,
	FOREIGN_LOG_MS = 4000, /* at most, until somebody accepts it */
	LOSE_DIRECTORY_CHANCE = 50,
	SURVEYED_MS = 2000,      /* an owner of partitions has looked at all subjects */
	TURNS_TO_SETTLE = 20000, /* a few hundred are usual */
	CALM_MS = 2000,          /* longer than a process hesitates to recover */
	TURNS_BESIDE = 8000, /* of one partition while the other is held: half as many were seen */
	LEAP_MS = 30000,     /* longer than any wait */
};

/* ---- trouble ---- */

static struct process *draw_process(void)
{
	return &processes[draw(PROCESSES)];
}

static void kill_one(void)
{
	struct process *p = draw_process();

	if (p->alive)
		process_kill(p);
}

static void start_one(void)
{
	struct process *p = draw_process();

	if (!p->alive)
		process_start(p);
}

static void freeze_or_thaw(void)
{
	struct process *p = draw_process();

	if (!p->alive)
		return;
	p->frozen = !p->frozen;
	trace("%s %s", p->instance, p->frozen ? "freezes" : "goes on");
}

static void stop_one(void)
{
	struct process *p = draw_process();

	trace("%s is told to stop", p->instance);
	p->stop = 1;
}

static void lose_data(void)
{
	switch (draw(3)) {
	case 0:
		trace("Redis is emptied");
		store_flush();
		break;
	case 1:
		trace("Redis is saved");
		store_snapshot();
		break;
	default:
		trace("Redis comes back as it was saved");
		store_restart();
		break;
	}
	check_readers();
}

/* The broker aborts a transaction that takes too long, and fences its producer. */
static void time_out(void)
{
	struct transaction *t = broker_open_transaction();

	if (!t)
		return;
	trace("      %s has been open for too long", t->producer->name);
	t->producer->epoch++;
	broker_end_transaction(t, false);
}

/* A commit arrives at the broker although its sender no longer waits for it, or is dead. */
static void arrive_late(void)
{
	struct transaction *t = broker_open_transaction();

	if (t && t->late)
		broker_end_transaction(t, true);
}

/* The group's offsets expire, or somebody resets them. */
static void forget_offsets(void)
{
	trace("      the group's offsets are forgotten");
	for (int p = 0; p < PARTITIONS; p++)
		broker.committed[p] = NO_OFFSET;
}

static void move_offset(void)
{
	int p = (int)draw(PARTITIONS);

	broker.committed[p] = (int64_t)draw((unsigned)model.count[p] + 1);
	broker.signed_by_us[p] = false;
	trace("      somebody moves the group's offset of %d to %lld", p,
	      (long long)broker.committed[p]);
	broker.moved = true;
}

/* The leader of a partition lags, and then has caught up. */
static void shorten_or_restore(void)
{
	int p = (int)draw(PARTITIONS);

	broker.hidden[p] = broker.hidden[p] ? 0 : draw((unsigned)model.count[p] + 1);
	trace("      the log of %d ends at %lld", p, (long long)broker_end(p));
}

static void send_commands(void)
{
	int p = (int)draw(PARTITIONS);

	for (unsigned i = 1 + draw((unsigned)model.left[p] + 1); i > 0; i--)
		model_send(p);
}

/* A person lets the topics take everything again. */
static void let_topics_take_all(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		broker.refused[p] = false;
}

static void cause_trouble(void)
{
	const struct rates *r = &schedule.rates;

	if (chance(r->kill))
		kill_one();
	if (chance(r->freeze))
		freeze_or_thaw();
	if (chance(r->leave))
		stop_one();
	if (chance(r->expire))
		broker_leave((int)draw(MEMBERS));
	if (chance(r->lose))
		lose_data();
	if (chance(r->leap))
		schedule.now_ms += LEAP_MS;
	if (chance(r->timeout))
		time_out();
	if (chance(r->forget))
		forget_offsets();
	if (chance(r->move))
		move_offset();
	if (chance(r->shorten))
		shorten_or_restore();
	if (chance(r->leaderless))
		broker_lose_leaders();
	if (chance(r->refuse))
		let_topics_take_all();
}

/* What happens in every schedule, whether there is trouble or not. */
static void move_world(void)
{
	enum { SEND = 100, MARK = 150, LATE = 100, START = 50 };

	if (chance(SEND))
		send_commands();
	if (chance(MARK))
		(void)broker_write_marker();
	if (chance(LATE))
		arrive_late();
	if (chance(LATE))
		redis_read_late();
	if (chance(START))
		start_one();
}

/* ---- a schedule ---- */

/* One half of the kinds of trouble never come, the others at a rate of up to `max`. */
static unsigned draw_rate(unsigned max)
{
	return chance(500) ? 0 : 1 + draw(max);
}

static void draw_rates(void)
{
	static const unsigned wanders[] = { 10, 50, 200, 600 };

	schedule.rates = (struct rates){
		.wander = wanders[draw(4)],
		.redis_breaks = draw_rate(60),
		.redis_full = draw_rate(40),
		.kafka_fails = draw_rate(60),
		.commit_fails = draw_rate(300),
		.refuse = draw_rate(60),
		.kill = draw_rate(20),
		.freeze = draw_rate(30),
		.leave = draw_rate(10),
		.expire = draw_rate(20),
		.lose = draw_rate(60),
		.leap = draw_rate(20),
		.timeout = draw_rate(20),
		.forget = draw_rate(5),
		.move = draw_rate(10),
		.shorten = draw_rate(20),
		.leaderless = draw_rate(20),
	};
	schedule.calm = schedule.calm && !schedule.rates.freeze && !schedule.rates.expire &&
			!schedule.rates.kafka_fails && !schedule.rates.shorten;
}

/* The processes' and the brokers' clock agree, or one of them is ahead. */
static int64_t draw_lag(void)
{
	enum { MAX_MS = 5000 };

	return chance(500) ? 0 : (int64_t)draw(2 * MAX_MS) - MAX_MS;
}

static void run_with_trouble(unsigned more)
{
	unsigned turns = TURNS_LEAST + draw(more);

	for (unsigned i = 0; i < turns; i++) {
		move_world();
		cause_trouble();
		(void)threads_turn();
	}
}

/* Moves the time on until all that expires has expired, by both clocks. */
static void pass_expiries(void)
{
	int64_t lag_ms = schedule.lag_ms > 0 ? schedule.lag_ms : 0;

	if (model.last_expiry + lag_ms >= schedule.now_ms)
		schedule.now_ms = model.last_expiry + lag_ms + 1;
}

/* What a person is asked to do. */
static void correct_offsets(void)
{
	if (broker.moved)
		forget_offsets();
	broker.moved = false;
}

static void heal(void)
{
	unsigned wander = schedule.rates.wander;

	trace("everything heals");
	schedule.rates = (struct rates){ .wander = wander };
	memset(broker.hidden, 0, sizeof(broker.hidden));
	correct_offsets();
	for (int i = 0; i < PROCESSES; i++) {
		if (!processes[i].alive)
			broker_leave(i);
		if (!processes[i].alive && broker_has_orphans(processes[i].instance))
			process_start(&processes[i]); /* nobody else can abort them */
		processes[i].frozen = false;
	}
	for (int i = 0; i < PARTITIONS; i++)
		while (model.left[i])
			model_send(i);
	pass_expiries();
}

static bool is_anybody_there(void)
{
	for (int i = 0; i < PROCESSES; i++)
		if (processes[i].alive && !processes[i].stop)
			return true;
	return false;
}

static bool is_anything_queued(void)
{
	for (int i = 0; i < PROCESSES; i++)
		if (processes[i].alive && processes[i].queued)
			return true;
	return false;
}

static bool is_settled(void)
{
	return model_is_quiet() && !is_anything_queued() && is_index_settled() &&
	       is_bus_settled() && !broker_has_open_logs();
}

/* The broker aborts what dead processes have left open. */
static void end_abandoned(void)
{
	struct transaction *t = broker_open_transaction();
	enum { CHANCE = 20 };

	if (t && chance(CHANCE))
		time_out();
}

static void turn_without_trouble(void)
{
	if (!is_anybody_there())
		start_one();
	move_world();
	end_abandoned();
	correct_offsets();
	(void)threads_turn();
}

/* One partition cannot go on. The other one must. */
static void settle_other(int held)
{
	int other = (held + 1) % PARTITIONS;
	int turns = 0;

	while (model.left[other] || !is_partition_applied(other) ||
	       !is_partition_committed(other)) {
		if (turns++ == TURNS_BESIDE)
			broken_promise("partition %d waits for %d", other, held);
		if (model.left[other])
			model_send(other);
		turn_without_trouble();
	}
}

/* A topic still refuses what one partition has to tell, which is no concern of the others. */
static void settle_beside(int refused)
{
	trace("      a topic refuses the outputs of %d", refused);
	let_topics_take_all();
	broker.refused[refused] = true;
	settle_other(refused);
}

static void settle(void)
{
	int64_t since_ms = schedule.now_ms; /* a process may be about to do something */

	for (int i = 0; i < TURNS_TO_SETTLE && schedule.now_ms - since_ms < CALM_MS; i++) {
		turn_without_trouble();
		if (!is_settled())
			since_ms = schedule.now_ms;
	}
	if (schedule.now_ms - since_ms < CALM_MS)
		broken_promise(
			"it does not settle: %lld of %zu and %lld of %zu are committed, and %s",
			(long long)broker.committed[0], model.count[0],
			(long long)broker.committed[1], model.count[1],
			model_is_quiet() ? "no grant is stale" : "stale grants stay");
}

/* Has all processes end, which must not change anything. */
static void stop_all(void)
{
	bool alive = true;

	broker.closed = true; /* a process that was asleep may try to send one more removal */
	for (int i = 0; i < PROCESSES; i++)
		processes[i].stop = 1;
	for (int i = 0; alive && i < TURNS_TO_SETTLE; i++) {
		(void)threads_turn();
		(void)broker_write_marker();
		alive = false;
		for (int j = 0; j < PROCESSES; j++)
			alive = alive || processes[j].alive;
	}
	if (alive)
		broken_promise("a process does not stop");
}

/* Written if the program crashes. */
static char crashed[80];

/* Trouble for a while, then none. At the end every promise must have been kept. */
static void run_until_settled(unsigned more)
{
	draw_rates();
	run_with_trouble(more);
	heal();
	if (chance(REFUSE_CHANCE))
		settle_beside((int)draw(PARTITIONS));
	let_topics_take_all();
	settle();
	check_index();
	check_bus();
	model_check_once();
}

/* Deletes a user or the group, while processes run or while none does. */
static void delete_somebody(void)
{
	int subject = (int)draw(SUBJECTS);

	for (int i = 0, all = chance(300); all && i < PROCESSES; i++)
		if (processes[i].alive)
			process_kill(&processes[i]);
	trace("      subject %d is deleted", subject);
	model_delete(subject);
}

/*
 * Redis loses single keys, of which no connection and no mark tells. It happens
 * while nothing else does: a command on a workspace whose key is gone is rejected
 * until the loss has been found.
 */
static void lose_keys(void)
{
	for (unsigned i = 1 + draw(3); i > 0; i--)
		check_lose_key((int)draw(PARTITIONS));
	settle();
	check_index();
	check_bus();
}

static void kill_some(unsigned in_1000)
{
	for (int i = 0; i < PROCESSES; i++) {
		if (!processes[i].alive || !chance(in_1000))
			continue;
		process_kill(&processes[i]);
		broker_leave(i);
	}
}

static void pass_ms(int64_t ms)
{
	int64_t until = schedule.now_ms + ms;

	while (schedule.now_ms < until)
		turn_without_trouble();
}

/*
 * The directory is lost, and filled again in two pieces. Those who start
 * meanwhile find grants of subjects that they have never heard of.
 */
static void lose_directory(void)
{
	trace("      the directory is lost");
	model_fill_directory(DIRECTORY_EMPTY);
	kill_some(chance(500) ? 1000 : 300);
	pass_ms(SURVEYED_MS);
	trace("      half of the directory is back");
	model_fill_directory(DIRECTORY_HALF);
	pass_ms(SURVEYED_MS);
	trace("      the directory is back");
	model_fill_directory(DIRECTORY_WHOLE);
	pass_ms(SURVEYED_MS);
	settle();
	check_index();
	check_bus();
}

/*
 * A partition's log is restored from an older copy, and written to. That is no
 * concern of the other partition. Then a person accepts it.
 */
static void replace_log(void)
{
	int p = (int)draw(PARTITIONS);

	broker_replace_log(p);
	model_replace_log(p);
	check_replace_log(p);
	trace("      another log of %d ends at %lld", p, (long long)broker_end(p));
	model.left[(p + 1) % PARTITIONS] += draw(3);
	kill_some(300);
	pass_ms(1000 + draw(FOREIGN_LOG_MS));
	settle_other(p);
	check_silence(p);
	trace("      it is accepted");
	processes_accept_log(true);
	kill_some(1000);
	settle();
	check_index();
	check_bus();
	processes_accept_log(false);
	kill_some(1000);
}

static void run_schedule(uint64_t seed)
{
	(void)snprintf(crashed, sizeof(crashed), "seed %llu: the program crashed\n",
		       (unsigned long long)seed);
	schedule.seed = seed;
	schedule.dice = seed;
	schedule.now_ms = 1000000;
	world_empty();
	store_begin();
	redis_begin();
	broker_begin();
	check_begin();
	schedule.lag_ms = draw_lag();
	schedule.calm = true;
	model_begin();
	process_start(&processes[0]);
	run_until_settled(TURNS_MORE);
	if (chance(LOSE_KEYS_CHANCE))
		lose_keys();
	if (chance(REPLACE_LOG_CHANCE) && !model.busy) {
		replace_log();
		run_until_settled(TURNS_MORE / 4);
	}
	if (chance(LOSE_DIRECTORY_CHANCE))
		lose_directory();
	if (chance(DELETE_CHANCE)) {
		delete_somebody();
		run_until_settled(TURNS_MORE / 4);
	}
	stop_all();
	check_index();
	check_bus();
}

/* ---- all of them ---- */

static uint64_t setting(const char *name, uint64_t fallback)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : fallback;
}

/* An assertion has failed, or worse. Whoever looks into it needs the seed. */
static void on_crash(int number)
{
	(void)number;
	if (write(STDOUT_FILENO, crashed, strlen(crashed)) < 0)
		_exit(2);
	_exit(1);
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(void)
{
	uint64_t first = setting("SHAREBUS_SIMULATION_FIRST", 1);
	uint64_t count = setting("SHAREBUS_SIMULATION_SCHEDULES", SCHEDULES_DEFAULT);
	uint64_t one = setting("SHAREBUS_SIMULATION_SEED", 0);
	double begin = seconds();

#ifdef __SANITIZE_THREAD__
	(void)printf("skipped: ThreadSanitizer does not see threads on stacks of our own\n");
	return 77;
#endif
	(void)signal(SIGABRT, on_crash);
	(void)signal(SIGSEGV, on_crash);
	log_set_level(one ? LOG_LEVEL_INFO : LOG_LEVEL_ERROR);
	model_open();
	processes_open();
	schedule.traced = one != 0;
	if (one)
		run_schedule(one);
	for (uint64_t i = 0; !one && i < count; i++)
		run_schedule(first + i);
	(void)printf("%llu schedules, %.0f per second\n", (unsigned long long)(one ? 1 : count),
		     (double)(one ? 1 : count) / (seconds() - begin));
	processes_close();
	model_close();
	return 0;
}
