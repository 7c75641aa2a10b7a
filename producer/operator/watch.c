/* sharebus watch: shows the records of the bus as they come, one line each. */

#include "ops/support/clock.h"
#include "ops/support/file.h"
#include "producer/bus.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/moment.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/inside.h"
#include "producer/operator/letters.h"
#include "producer/operator/record_json.h"

#include <assert.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	FLAG_STATE = 1,
	FLAG_SETTLED,
	FLAG_SINCE,
	FLAG_BEGINNING,
	POLL_MS = 100,
	KAFKA_WAIT_MS = 5000,
	SETTLE_PAUSE_MS = 5
};

const struct flag watch_flags[] = {
	{ "state", FLAG_STATE, "FILE",
	  "continue where FILE says, and store the position there at the end; a new FILE begins "
	  "now" },
	{ "settled", FLAG_SETTLED, NULL,
	  "wait until all that is applied is published, show it, and end" },
	{ "since", FLAG_SINCE, "1h|TIME",
	  "begin with what was so long ago: 1h, 2026-12-01T18:00Z" },
	{ "from-beginning", FLAG_BEGINNING, NULL, "begin with the oldest that the topics keep" },
	{ NULL, 0, NULL, NULL },
};

static const enum topic watched[] = { TOPIC_EVENTS, TOPIC_HANDOFFS, TOPIC_NOTIFICATIONS,
				      TOPIC_DEADLETTER };
enum { WATCHED = sizeof(watched) / sizeof(watched[0]) };

struct watch {
	struct session *session;
	rd_kafka_t *consumer;
	rd_kafka_t *asker;            /* reads uncommitted: it learns the real ends of logs */
	struct deployment deployment; /* of the bus */
	rd_kafka_topic_partition_list_t *at;  /* the next offset of each partition */
	rd_kafka_topic_partition_list_t *end; /* in the same order: where to stop; NULL: never */
	struct arena arena;                   /* of one record */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

/* ---- showing ---- */

static struct bytes name_of(struct watch *w, const struct uuid *id, enum subject_kind kind)
{
	struct error err;
	struct user_changed user = { 0 };
	struct group_changed group = { 0 };
	char text[UUID_TEXT_SIZE];

