#include "consumer/notifier/carrier.h"

#include "cache/inbox.h"
#include "consumer/notifier/http.h"
#include "consumer/notifier/mail_header.h"
#include "consumer/notifier/program.h"
#include "consumer/notifier/render.h"
#include "consumer/notifier/resolver.h"
#include "consumer/notifier/retry_after.h"
#include "consumer/notifier/site.h"
#include "consumer/notifier/workers.h"
#include "ops/support/clock.h"
#include "ops/support/harmless.h"
#include "ops/support/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROGRAMS_MAX = 8, /* at once, of all endpoints */
	INBOX_TIMEOUT_MS = 5000,
	ANSWER_TOLD = 160,
};

#define UNLESS_ALLOWED "; the endpoint's allow-private = yes permits that"

enum attempt_state {
	ATTEMPT_RESOLVING = 1, /* the host's addresses are being looked up */
	ATTEMPT_SENT,          /* libcurl has it */
	ATTEMPT_WORKING,       /* a worker has it */
	ATTEMPT_ENDED,         /* `result` is to be told */
};

struct attempt {
	struct job job; /* first */
	enum attempt_state state;
	struct parcel *parcel; /* NULL: it was aborted, and only its worker still has it */
	struct carried result;
	struct attempt *next;
	struct attempt *previous;
	/* What a worker uses: */
	const struct endpoint *endpoint;
	char *key;
	uint8_t *input;
	size_t input_len;
	struct uuid user_id; /* whose inbox it goes to */
	struct inbox *inbox; /* of the one thread that uses it */
	struct ended ended;
	struct error failure;
};

struct carrier {
	struct carrier_options o;
	struct http *http;
	struct resolver *resolver;
	struct workers *programs;
	struct workers *redis; /* one thread; NULL: there is no endpoint for inboxes */
	struct inbox *inbox;   /* that thread's */
	struct attempt *first;
	size_t moving;
	bool hasty;     /* an attempt has ended that was not told of yet */
	size_t working; /* attempts that a worker has, aborted or not */
	struct arena arena;
};

/* ---- attempts ---- */

static struct attempt *make_attempt(struct carrier *c, struct parcel *p)
{
	struct attempt *a = memory_zalloc(1, sizeof(*a));

	a->parcel = p;
	a->endpoint = p->lane->endpoint;
	a->result.asked_ms = -1;
	a->next = c->first;
	if (a->next)
		a->next->previous = a;
	c->first = a;
	c->moving++;
	return a;
}

static void free_attempt(struct attempt *a)
{
	free(a->input);
	free(a->key);
	free(a);
}

static void unlink_attempt(struct carrier *c, struct attempt *a)
{
	if (a->previous)
		a->previous->next = a->next;
	else
		c->first = a->next;
	if (a->next)
		a->next->previous = a->previous;
	c->moving--;
}

/* The attempt has ended; whoever started it hears of that in the next step. */
static void end_attempt(struct attempt *a, enum reply reply, const char *why)
{
	a->state = ATTEMPT_ENDED;
	a->result.reply = reply;
	(void)snprintf(a->result.why, sizeof(a->result.why), "%s", why);
}

/* What has no form for the endpoint never will; anything else is our own fault. */
static void end_unrendered(struct attempt *a, const struct error *err)
{
	end_attempt(a, err->code == ERROR_INPUT ? REPLY_FORMLESS : REPLY_OWN, err->text);
}

/* Appends what may stand in a log. */
static void append_harmless(char *out, size_t size, struct bytes text)
{
	size_t len = strlen(out);

	while (text.len && len + 5 < size) {
		size_t taken = 0;

		len += harmless_copy((uint8_t *)out + len, text.data, text.len, &taken);
		text = (struct bytes){ text.data + taken, text.len - taken };
	}
	out[len] = 0;
}

/* ---- telling ---- */

/* It may have been owed for a day, and its recipient be suspended or deleted since. */
static int check_recipient(const struct carrier *c, const struct telling *t, struct error *err)
{
	const struct subject s = { SUBJECT_USER, t->notification->recipient_id };

	if (t->recipient ? t->recipient->status == USER_ACTIVE
			 : !directory_deleted(c->o.directory, &s))
		return 0;
	return error_set(err, ERROR_INPUT, "its recipient is %s",
			 t->recipient ? symbol_name(user_status_symbols, (int)t->recipient->status)
				      : "deleted");
}

