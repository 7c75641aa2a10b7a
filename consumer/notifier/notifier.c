#include "consumer/notifier/notifier.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_FIRST_MS = 50, WAIT_MAX_MS = 5000, WAIT_DOUBLINGS = 7, DRAIN_STEP_MS = 20 };

size_t notifier_topic_index(enum topic topic)
{
	return topic == TOPIC_HANDOFFS;
}

enum topic notifier_topic(size_t index)
{
	return index ? TOPIC_HANDOFFS : TOPIC_NOTIFICATIONS;
}

/* ---- offsets ---- */

void notifier_commit(struct notifier *n)
{
	for (size_t t = 0; t < NOTIFIER_TOPICS; t++) {
		for (size_t i = 0; i < n->owned_count; i++) {
			int partition = n->owned[i];
			int64_t settled = tally_settled(&n->tallies[t][partition]);

			if (settled < 0 || settled == n->committed[t][partition])
				continue;
			source_commit(n->source, notifier_topic(t), partition, settled);
			n->committed[t][partition] = settled;
		}
	}
}

static void forget_offsets(struct notifier *n)
{
	for (size_t t = 0; t < NOTIFIER_TOPICS; t++) {
		for (int i = 0; i < PARTITIONS_MAX; i++) {
			tally_done(&n->tallies[t][i]);
			n->committed[t][i] = -1;
		}
	}
}

/* ---- when partitions change hands ---- */

static void on_given(void *context, const int *partitions, size_t count)
{
	struct notifier *n = context;

	memcpy(n->owned, partitions, count * sizeof(*partitions));
	n->owned_count = count;
	n->given = true;
	n->following = false;
	log_info("the group assigns us %zu of %d partitions", count, n->deployment.partitions);
}

/* What is on its way may still arrive, so that the next owner need not send it again. */
static void drain_attempts(struct notifier *n)
{
	int64_t deadline_ms = clock_monotonic_ms() + NOTIFIER_DRAIN_MS;

	while (carrier_moving(n->carrier) && clock_monotonic_ms() < deadline_ms) {
		const struct now now = clock_now();

		carrier_wait(n->carrier, now.monotonic_ms + DRAIN_STEP_MS);
		carrier_step(n->carrier, &now);
	}
}

static void on_taken(void *context, bool lost)
{
	struct notifier *n = context;

	if (!lost && n->given) {
		drain_attempts(n);
		dispatch_keep(n->dispatch);
		ledger_flush(n->ledger, clock_monotonic_ms() + NOTIFIER_FLUSH_MS);
		notifier_commit(n);
		source_commit_all(n->source);
	}
	carrier_abort(n->carrier);
	dispatch_forget(n->dispatch);
	ledger_forget(n->ledger);
	forget_offsets(n);
	n->owned_count = 0;
	n->given = false;
	n->following = false;
	if (lost)
		log_warn("all partitions are lost: the group has moved on without us");
}

static void on_owed(void *context, int partition, struct bytes key, const struct delivery *is)
{
	struct notifier *n = context;

	dispatch_owe(n->dispatch, partition, key, is);
}

static void on_changed(void *context, const struct endpoint_changed *c)
{
	struct notifier *n = context;

	dispatch_change(n->dispatch, c);
}

static void on_carried(void *context, struct parcel *p, const struct carried *c)
{
	struct notifier *n = context;

	dispatch_settle(n->dispatch, p, c);
}

/* ---- what people are shown ---- */

static int lowest_owned(const struct notifier *n)
{
	int lowest = n->owned[0];

	for (size_t i = 1; i < n->owned_count; i++)
		lowest = n->owned[i] < lowest ? n->owned[i] : lowest;
	return lowest;
}

static void describe_endpoints(struct notifier *n, const struct now *now,
			       struct notifier_report *what)
{
	what->endpoint_count = n->endpoints.count;
	what->endpoints = memory_zalloc(n->endpoints.count + 1, sizeof(*what->endpoints));
	for (size_t i = 0; i < n->endpoints.count; i++)
		report_lane(dispatch_lane(n->dispatch, i), now, &what->endpoints[i]);
}

void notifier_report(struct notifier *n, const struct now *now)
{
	struct notifier_report what = {
		.instance = bytes_of(config_get(n->config, "instance")),
		.group = bytes_of(source_group(n->source)),
		.written_ms = now->unix_ms,
		.uptime_ms = now->monotonic_ms - n->started_ms,
		.trouble_ms = n->trouble_ms,
		.trouble = bytes_of(n->trouble_ms ? n->trouble.text : ""),
		.stages = n->stages,
	};
	struct dispatch_counts c;

	if (!n->owned_count || !n->dispatch || now->monotonic_ms < report_due_ms(n->report))
		return;
	c = dispatch_counts(n->dispatch);
	what.records = (int64_t)c.records;
	what.delivered = (int64_t)c.delivered;
	what.failed = (int64_t)c.failed;
	what.dead = (int64_t)c.dead;
	describe_endpoints(n, now, &what);
	report_send(n->report, lowest_owned(n), &what, now->monotonic_ms);
	free(what.endpoints);
}

void notifier_note_trouble(struct notifier *n, const struct error *why)
{
	if (!n->trouble_ms)
		n->trouble_ms = clock_unix_ms();
	n->trouble = *why;
}

