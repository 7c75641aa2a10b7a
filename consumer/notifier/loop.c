#include "consumer/notifier/loop.h"

#include "ops/support/log.h"

#include <stdio.h>

enum {
	FETCH_MAX = 500, /* records of one turn */
	COMMIT_EVERY_MS = 200,
};

/* ---- the stages of a turn ---- */

static int follow_directory(struct notifier *n, const struct now *now, struct error *err)
{
	(void)now;
	return follower_poll(n->follower, 0, err);
}

static int64_t directory_due(const struct notifier *n, int64_t now_ms)
{
	(void)now_ms;
	return follower_has_more(n->follower) ? 0 : INT64_MAX;
}

/* Until the brokers have taken what is to be written, nothing more is begun: see ledger_is_full(). */
static void tell_crowded(struct notifier *n)
{
	struct error why = { 0 };

	(void)error_set(&why, ERROR_UNAVAILABLE,
			"%zu records for %s are not written yet; nothing more is sent to "
			"endpoints until the brokers have taken them",
			ledger_pending(n->ledger), topic_name(TOPIC_DELIVERIES));
	log_warn_seldom("the ledger is full", "%s", why.text);
	notifier_note_trouble(n, &why);
}

/* What is owed is read before anything new is sent. */
static int read_ledger(struct notifier *n, const struct now *now, struct error *err)
{
	int rc = 0;

	(void)now;
	if (n->given && !n->following)
		rc = ledger_follow(n->ledger, n->owned, n->owned_count, err);
	if (rc)
		return rc;
	n->following = n->given;
	rc = ledger_step(n->ledger, err);
	if (ledger_is_full(n->ledger))
		tell_crowded(n);
	return rc;
}

static int64_t ledger_due(const struct notifier *n, int64_t now_ms)
{
	(void)now_ms;
	return n->given && !n->following ? 0 : INT64_MAX;
}

static int carry_parcels(struct notifier *n, const struct now *now, struct error *err)
{
	(void)err;
	carrier_step(n->carrier, now);
	return 0;
}

/* Names and addresses come from the directory, and what is owed from the ledger. */
static bool is_ready(const struct notifier *n)
{
	return n->following && ledger_is_loaded(n->ledger) && follower_is_complete(n->follower) &&
	       !follower_trouble(n->follower)->code;
}

static int take_record(struct notifier *n, enum topic topic, const struct message *m,
		       const struct now *now, struct error *err)
{
	struct tally *t;
	struct debt *debt;
	int rc;

	t = &n->tallies[notifier_topic_index(topic)][m->partition];
	if (m->offset < t->next) /* fetched before the partition was given anew */
		return 0;
	debt = tally_begin(t, m->offset);
	rc = dispatch_take(n->dispatch, m, debt, now, err);
	debt_pay(debt);
	return rc;
}

/* Polls in any case: that keeps the membership. */
static int fetch_records(struct notifier *n, const struct now *now, struct error *err)
{
	int rc = 0;
	int taken = 0;

	n->has_more = false;
	source_pause(n->source,
		     !is_ready(n) || dispatch_is_full(n->dispatch) || ledger_is_full(n->ledger));
	while (!rc && taken++ < FETCH_MAX) {
		enum topic topic = TOPIC_NOTIFICATIONS;
		struct message m;
		enum sourced got = source_poll(n->source, &topic, &m);

		if (got == SOURCED_NOTHING)
			return 0;
		if (got == SOURCED_END)
			tally_reach(&n->tallies[notifier_topic_index(topic)][m.partition],
				    m.offset);
		if (got != SOURCED_RECORD)
			continue;
		rc = take_record(n, topic, &m, now, err);
		message_done(&m);
	}
	n->has_more = true;
	return rc;
}

static int64_t fetch_due(const struct notifier *n, int64_t now_ms)
{
	(void)now_ms;
	return n->has_more ? 0 : INT64_MAX;
}

static int send_due(struct notifier *n, const struct now *now, struct error *err)
{
	return is_ready(n) ? dispatch_step(n->dispatch, now, err) : 0;
}

static int64_t sending_due(const struct notifier *n, int64_t now_ms)
{
	return is_ready(n) && !ledger_is_full(n->ledger) ? dispatch_due_ms(n->dispatch, now_ms)
							 : INT64_MAX;
}

static int commit_offsets(struct notifier *n, const struct now *now, struct error *err)
{
	(void)err;
	if (now->monotonic_ms - n->commit_ms < COMMIT_EVERY_MS)
		return 0;
	n->commit_ms = now->monotonic_ms;
	notifier_commit(n);
	return 0;
}

static int64_t commit_due(const struct notifier *n, int64_t now_ms)
{
	(void)now_ms;
	return n->commit_ms + COMMIT_EVERY_MS;
}