static int read_load(struct carrier *c, const struct load *l, struct record *r, struct telling *t,
		     struct error *err)
{
	int rc = codec_decode(c->o.codec, l->value, &c->arena, r, err);

	if (rc)
		return rc;
	*t = (struct telling){ .id = arena_copy(&c->arena, l->id),
			       .source = bytes_of(c->o.source),
			       .traceparent = l->traceparent,
			       .directory = c->o.directory,
			       .access_url = config_get(c->o.config, "access-url") };
	if (r->type == RECORD_HANDOFF_CHANGED) {
		t->handoff = &r->as.handoff_changed;
		return 0;
	}
	t->notification = &r->as.notification;
	t->recipient = directory_user(c->o.directory, &t->notification->recipient_id);
	return check_recipient(c, t, err);
}

/* ---- webhooks ---- */

static void send_post(struct carrier *c, struct attempt *a, const struct site *site,
		      const struct resolved *is)
{
	const struct endpoint *e = a->endpoint;
	struct http_post post = { .url = e->url,
				  .host = site->host,
				  .port = site->port,
				  .addresses = is->list,
				  .address_count = is->count,
				  .allow_private = e->allow_private,
				  .timeout_ms = e->timeout_ms };
	struct rendered body = { 0 };
	struct telling t;
	struct record r;
	struct error err = { 0 };
	int rc = read_load(c, a->parcel->load, &r, &t, &err);

	if (!rc)
		rc = render_webhook(e, &t, clock_unix_ms() / 1000, &c->arena, &body, &err);
	if (rc) {
		end_unrendered(a, &err);
		return;
	}
	post.headers = body.headers;
	post.header_count = body.header_count;
	post.body = body.body;
	a->state = ATTEMPT_SENT;
	if (http_post(c->http, &post, a, &err))
		end_attempt(a, REPLY_OWN, err.text);
}

/* Nothing is connected to unless all addresses of the host are public, or may be private. */
static void end_forbidden(struct attempt *a, const char *address)
{
	char why[256];

	(void)snprintf(why, sizeof(why), "%s" UNLESS_ALLOWED, address);
	end_attempt(a, REPLY_AGAIN, why);
}

static void try_webhook(struct carrier *c, struct attempt *a, int64_t now_ms)
{
	const struct endpoint *e = a->endpoint;
	const struct resolved *is;
	struct site site;

	a->state = ATTEMPT_RESOLVING;
	if (!site_parse(&site, e->url)) {
		end_attempt(a, REPLY_FORMLESS, "its url has no host");
		return;
	}
	is = resolver_ask(c->resolver, site.host, now_ms);
	if (!is)
		return;
	if (!is->count)
		end_attempt(a, is->own ? REPLY_OWN : REPLY_AGAIN, is->why);
	else if (is->forbidden[0] && !e->allow_private)
		end_forbidden(a, is->forbidden);
	else
		send_post(c, a, &site, is);
}

/* ---- mail ---- */

static void send_mail(struct carrier *c, struct attempt *a)
{
	struct http_mail mail = { .endpoint = a->endpoint };
	struct mailbox from = { 0 };
	struct telling t;
	struct record r;
	struct error err = { 0 };
	int rc = read_load(c, a->parcel->load, &r, &t, &err);

	if (!rc)
		rc = render_mail(a->endpoint, &t, clock_unix_ms() / 1000, &c->arena, &mail.message,
				 &err);
	if (rc || !t.recipient || !mailbox_parse(bytes_of(a->endpoint->from), &from)) {
		end_unrendered(a, &err);
		return;
	}
	mail.from = from.address;
	mail.to = t.recipient->email; /* render_mail() has looked at it */
	a->state = ATTEMPT_SENT;
	if (http_mail(c->http, &mail, a, &err))
		end_attempt(a, REPLY_OWN, err.text);
}

/* ---- what libcurl has done ---- */