void notifier_wait(struct notifier *n, unsigned attempt, const struct error *why)
{
	int wait_ms = attempt < WAIT_DOUBLINGS ? WAIT_FIRST_MS << attempt : WAIT_MAX_MS;
	int64_t deadline_ms = clock_monotonic_ms() + wait_ms;

	log_warn_seldom(why->text, "waiting: %s", why->text);
	supervisor_status(n->supervisor, why->text);
	notifier_note_trouble(n, why);
	while (!*n->stop && clock_monotonic_ms() < deadline_ms) {
		const struct now now = clock_now();

		supervisor_ping(n->supervisor, now.monotonic_ms);
		if (!n->dispatch) {
			waker_wait(n->waker, deadline_ms);
			continue;
		}
		notifier_report(n, &now);
		carrier_wait(n->carrier, deadline_ms);
		carrier_step(n->carrier, &now);
	}
}

/* ---- opening ---- */

static int learn_deployment(struct notifier *n, struct error *err)
{
	unsigned attempt = 0;
	int rc = source_deployment(n->source, &n->deployment, err);

	while (rc == ERROR_UNAVAILABLE && !*n->stop) {
		notifier_wait(n, attempt++, err);
		rc = source_deployment(n->source, &n->deployment, err);
	}
	(void)snprintf(n->source_name, sizeof(n->source_name), "sharebus/%s/%s",
		       n->deployment.cluster, topic_name(TOPIC_COMMANDS));
	return rc;
}

/* Only where signatures are required is anything checked here, by the keys of the consumers. */
static int open_signing(struct notifier *n, struct error *err)
{
	const char *required = config_get(n->config, "require-signatures");
	int rc;

	if (strcmp(required, "yes") != 0 && strcmp(required, "no") != 0) {
		(void)error_set(err, ERROR_INPUT,
				"require-signatures is \"%s\"; it must be yes or no", required);
		return config_blame(n->config, "require-signatures", err);
	}
	if (strcmp(required, "no") == 0)
		return 0;
	rc = signing_open(&n->signing, n->config, err);
	if (rc)
		return rc;
	if (!n->signing)
		return error_set(err, ERROR_USAGE,
				 "require-signatures is yes, but there are no keys; see keys-file");
	n->signing->required = true;
	return 0;
}

static bool has_kind(const struct endpoints *e, enum endpoint_kind kind)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->list[i].kind == kind)
			return true;
	return false;
}

static int open_endpoints(struct notifier *n, struct error *err)
{
	int rc = endpoints_read(&n->endpoints, n->config, err);

	if (!rc && !n->endpoints.count)
		rc = error_set(err, ERROR_USAGE,
			       "there are no endpoints: the configuration has no section "
			       "[endpoint NAME]; see sharebus.conf(5)");
	if (!rc && has_kind(&n->endpoints, ENDPOINT_SMTP) && !config_get(n->config, "access-url"))
		log_warn("access-url is not set, so links in mails lead nowhere");
	return rc;
}

static int open_follower(struct notifier *n, struct error *err)
{
	int rc = follower_open(&n->follower, n->config, n->codec, NULL, n->waker, err);

	if (!rc)
		follower_trust(n->follower, n->signing);
	return rc;
}

static int open_ledger(struct notifier *n, struct error *err)
{
	const struct ledger_owner owner = { n, on_owed, on_changed };

	return ledger_open(&n->ledger, n->config, n->codec, &owner, n->waker, err);
}

static int open_carrier(struct notifier *n, struct error *err)
{
	const struct carrier_options o = { .config = n->config,
					   .codec = n->codec,
					   .directory = follower_directory(n->follower),
					   .source = n->source_name,
					   .partitions = n->deployment.partitions,
					   .inbox = has_kind(&n->endpoints, ENDPOINT_INBOX),
					   .waker = n->waker,
					   .done = on_carried,
					   .context = n };

	return carrier_open(&n->carrier, &o, err);
}

static int open_parts(struct notifier *n, struct error *err)
{
	const struct source_owner owner = { n, on_given, on_taken };
	int rc = open_endpoints(n, err);

	if (!rc)
		rc = open_signing(n, err);
	if (!rc)
		rc = codec_new(&n->codec, err);
	if (!rc)
		rc = source_open(&n->source, n->config, &owner, n->waker, err);
	if (!rc)
		rc = learn_deployment(n, err);
	if (!rc)
		rc = open_follower(n, err);
	if (!rc)
		rc = open_ledger(n, err);
	if (!rc)
		rc = open_carrier(n, err);
	if (!rc)
		rc = report_open(&n->report, n->config, n->waker, err);
	if (rc)
		return rc;
	n->dispatch = dispatch_new(&(struct dispatch_options){ .endpoints = &n->endpoints,
							       .codec = n->codec,
							       .follower = n->follower,
							       .carrier = n->carrier,
							       .ledger = n->ledger });
	return source_join(n->source, err);
}

int notifier_open(struct notifier **out, const struct config *config,
		  const volatile sig_atomic_t *stop, const struct waker *waker,
		  struct supervisor *supervisor, struct error *err)
{
	struct notifier *n = memory_zalloc(1, sizeof(*n));
	int rc;

	n->config = config;
	n->stop = stop;
	n->waker = waker;
	n->supervisor = supervisor;
	n->started_ms = clock_monotonic_ms();
	forget_offsets(n);
	rc = open_parts(n, err);
	if (rc)
		notifier_close(&n);
	else
		*out = n;
	return rc;
}

/* The source closes first: leaving the group calls on_taken(), which uses the other parts. */
void notifier_close(struct notifier **np)
{
	struct notifier *n = *np;

	if (!n)
		return;
	source_close(&n->source);
	if (n->carrier)
		carrier_abort(n->carrier);
	report_close(&n->report);
	dispatch_free(&n->dispatch);
	carrier_close(&n->carrier);
	ledger_close(&n->ledger);
	follower_close(&n->follower);
	forget_offsets(n);
	codec_free(&n->codec);
	signing_close(&n->signing);
	endpoints_done(&n->endpoints);
	free(n);
	*np = NULL;
}