	if (kind == SUBJECT_USER &&
	    !lookup_users(inside_reader(w->session), id, 1, &w->arena, &user, &err) &&
	    user.username.data)
		return printable(user.username, &w->arena);
	if (kind == SUBJECT_GROUP &&
	    !lookup_groups(inside_reader(w->session), id, 1, &w->arena, &group, &err) &&
	    group.name.data)
		return printable(group.name, &w->arena);
	uuid_format(text, id);
	return arena_printf(&w->arena, "%s", text);
}

static const char *actor_of(struct watch *w, const struct actor *a)
{
	return a->kind == ACTOR_SYSTEM ? "the system"
				       : (const char *)name_of(w, &a->id, SUBJECT_USER).data;
}

/* Whoever has signed what an event is about, after its actor; "" if nobody has. */
static const char *signed_by(struct watch *w, struct bytes key)
{
	return key.data ? text_of(arena_printf(&w->arena, " (key %s)",
					       text_of(printable(key, &w->arena))))
			: "";
}

/* What becomes of the workspace itself; returns whether anything does. */
static bool show_workspace(struct watch *w, const struct sharing_changed *e)
{
	bool deleted = e->reason == REASON_WORKSPACE_DELETED && uuid_is_nil(&e->command_id);

	if (deleted)
		(void)printf(" deleted");
	if (!uuid_is_nil(&e->previous_owner_id))
		(void)printf(" owner %s -> %s",
			     (const char *)name_of(w, &e->previous_owner_id, SUBJECT_USER).data,
			     (const char *)name_of(w, &e->workspace.owner_id, SUBJECT_USER).data);
	return deleted || !uuid_is_nil(&e->previous_owner_id);
}

/* "erin/dev" */
static const char *workspace_of(struct watch *w, const struct workspace_ref *workspace)
{
	return text_of(arena_printf(&w->arena, "%s/%s",
				    text_of(name_of(w, &workspace->owner_id, SUBJECT_USER)),
				    text_of(printable(workspace->name, &w->arena))));
}

static void show_change(struct watch *w, const struct sharing_changed *e)
{
	bool goes_on;

	(void)printf("event         %s version %lld, by %s%s:", workspace_of(w, &e->workspace),
		     (long long)e->version, actor_of(w, &e->actor), signed_by(w, e->signed_by));
	goes_on = show_workspace(w, e);
	for (size_t i = 0; i < e->change_count; i++) {
		const struct change *c = &e->changes[i];

		(void)printf("%s %s %s %s -> %s", i || goes_on ? "," : "",
			     symbol_name(subject_kind_symbols, (int)c->subject.kind),
			     (const char *)name_of(w, &c->subject.id, c->subject.kind).data,
			     role_name(c->before), role_name(c->after));
	}
	(void)putchar('\n');
}

/* "handoff       erin/dev step 1 offered to alice, by claude: Ready for review" */
static void show_step(struct watch *w, const struct handoff_changed *h)
{
	struct bytes says = h->state == HANDOFF_OFFERED || !h->note.len ? h->summary : h->note;
	bool offered = h->state == HANDOFF_OFFERED;

	(void)printf("handoff       %s step %lld %s%s%s, by %s%s: %s\n",
		     workspace_of(w, &h->workspace), (long long)h->step,
		     symbol_name(handoff_state_symbols, (int)h->state), offered ? " to " : "",
		     offered ? text_of(name_of(w, &h->to.id, h->to.kind)) : "",
		     actor_of(w, &h->actor), signed_by(w, h->signed_by),
		     text_of(printable(says, &w->arena)));
}

static void show_record(struct watch *w, const struct record *r)
{
	const struct command_rejected *no = &r->as.command_rejected;
	const struct notification *n = &r->as.notification;

	if (r->type == RECORD_SHARING_CHANGED)
		show_change(w, &r->as.sharing_changed);
	else if (r->type == RECORD_HANDOFF_CHANGED)
		show_step(w, &r->as.handoff_changed);
	else if (r->type == RECORD_COMMAND_REJECTED)
		(void)printf("rejected      %s, by %s%s: %s\n",
			     (const char *)printable(no->code, &w->arena).data,
			     actor_of(w, &no->actor), signed_by(w, no->signed_by),
			     (const char *)printable(no->message, &w->arena).data);
	else if (r->type == RECORD_NOTIFICATION)
		(void)printf("notification  to %s: %s\n",
			     (const char *)name_of(w, &n->recipient_id, SUBJECT_USER).data,
			     (const char *)printable(n->title, &w->arena).data);
	else
		(void)printf("%s\n", record_name(r->type));
}

/* What is wrong with it stands before what can be done. */
static void show_letter(struct watch *w, const struct letter *l)
{
	const char *at = text_of(position_text(&w->arena, &l->at));

	(void)printf("dead letter   %s", at);
	if (l->from.partition >= 0)
		(void)printf(" (from %s)", text_of(position_text(&w->arena, &l->from)));
	(void)printf(": %s; ", l->reason.data ? text_of(printable(l->reason, &w->arena))
					      : "no reason is given");
	if (letter_is_whole(l))
		(void)printf("once it can be read: sharebus deadletter replay %s\n", at);
	else
		(void)printf("its author must send it again; see sharebus deadletter show %s\n",
			     at);
}

/* r is NULL for what cannot be decoded, l for what is no dead letter. */
static void show_json(struct watch *w, const rd_kafka_message_t *m, const struct record *r,
		      const struct letter *l)
{
	json_t *o =
		json_pack("{ss si sI ss? so?}", "topic", rd_kafka_topic_name(m->rkt), "partition",
			  (int)m->partition, "offset", (json_int_t)m->offset, "type",
			  r ? record_name(r->type) : NULL, "record", r ? record_json(r) : NULL);

	if (l) {
		(void)json_object_set_new(o, "from", json_text(position_text(&w->arena, &l->from)));
		(void)json_object_set_new(o, "reason", json_text(l->reason));
	}
	(void)json_dumpf(o, stdout, JSON_COMPACT);
	(void)putchar('\n');
	json_decref(o);
}

static void show_message(struct watch *w, const rd_kafka_message_t *m)
{
	bool is_letter = strcmp(rd_kafka_topic_name(m->rkt), topic_name(TOPIC_DEADLETTER)) == 0;
	struct error err = { 0 };
	struct letter letter;
	struct record r;
	bool decoded = !codec_decode(inside_codec(w->session), (struct bytes){ m->payload, m->len },
				     &w->arena, &r, &err);

	if (is_letter)
		letter_read(&letter, m);
	if (w->session->output == OUTPUT_JSON)
		show_json(w, m, decoded ? &r : NULL, is_letter ? &letter : NULL);
	else if (is_letter)
		show_letter(w, &letter);
	else if (decoded)
		show_record(w, &r);
	else
		(void)printf("unreadable    %s %d:%lld: %s\n", rd_kafka_topic_name(m->rkt),
			     (int)m->partition, (long long)m->offset, err.text);
	(void)fflush(stdout);
	arena_reset(&w->arena);
}

/* ---- positions ---- */

static int ask_range(const struct watch *w, int i, int64_t *begin, int64_t *end, struct error *err)
{
	size_t at = (size_t)i / (size_t)w->deployment.partitions;

	assert(at < WATCHED);
	return bus_range(w->asker, watched[at], i % w->deployment.partitions, begin, end, err);
}

static int ask_end(const struct watch *w, int i, int64_t *end, struct error *err)
{
	int64_t begin;

	return ask_range(w, i, &begin, end, err);
}

/* In the order of the watched topics, each with as many partitions as the deployment has. */
static void list_partitions(struct watch *w)
{
	int partitions = w->deployment.partitions;

	w->at = rd_kafka_topic_partition_list_new(WATCHED * partitions);
	for (size_t t = 0; t < WATCHED; t++)
		for (int p = 0; p < partitions; p++)
			rd_kafka_topic_partition_list_add(w->at, topic_name(watched[t]), p)
				->offset = RD_KAFKA_OFFSET_END;
}

/* Takes the positions from {"topic": [offset, …]}; a partition missing there begins at its end. */
static int read_positions(struct watch *w, const json_t *state, struct error *err)
{
	int rc = 0;

	for (int i = 0; !rc && i < w->at->cnt; i++) {
		rd_kafka_topic_partition_t *p = &w->at->elems[i];
		const json_t *offset =
			json_array_get(json_object_get(state, p->topic), (size_t)p->partition);

		if (json_is_integer(offset))
			p->offset = json_integer_value(offset);
		else
			rc = ask_end(w, i, &p->offset, err);
	}
	return rc;
}

/* Begins with the first record of each partition that is not older than since_ms. */
static int seek_since(struct watch *w, int64_t since_ms, struct error *err)
{
	rd_kafka_resp_err_t code;
	int rc = 0;

	for (int i = 0; i < w->at->cnt; i++)
		w->at->elems[i].offset = since_ms;
	code = rd_kafka_offsets_for_times(w->asker, w->at, KAFKA_WAIT_MS);
	for (int i = 0; !code && i < w->at->cnt; i++)
		code = w->at->elems[i].err;
	if (code)
		return error_set(err, ERROR_UNAVAILABLE, "the topics do not say where to begin: %s",
				 rd_kafka_err2str(code));
	for (int i = 0; !rc && i < w->at->cnt; i++) /* nothing is that new: a negative offset */
		if (w->at->elems[i].offset < 0)
			rc = ask_end(w, i, &w->at->elems[i].offset, err);
	return rc;
}

static int seek_beginning(struct watch *w, struct error *err)
{
	int rc = 0;

	for (int i = 0; !rc && i < w->at->cnt; i++) {
		int64_t end;

		rc = ask_range(w, i, &w->at->elems[i].offset, &end, err);
	}
	return rc;
}

static int load_state(struct watch *w, const char *path, struct error *err)
{
	json_error_t where;
	json_t *state = NULL;
	int rc;

	if (path && access(path, F_OK) == 0) {
		state = json_load_file(path, 0, &where);
		if (!json_is_object(state)) {
			json_decref(state);
			return error_set(
				err, ERROR_USAGE,
				"%s is not a file of positions that `watch --state` has written",
				path);
		}
	}
	rc = read_positions(w, state, err);
	json_decref(state);
	return rc;
}

static int save_state(const struct watch *w, const char *path, struct error *err)
{
	json_t *state = json_object();
	char *text;
	int rc;

	for (int i = 0; i < w->at->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &w->at->elems[i];

		if (!json_object_get(state, p->topic))
			(void)json_object_set_new(state, p->topic, json_array());
		(void)json_array_append_new(json_object_get(state, p->topic),
					    json_integer(p->offset));
	}
	text = json_dumps(state, JSON_COMPACT);
	json_decref(state);
	rc = text ? file_replace(path, bytes_of(text), err)
		  : error_set(err, ERROR_NOMEM, "out of memory");
	free(text);
	return rc;
}

/* ---- settling ---- */

/* Is all that is applied also committed, in every partition? Then it is published. */
static int ask_settled(struct watch *w, bool *settled, struct error *err)
{
	int partitions = w->deployment.partitions;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	rd_kafka_resp_err_t code;
	int rc = 0;

	for (int i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS), i);
	code = rd_kafka_committed(w->consumer, list, KAFKA_WAIT_MS);
	*settled = !code;
	for (int i = 0; !rc && *settled && i < partitions; i++) {
		struct mark m;
		int64_t committed = list->elems[i].offset;

		rc = reader_mark(inside_reader(w->session), i, &m, err);
		*settled = !rc && m.applied == (committed < 0 ? 0 : committed);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}

static int wait_settled(struct watch *w, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + w->session->wait_ms;
	bool settled = false;
	int rc = ask_settled(w, &settled, err);

	while (!rc && !settled) {
		if (clock_monotonic_ms() > deadline)
			return error_set(err, ERROR_UNAVAILABLE,
					 "not all that is applied was published in time");
		clock_pause_ms(SETTLE_PAUSE_MS);
		rc = ask_settled(w, &settled, err);
	}
	w->end = rd_kafka_topic_partition_list_copy(w->at);
	for (int i = 0; !rc && i < w->end->cnt; i++)
		rc = ask_end(w, i, &w->end->elems[i].offset, err);
	return rc;
}

static bool reached_end(const struct watch *w)
{
	for (int i = 0; i < w->at->cnt; i++)
		if (w->at->elems[i].offset < w->end->elems[i].offset)
			return false;
	return true;
}

/* ---- reading ---- */

/* A record that could not be shown does not move the position: it is shown the next time. */
static int take_message(struct watch *w, const rd_kafka_message_t *m, struct error *err)
{
	rd_kafka_topic_partition_t *p = rd_kafka_topic_partition_list_find(
		w->at, rd_kafka_topic_name(m->rkt), m->partition);

	if (bus_check_readable(m, err))
		return err->code;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		p->offset = m->offset;
	} else if (!m->err) {
		if (!bus_is_orphan(m))
			show_message(w, m);
		if (ferror(stdout))
			return error_set(err, ERROR_UNAVAILABLE,
					 "standard output cannot be written");
		p->offset = m->offset + 1;
	}
	return 0;
}