static int tell_people(struct notifier *n, const struct now *now, struct error *err)
{
	const struct dispatch_counts c = dispatch_counts(n->dispatch);
	char text[SUPERVISOR_STATUS_SIZE];

	(void)err;
	supervisor_ping(n->supervisor, now->monotonic_ms);
	if (!is_ready(n)) {
		supervisor_status(n->supervisor, "reads the directory and what is owed");
		return 0;
	}
	(void)snprintf(text, sizeof(text), "%zu of %d partitions, %llu delivered, %llu dead",
		       n->owned_count, n->deployment.partitions, (unsigned long long)c.delivered,
		       (unsigned long long)c.dead);
	supervisor_status(n->supervisor, text);
	supervisor_ready(n->supervisor);
	return 0;
}

static int64_t tell_due(const struct notifier *n, int64_t now_ms)
{
	(void)now_ms;
	return supervisor_due_ms(n->supervisor);
}

/* What `sharebus status` shows; a turn that comes so far has no trouble of its own. */
static int report_work(struct notifier *n, const struct now *now, struct error *err)
{
	(void)err;
	notifier_report(n, now);
	return 0;
}

static int64_t reporting_due(const struct notifier *n, int64_t now_ms)
{
	(void)now_ms;
	return n->owned_count ? report_due_ms(n->report) : INT64_MAX;
}

/* ---- the loop ---- */

/* due() says when the stage has something to do even if nothing arrives; 0: at once. */
struct stage_of_notifier {
	const char *name;
	int (*run)(struct notifier *n, const struct now *now, struct error *err);
	int64_t (*due)(const struct notifier *n, int64_t now_ms);
};

static const struct stage_of_notifier stages[] = {
	{ "follow", follow_directory, directory_due },
	{ "ledger", read_ledger, ledger_due },
	{ "carry", carry_parcels, NULL },
	{ "fetch", fetch_records, fetch_due },
	{ "send", send_due, sending_due },
	{ "commit", commit_offsets, commit_due },
	{ "tell", tell_people, tell_due },
	{ "report", report_work, reporting_due },
};
enum { STAGE_COUNT = sizeof(stages) / sizeof(stages[0]) };
_Static_assert((int)STAGE_COUNT <= (int)STAGES_MAX, "STAGES_MAX is too small");

static void name_stages(struct notifier *n)
{
	n->stages.count = STAGE_COUNT;
	for (size_t i = 0; i < STAGE_COUNT; i++)
		n->stages.list[i].name = bytes_of(stages[i].name);
}

/*
 * Runs all stages once, in order. What is unavailable to one of them does not keep the
 * others from their work: attempts go on, and polling keeps our membership of the group.
 * Returns the first error; any other one ends the turn.
 */
static int run_turn(struct notifier *n, struct error *err)
{
	const struct now now = clock_now();
	int64_t begin_us = clock_monotonic_us();
	int rc = 0;

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		struct error why = { 0 };
		int failed = stages[i].run(n, &now, &why);
		int64_t end_us = clock_monotonic_us();

		stages_count(&n->stages.list[i], end_us - begin_us);
		begin_us = end_us;
		if (!failed)
			continue;
		log_debug("the stage %s: %s", stages[i].name, why.text);
		if (!rc || failed != ERROR_UNAVAILABLE) {
			rc = failed;
			*err = why;
		}
		if (failed != ERROR_UNAVAILABLE)
			break;
	}
	return rc;
}

static void wait_for_work(struct notifier *n)
{
	int64_t now_ms = clock_monotonic_ms();
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < STAGE_COUNT; i++) {
		int64_t due = stages[i].due ? stages[i].due(n, now_ms) : INT64_MAX;

		earliest = due < earliest ? due : earliest;
	}
	carrier_wait(n->carrier, earliest);
}

static void finish_work(struct notifier *n)
{
	struct dispatch_counts c;

	supervisor_stopping(n->supervisor);
	source_close(&n->source);
	c = dispatch_counts(n->dispatch);
	log_info("stopped after %llu records: %llu delivered, %llu attempts failed, %llu dead",
		 (unsigned long long)c.records, (unsigned long long)c.delivered,
		 (unsigned long long)c.failed, (unsigned long long)c.dead);
}

int notifier_run(struct notifier *n, struct error *err)
{
	unsigned attempt = 0;
	int rc = 0;

	name_stages(n);
	while (!*n->stop) {
		rc = run_turn(n, err);
		if (!rc) {
			attempt = 0;
			if (!ledger_is_full(n->ledger))
				n->trouble_ms = 0;
			wait_for_work(n);
			continue;
		}
		if (rc != ERROR_UNAVAILABLE || *n->stop)
			break;
		notifier_wait(n, attempt++, err);
		n->has_more = true;
	}
	finish_work(n);
	return rc == ERROR_UNAVAILABLE ? 0 : rc;
}