static void describe_end(struct attempt *a, const struct http_end *end)
{
	char *why = a->result.why;
	size_t size = sizeof(a->result.why);
	size_t len = end->answer.len < ANSWER_TOLD ? end->answer.len : ANSWER_TOLD;

	if (end->forbidden) {
		(void)snprintf(why, size, "the address to connect to is not public" UNLESS_ALLOWED);
		return;
	}
	if (end->stage != STAGE_WHOLE) {
		why[0] = 0;
		append_harmless(why, size, bytes_of(end->reason));
		return;
	}
	(void)snprintf(why, size, "it answered %ld%s", end->status, len ? ": " : "");
	append_harmless(why, size, (struct bytes){ end->answer.data, len });
}

/* Called from http_step(). */
static void take_end(void *context, void *opaque, const struct http_end *end)
{
	struct attempt *a = opaque;
	const struct endpoint *e = a->endpoint;

	(void)context;
	a->state = ATTEMPT_ENDED;
	if (end->own)
		a->result.reply = REPLY_OWN;
	else if (e->kind == ENDPOINT_SMTP)
		a->result.reply = reply_judge_smtp(end->stage, end->status);
	else
		a->result.reply = reply_judge_http(e->profile, end->stage, end->status);
	a->result.asked_ms = retry_after_ms(end->retry_after, clock_unix_ms());
	if (a->result.reply != REPLY_DELIVERED)
		describe_end(a, end);
}

/* ---- programs and inboxes ---- */

/* In a worker's thread. */
static void run_program(struct job *j, const atomic_bool *stop)
{
	struct attempt *a = (struct attempt *)j;
	const struct bytes input = { a->input, a->input_len };

	error_ignore(program_run(a->endpoint->argv, input, a->endpoint->timeout_ms, stop, &a->ended,
				 &a->failure));
}

/* In the one thread that uses the inbox. */
static void put_into_inbox(struct job *j, const atomic_bool *stop)
{
	struct attempt *a = (struct attempt *)j;
	const struct bytes told = { a->input, a->input_len };
	const char *id = strchr(a->key, '/') + 1;

	(void)stop;
	error_ignore(inbox_put(a->inbox, &a->user_id, bytes_of(id), told, &a->failure));
}

static void start_work(struct carrier *c, struct attempt *a)
{
	bool inbox = a->endpoint->kind == ENDPOINT_INBOX;
	struct bytes input = { 0 };
	struct telling t;
	struct record r;
	struct error err = { 0 };
	int rc = read_load(c, a->parcel->load, &r, &t, &err);

	if (!rc)
		rc = inbox ? render_inbox(&t, &c->arena, &input, &err)
			   : render_exec(&t, &c->arena, &input, &err);
	if (rc) {
		end_unrendered(a, &err);
		return;
	}
	a->input = memory_zalloc(1, input.len + 1);
	memcpy(a->input, input.data, input.len);
	a->input_len = input.len;
	a->key = memory_must(strdup(a->parcel->key));
	a->user_id = a->parcel->load->recipient;
	a->inbox = c->inbox;
	a->job.run = inbox ? put_into_inbox : run_program;
	a->state = ATTEMPT_WORKING;
	c->working++;
	workers_submit(inbox ? c->redis : c->programs, &a->job);
}

static void judge_work(struct attempt *a)
{
	char *why = a->result.why;

	a->state = ATTEMPT_ENDED;
	if (!a->job.ran) {
		end_attempt(a, REPLY_OWN, "the notifier stops");
		return;
	}
	if (a->failure.code) {
		bool own =
			a->endpoint->kind == ENDPOINT_EXEC && a->failure.code == ERROR_UNAVAILABLE;

		end_attempt(a, own ? REPLY_OWN : REPLY_AGAIN, a->failure.text);
		return;
	}
	if (a->endpoint->kind == ENDPOINT_INBOX) {
		end_attempt(a, REPLY_DELIVERED, "");
		return;
	}
	/* What was killed, by whom ever, may go better another time. */
	a->result.reply = a->ended.status < 0 ? REPLY_AGAIN : reply_judge_exit(a->ended.status);
	if (a->ended.status < 0)
		(void)snprintf(why, sizeof(a->result.why), "%s", a->ended.why);
	else if (a->ended.status)
		(void)snprintf(why, sizeof(a->result.why), "it exited with %d%s", a->ended.status,
			       a->ended.output[0] ? ": " : "");
	if (a->ended.status > 0)
		append_harmless(why, ANSWER_TOLD, bytes_of(a->ended.output));
}