static int read_all(struct watch *w, struct error *err)
{
	int64_t deadline = clock_monotonic_ms() + w->session->wait_ms;
	int rc = 0;

	if (rd_kafka_assign(w->consumer, w->at))
		return error_set(err, ERROR_UNAVAILABLE, "the topics cannot be read");
	while (!rc && !stop && !(w->end && reached_end(w))) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(w->consumer, POLL_MS);

		if (m && m->rkt)
			rc = take_message(w, m, err);
		if (m)
			rd_kafka_message_destroy(m);
		if (!rc && w->end && clock_monotonic_ms() > deadline)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the topics could not be read to their end in time");
	}
	return rc;
}

static int watch_open(struct watch *w, struct error *err)
{
	int rc = inside_open_reader(w->session, err);

	if (!rc)
		rc = inside_open_codec(w->session, err);
	if (!rc)
		rc = bus_open_reader(&w->consumer, w->session->config, true, err);
	if (!rc)
		rc = bus_open_reader(&w->asker, w->session->config, false, err);
	if (!rc)
		rc = bus_deployment(w->asker, config_get(w->session->config, "brokers"),
				    KAFKA_WAIT_MS, &w->deployment, err);
	if (!rc)
		list_partitions(w);
	return rc;
}

static void watch_close(struct watch *w)
{
	if (w->at)
		rd_kafka_topic_partition_list_destroy(w->at);
	if (w->end)
		rd_kafka_topic_partition_list_destroy(w->end);
	bus_close(&w->consumer);
	bus_close(&w->asker);
	arena_done(&w->arena);
}

