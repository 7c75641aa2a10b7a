#include "producer/operator/trial.h"

#include "ops/support/clock.h"
#include "producer/ids.h"
#include "producer/operator/inside.h"
#include "producer/operator/ledger.h"
#include "producer/operator/topic_reader.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

enum {
	TRIAL_PARTITION = 0,
	PAUSE_MS = 100,
	SEEN_WAIT_MS = 10000, /* with --no-wait */
};

/* ---- what is delivered ---- */

/* Is it told of handoffs alone? The defaults are the notifier's. */
static bool takes_handoffs_alone(const struct session *s, const char *endpoint)
{
	const char *topics = config_endpoint_get(s->config, endpoint, "topics");
	const char *profile = config_endpoint_get(s->config, endpoint, "profile");

	if (topics)
		return strcmp(topics, "handoffs") == 0;
	return profile &&
	       (strcmp(profile, "a2a-push") == 0 || strcmp(profile, "coder-automation") == 0);
}

static struct workspace_ref trial_workspace(const struct uuid *id, const struct uuid *me)
{
	return (struct workspace_ref){ *id, bytes_of("test"), *me, *id };
}

/* It names a task, which some profiles ask for. */
static void fill_handoff(struct handoff_changed *out, struct task *task, const struct uuid *id,
			 const struct uuid *me, struct bytes text)
{
	const struct actor actor = { *me, ACTOR_USER };

	*task = (struct task){ .system = TASK_A2A, .id = bytes_of("test") };
	*out = (struct handoff_changed){
		.handoff_id = *id,
		.step = 1,
		.state = HANDOFF_OFFERED,
		.kind = HANDOFF_REVIEW,
		.workspace = trial_workspace(id, me),
		.offered_by = actor,
		.to = { SUBJECT_USER, *me },
		.actor = actor,
		.summary = text,
		.task = task,
		.role = ROLE_USE,
		.expires_at = ABSENT,
		.command_id = *id,
		.at = clock_unix_ms(),
	};
}

static void fill_notification(struct notification *out, const struct uuid *id,
			      const struct uuid *me, struct bytes event_id, struct bytes text)
{
	*out = (struct notification){
		.recipient_id = *me,
		.kind = NOTIFY_OWNER_NOTICE,
		.title = bytes_of("A test of sharebus"),
		.body = text,
		.body_markdown = text,
		.actor = { *me, ACTOR_USER },
		.workspace = trial_workspace(id, me),
		.expires_at = ABSENT,
		.handoff_step = ABSENT,
		.event_id = event_id,
		.at = clock_unix_ms(),
	};
}

/* The delivery and what it tells live in the session's arena. */
static int make_delivery(struct session *s, const char *endpoint, struct delivery *out,
			 struct error *err)
{
	const struct uuid me = uuid_of(&s->me);
	struct bytes text =
		arena_printf(&s->arena,
			     "This is a test of the endpoint %s: nothing has happened, and "
			     "there is nothing to do.",
			     endpoint);
	struct uuid id;

	if (uuid_v7(&id, clock_unix_ms()))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the kernel has no randomness for a new id; try again");
	*out = (struct delivery){
		.endpoint = bytes_of(endpoint),
		.id = arena_printf(&s->arena, "test-%s", text_of(id_text(&s->arena, &id))),
		.state = DELIVERY_WAITING,
		.next_at = clock_unix_ms(),
		.last_at = ABSENT,
		.since = clock_unix_ms(),
	};
	if (takes_handoffs_alone(s, endpoint)) {
		out->handoff = arena_alloc(&s->arena, sizeof(*out->handoff));
		fill_handoff(out->handoff, arena_alloc(&s->arena, sizeof(struct task)), &id, &me,
			     text);
	} else {
		out->notification = arena_alloc(&s->arena, sizeof(*out->notification));
		fill_notification(out->notification, &id, &me, out->id, text);
	}
	return 0;
}

/* ---- what comes of it ---- */

static void take_state(struct trial *out, struct session *s, const struct rd_kafka_message_s *m)
{
	const struct ledger_entry e = { "", { m->partition, m->offset }, { m->payload, m->len } };
	struct error err = { 0 };
	struct record r;

	if (!m->payload) {
		out->end = TRIAL_ARRIVED;
		return;
	}
	if (ledger_decode(s, &e, &s->arena, &r, &err) || r.type != RECORD_DELIVERY ||
	    !r.as.delivery.last_error.data)
		return;
	out->end = TRIAL_FAILED;
	out->why = arena_copy(&s->arena, r.as.delivery.last_error);
}

/* Reads on to the end, or to what says how it went. */
static int look_on(struct trial *out, struct session *s, struct topic_reader *r, const char *key,
		   struct error *err)
{
	const struct rd_kafka_message_s *m = NULL;
	int rc = topic_reader_next(r, &m, err);

	while (!rc && m && out->end == TRIAL_UNSEEN) {
		const struct bytes is = { m->key, m->key_len };

		if (bytes_equal_text(is, key))
			take_state(out, s, m);
		if (out->end == TRIAL_UNSEEN)
			rc = topic_reader_next(r, &m, err);
	}
	return rc;
}

static int watch_delivery(struct trial *out, struct session *s, const char *key,
			  const struct position *at, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + (s->wait_ms ? s->wait_ms : SEEN_WAIT_MS);
	struct topic_reader *r = NULL;
	int rc = topic_reader_open(&r, s, TOPIC_DELIVERIES, "deliveries", err);

	if (!rc)
		rc = topic_reader_seek(r, at, err);
	while (!rc && out->end == TRIAL_UNSEEN && clock_monotonic_ms() < deadline_ms) {
		rc = look_on(out, s, r, key, err);
		if (rc || out->end != TRIAL_UNSEEN)
			break;
		clock_pause_ms(PAUSE_MS);
		rc = topic_reader_extend(r, err);
	}
	topic_reader_close(&r);
	return rc;
}

int trial_run(struct trial *out, struct session *s, const char *endpoint, struct error *err)
{
	struct trial found = { .end = TRIAL_UNSEEN };
	struct record r = { .type = RECORD_DELIVERY };
	struct error later = { 0 };
	struct position at;
	const char *key;
	int rc = session_me(s, err);

	if (!rc)
		rc = inside_open_bus(s, err);
	if (!rc)
		rc = make_delivery(s, endpoint, &r.as.delivery, err);
	if (rc)
		return rc;
	key = text_of(arena_printf(&s->arena, "%s/%s", endpoint, text_of(r.as.delivery.id)));
	rc = ledger_write(s, key, &r, TRIAL_PARTITION, &at, err);
	if (rc)
		return rc;
	rc = watch_delivery(&found, s, key, &at, err);
	if (found.end != TRIAL_ARRIVED && ledger_write(s, key, NULL, TRIAL_PARTITION, &at, &later))
		return rc ? rc : error_set(err, later.code, "%s", later.text);
	if (!rc)
		*out = found;
	return rc;
}