static void take_jobs_of(struct carrier *c, struct workers *w)
{
	struct job *j;

	while (w && (j = workers_take(w)) != NULL) {
		struct attempt *a = (struct attempt *)j;

		c->working--;
		if (a->parcel)
			judge_work(a);
		else
			free_attempt(a);
	}
}

/* Takes back what the workers have done; returns when there is no more. */
static void take_jobs(struct carrier *c)
{
	take_jobs_of(c, c->programs);
	take_jobs_of(c, c->redis);
}

/* ---- the whole ---- */

void carrier_start(struct carrier *c, struct parcel *p)
{
	struct attempt *a = make_attempt(c, p);

	switch (a->endpoint->kind) {
	case ENDPOINT_WEBHOOK:
		try_webhook(c, a, clock_monotonic_ms());
		break;
	case ENDPOINT_SMTP:
		send_mail(c, a);
		break;
	case ENDPOINT_EXEC:
	case ENDPOINT_INBOX:
		start_work(c, a);
		break;
	}
	c->hasty = c->hasty || a->state == ATTEMPT_ENDED;
	arena_reset(&c->arena);
}

static void try_resolved(struct carrier *c, int64_t now_ms)
{
	if (!resolver_step(c->resolver, now_ms))
		return;
	for (struct attempt *a = c->first; a; a = a->next) {
		if (a->state == ATTEMPT_RESOLVING)
			try_webhook(c, a, now_ms);
		arena_reset(&c->arena);
	}
}

static void tell_ended(struct carrier *c)
{
	struct attempt *next;

	for (struct attempt *a = c->first; a; a = next) {
		next = a->next;
		if (a->state != ATTEMPT_ENDED)
			continue;
		unlink_attempt(c, a);
		c->o.done(c->o.context, a->parcel, &a->result);
		free_attempt(a);
	}
}

void carrier_step(struct carrier *c, const struct now *now)
{
	c->hasty = false;
	http_step(c->http);
	take_jobs(c);
	try_resolved(c, now->monotonic_ms);
	tell_ended(c);
}

size_t carrier_moving(const struct carrier *c)
{
	return c->moving;
}

void carrier_wait(struct carrier *c, int64_t deadline_ms)
{
	http_wait(c->http, c->hasty ? 0 : deadline_ms);
}

/* A worker keeps what it has until it is done with it. */
void carrier_abort(struct carrier *c)
{
	http_abort(c->http);
	while (c->first) {
		struct attempt *a = c->first;

		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): those that are freed are unlinked */
		unlink_attempt(c, a);
		a->parcel = NULL;
		if (a->state != ATTEMPT_WORKING)
			free_attempt(a);
	}
}

/* Where no endpoint is an inbox, Redis is not needed. */
static int open_inbox(struct carrier *c, struct error *err)
{
	const struct redis_target target = redis_target_from(c->o.config);
	int rc;

	if (!c->o.inbox)
		return 0;
	rc = inbox_open(&c->inbox, &target, config_get(c->o.config, "prefix"), c->o.partitions,
			INBOX_TIMEOUT_MS, err);
	return rc ? rc : workers_open(&c->redis, 1, c->o.waker, err);
}

int carrier_open(struct carrier **out, const struct carrier_options *o, struct error *err)
{
	struct carrier *c = memory_zalloc(1, sizeof(*c));
	int rc;

	c->o = *o;
	arena_init(&c->arena);
	rc = http_open(&c->http, o->config, o->waker, take_end, c, err);
	if (!rc)
		rc = resolver_open(&c->resolver, o->waker, err);
	if (!rc)
		rc = workers_open(&c->programs, PROGRAMS_MAX, o->waker, err);
	if (!rc)
		rc = open_inbox(c, err);
	if (rc)
		carrier_close(&c);
	else
		*out = c;
	return rc;
}

void carrier_close(struct carrier **cp)
{
	struct carrier *c = *cp;

	if (!c)
		return;
	if (c->http)
		carrier_abort(c);
	if (c->programs)
		workers_stop(c->programs);
	if (c->redis)
		workers_stop(c->redis);
	while (c->working) {
		take_jobs(c);
		clock_pause_ms(1);
	}
	workers_close(&c->programs);
	workers_close(&c->redis);
	inbox_close(&c->inbox);
	resolver_close(&c->resolver);
	http_close(&c->http);
	arena_done(&c->arena);
	free(c);
	*cp = NULL;
}