/*
 * From here on a signal ends the reading, not the process. A second one ends
 * the process, and so did any before: whatever hangs does not hold it.
 */
static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
}

/* Whoever sees nothing yet must not think that nothing works. */
static void tell_waiting(const struct watch *w)
{
	if (!w->end && isatty(STDERR_FILENO))
		(void)fprintf(stderr, "waiting for events and notifications; ^C ends\n");
}

/* The position is stored also when reading fails: what was shown was shown. */
static int watch_records(struct watch *w, const char *state, struct error *err)
{
	struct error unsaved;
	int rc;

	catch_signals();
	tell_waiting(w);
	rc = read_all(w, err);
	if (!state)
		return rc;
	if (!rc)
		return save_state(w, state, err);
	(void)save_state(w, state, &unsaved);
	return rc;
}

/* Where to begin, as it was typed. */
struct beginning {
	const char *state; /* NULL: no file */
	bool oldest;
	int64_t since_ms; /* 0: not given */
};

static int read_beginning(const struct arguments *a, struct beginning *out, struct error *err)
{
	const char *since = argument_value(a, FLAG_SINCE);
	const char *wrong;

	*out = (struct beginning){ .state = argument_value(a, FLAG_STATE),
				   .oldest = argument_has(a, FLAG_BEGINNING) };
	if ((out->state != NULL) + out->oldest + (since != NULL) > 1)
		return error_set(err, ERROR_USAGE,
				 "give one of --state, --since and --from-beginning");
	wrong = since ? moment_parse_past(since, clock_unix_ms(), &out->since_ms) : NULL;
	return wrong ? error_set(err, ERROR_USAGE, "--since is \"%s\": %s", since, wrong) : 0;
}

static int find_beginning(struct watch *w, const struct beginning *b, struct error *err)
{
	if (b->oldest)
		return seek_beginning(w, err);
	return b->since_ms ? seek_since(w, b->since_ms, err) : load_state(w, b->state, err);
}

enum exit_code run_watch(struct session *s, const struct arguments *a)
{
	struct beginning beginning;
	struct watch w = { .session = s };
	struct error err = { 0 };
	int rc = read_beginning(a, &beginning, &err);

	arena_init(&w.arena);
	if (!rc)
		rc = watch_open(&w, &err);
	if (!rc && argument_has(a, FLAG_SETTLED))
		rc = wait_settled(&w, &err);
	if (!rc)
		rc = find_beginning(&w, &beginning, &err);
	if (!rc)
		rc = watch_records(&w, beginning.state, &err);
	watch_close(&w);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
