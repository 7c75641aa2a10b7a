#include "consumer/notifier/dispatch.h"

#include "consumer/notifier/backoff.h"
#include "consumer/notifier/filter.h"
#include "consumer/notifier/site.h"
#include "consumer/notifier/step.h"
#include "ops/support/buffer.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "schemas/bounds.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { HOST_NAME_SIZE = SITE_HOST_SIZE + 8 };
_Static_assert((int)LANES_STORED_MAX * 2 <= (int)DISPATCH_PARCELS_MAX &&
		       (int)LANES_STORED_BYTES_MAX * 2 <= (int)DISPATCH_BYTES_MAX,
	       "what waits leaves no room for what is new");

struct dispatch {
	struct dispatch_options o;
	struct lane *lanes; /* one for each endpoint, in their order */
	struct filter *filters;
	struct host_use *hosts;
	size_t host_count;
	struct parcel *by_key;
	size_t parcels;
	size_t bytes;
	int64_t last_since; /* of the last parcel that was new */
	uint64_t chance;
	struct arena arena;
	struct buffer value;
	struct dispatch_counts counts;
	struct error broken; /* why the ledger took no record; code 0: it took all */
};

/* ---- making ---- */

/* The use of that host and port, which endpoints share; NULL: the endpoint has none. */
static struct host_use *find_host(struct dispatch *d, const struct endpoint *e)
{
	char name[HOST_NAME_SIZE];
	struct site site;

	if (!e->url || !site_parse(&site, e->url))
		return NULL;
	(void)snprintf(name, sizeof(name), "%s:%d", site.host, site.port);
	for (size_t i = 0; i < d->host_count; i++)
		if (strcmp(d->hosts[i].name, name) == 0)
			return &d->hosts[i];
	d->hosts[d->host_count].name = memory_must(strdup(name));
	return &d->hosts[d->host_count++];
}

struct dispatch *dispatch_new(const struct dispatch_options *o)
{
	struct dispatch *d = memory_zalloc(1, sizeof(*d));
	size_t count = o->endpoints->count;

	d->o = *o;
	d->lanes = memory_zalloc(count + 1, sizeof(*d->lanes));
	d->filters = memory_zalloc(count + 1, sizeof(*d->filters));
	d->hosts = memory_zalloc(count + 1, sizeof(*d->hosts));
	arena_init(&d->arena);
	buffer_init(&d->value);
	if (getrandom(&d->chance, sizeof(d->chance), 0) < 0)
		d->chance = (uint64_t)clock_monotonic_us();
	for (size_t i = 0; i < count; i++) {
		const struct endpoint *e = &o->endpoints->list[i];

		lane_init(&d->lanes[i], e, find_host(d, e));
		filter_init(&d->filters[i], e);
	}
	return d;
}

void dispatch_forget(struct dispatch *d)
{
	HASH_CLEAR(hh, d->by_key);
	for (size_t i = 0; i < d->o.endpoints->count; i++)
		lane_done(&d->lanes[i]);
	d->parcels = 0;
	d->bytes = 0;
}

void dispatch_free(struct dispatch **dp)
{
	struct dispatch *d = *dp;

	if (!d)
		return;
	dispatch_forget(d);
	for (size_t i = 0; i < d->host_count; i++)
		free(d->hosts[i].name);
	free(d->hosts);
	free(d->lanes);
	free(d->filters);
	arena_done(&d->arena);
	buffer_done(&d->value);
	free(d);
	*dp = NULL;
}

/* ---- parcels ---- */

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct parcel *find_parcel(const struct dispatch *d, const void *key, size_t len)
{
	struct parcel *p;

	HASH_FIND(hh, d->by_key, key, len, p);
	return p;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void add_parcel(struct dispatch *d, struct lane *l, struct parcel *p)
{
	d->parcels++;
	d->bytes += parcel_size(p);
	HASH_ADD_KEYPTR(hh, d->by_key, p->key, strlen(p->key), p);
	lane_add(l, p);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void end_parcel(struct dispatch *d, struct parcel *p)
{
	d->parcels--;
	d->bytes -= parcel_size(p);
	HASH_DEL(d->by_key, p);
	lane_end(p->lane, p);
}

static uint64_t draw_chance(struct dispatch *d)
{
	return backoff_draw(&d->chance);
}

/* ---- the ledger ---- */

/* A failure stops everything: what is owed must stand there. */
static void note_broken(struct dispatch *d, const struct error *err)
{
	if (!d->broken.code)
		d->broken = *err;
}

static int describe_parcel(struct dispatch *d, const struct parcel *p, struct record *r,
			   struct delivery *out, struct error *err)
{
	int rc = codec_decode(d->o.codec, p->load->value, &d->arena, r, err);

	*out = (struct delivery){
		.endpoint = bytes_of(p->lane->endpoint->name),
		.id = p->load->id,
		.state = DELIVERY_WAITING,
		.attempts = p->attempts,
		.next_at = ABSENT,
		.last_at = p->last_at,
		.last_error = bytes_of(p->last_error),
		.since = p->since,
	};
	if (rc)
		return rc;
	if (r->type == RECORD_HANDOFF_CHANGED)
		out->handoff = &r->as.handoff_changed;
	else
		out->notification = &r->as.notification;
	return 0;
}

/*
 * Writes how the parcel stands, which pays its debt once the brokers have it. A record
 * that is too large to be kept is only told in the log.
 */
static void store_parcel(struct dispatch *d, struct parcel *p, enum delivery_state state,
			 int64_t next_at)
{
	struct delivery is;
	struct error err = { 0 };
	struct record r;
	int rc = describe_parcel(d, p, &r, &is, &err);

	is.state = state;
	is.next_at = next_at;
	if (!rc)
		rc = ledger_put(d->o.ledger, p->load->partition, p->key, &is, p->debt, &err);
	arena_reset(&d->arena);
	if (rc == ERROR_INPUT) {
		log_error("%s cannot be kept: %s", p->key, err.text);
		if (p->debt)
			debt_pay(p->debt);
	} else if (rc) {
		note_broken(d, &err);
	}
	p->debt = NULL;
	if (state == DELIVERY_WAITING)
		lane_store(p->lane, p);
}

static void take_off(struct dispatch *d, struct parcel *p)
{
	struct error err = { 0 };

	if (p->stored && ledger_take_off(d->o.ledger, p->load->partition, p->key, &err))
		note_broken(d, &err);
	if (p->debt)
		debt_pay(p->debt);
}

/* Nobody tries it any more; a person may have it tried again. */
static void bury_parcel(struct dispatch *d, struct parcel *p, const char *why)
{
	char about[HOST_NAME_SIZE];

	d->counts.dead++;
	(void)snprintf(about, sizeof(about), "%s: dead", p->lane->endpoint->name);
	log_warn_seldom(about, "endpoint %s: delivery %.*s is dead: %s", p->lane->endpoint->name,
			BYTES_ARG(p->load->id), why);
	if (!p->last_error)
		p->last_error = memory_must(strdup(why));
	store_parcel(d, p, DELIVERY_DEAD, ABSENT);
	end_parcel(d, p);
}

static bool has_room(const struct dispatch *d, const struct lane *l)
{
	return lane_has_room(l, d->lanes, d->o.endpoints->count);
}

/* One for which there is no room dies. */
static void bury_surplus(struct dispatch *d, struct parcel *p)
{
	char why[ERROR_TEXT_SIZE];
	size_t stored = p->lane->stored;

	(void)snprintf(why, sizeof(why), "%zu others wait for this endpoint%s%s%s", stored,
		       stored < LANE_STORED_MAX ? ", and too many for all endpoints" : "",
		       p->last_error ? ": " : "", p->last_error ? p->last_error : "");
	bury_parcel(d, p, why);
}

/*
 * While nothing is sent to an endpoint, what is for it stands in the ledger, so that
 * offsets go on: up to a bound.
 */
static void hold_parcel(struct dispatch *d, struct parcel *p, int64_t next_at)
{
	if (p->stored || has_room(d, p->lane))
		store_parcel(d, p, DELIVERY_WAITING, next_at);
	else
		bury_surplus(d, p);
}

/* Writes the parcel into the ledger if there is room; it does not die if there is none. */
static void keep_parcel(struct dispatch *d, struct parcel *p, int64_t next_at)
{
	if (!p->stored && has_room(d, p->lane))
		store_parcel(d, p, DELIVERY_WAITING, next_at);
}

static void hold_lane(struct dispatch *d, struct lane *l)
{
	struct parcel *next;

	for (struct parcel *p = l->first; p; p = next) {
		next = p->next;
		if (!lane_must_store(l, p))
			continue;
		if (p->state == PARCEL_MOVING)
			keep_parcel(d, p, ABSENT);
		else
			hold_parcel(d, p, ABSENT);
	}
}

void dispatch_keep(struct dispatch *d)
{
	for (size_t i = 0; i < d->o.endpoints->count; i++)
		for (struct parcel *p = d->lanes[i].first; p; p = p->next)
			keep_parcel(d, p, ABSENT);
}

/* ---- records ---- */

/* The record's id is what everybody tells two of them apart by. */
static struct bytes id_of(const struct message *m)
{
	struct bytes id = message_header(m, "ce_id");

	return bounds_delivery_id(id) ? id : (struct bytes){ 0 };
}

static struct uuid recipient_of(const struct record *r)
{
	return r->type == RECORD_HANDOFF_CHANGED ? r->as.handoff_changed.to.id
						 : r->as.notification.recipient_id;
}

/* Each is owed since another time, so that their order is known after a restart. */
static int64_t stamp_parcel(struct dispatch *d, int64_t unix_ms)
{
	d->last_since = unix_ms > d->last_since ? unix_ms : d->last_since + 1;
	return d->last_since;
}

static void make_parcel(struct dispatch *d, struct lane *l, struct load *load, struct debt *debt,
			const struct now *now)
{
	struct parcel *p = parcel_new(l->endpoint->name, load);

	if (find_parcel(d, p->key, strlen(p->key)) || ledger_has_ended(d->o.ledger, p->key)) {
		parcel_free(p); /* it stands in the ledger: the offset was not committed in time */
		return;
	}
	debt_add(debt);
	p->debt = debt;
	p->since = stamp_parcel(d, now->unix_ms);
	p->due_ms = now->monotonic_ms;
	add_parcel(d, l, p);
	if (lane_is_held(l, now->monotonic_ms))
		hold_parcel(d, p, ABSENT);
}

static bool is_told(const struct record *r)
{
	return r->type == RECORD_NOTIFICATION || r->type == RECORD_HANDOFF_CHANGED;
}

int dispatch_take(struct dispatch *d, const struct message *m, struct debt *debt,
		  const struct now *now, struct error *err)
{
	const struct directory *directory = follower_directory(d->o.follower);
	int64_t position = follower_position(d->o.follower);
	struct bytes id = id_of(m);
	struct load *load;
	struct record r;
	struct error why = { 0 };

	d->counts.records++;
	if (!m->value.data) /* a marker of a transaction that had nothing to say */
		return 0;
	if (codec_decode(d->o.codec, m->value, &d->arena, &r, &why) || !is_told(&r) || !id.len) {
		log_warn_seldom("a record that is not told",
				"partition %d offset %lld is passed over: %s", m->partition,
				(long long)m->offset,
				why.code ? why.text
					 : "it is not told to anybody, or has no ce_id that it can "
					   "be told under");
		arena_reset(&d->arena);
		return 0;
	}
	load = load_new(m->partition, id, m->value, message_header(m, "traceparent"));
	load->recipient = recipient_of(&r);
	load->parcels++; /* ours, while parcels are made and perhaps buried */
	for (size_t i = 0; i < d->o.endpoints->count; i++)
		if (filter_wants(&d->filters[i], &r, directory, position))
			make_parcel(d, &d->lanes[i], load, debt, now);
	load->parcels--;
	load_drop(load);
	arena_reset(&d->arena);
	*err = d->broken;
	return err->code;
}

/* ---- what others have written, or we before ---- */

static struct lane *find_lane(struct dispatch *d, struct bytes name)
{
	for (size_t i = 0; i < d->o.endpoints->count; i++)
		if (bytes_equal_text(name, d->o.endpoints->list[i].name))
			return &d->lanes[i];
	return NULL;
}

static int64_t due_of(const struct delivery *is, const struct now *now)
{
	int64_t left = is->next_at == ABSENT ? 0 : is->next_at - now->unix_ms;

	return now->monotonic_ms + (left > 0 ? left : 0);
}

static void adopt_parcel(struct dispatch *d, struct lane *l, int partition,
			 const struct delivery *is)
{
	const struct now now = clock_now();
	struct record r = { .type = is->handoff ? RECORD_HANDOFF_CHANGED : RECORD_NOTIFICATION };
	struct error err = { 0 };
	struct parcel *p;
	struct load *load;
	bool full;

	if (is->handoff)
		r.as.handoff_changed = *is->handoff;
	else
		r.as.notification = *is->notification;
	buffer_clear(&d->value);
	if (codec_encode(d->o.codec, &r, &d->value, &err)) {
		log_warn("endpoint %s: delivery %.*s is passed over: %s", l->endpoint->name,
			 BYTES_ARG(is->id), err.text);
		return;
	}
	load = load_new(partition, is->id, buffer_bytes(&d->value), (struct bytes){ 0 });
	load->recipient = recipient_of(&r);
	p = parcel_new(l->endpoint->name, load);
	p->stored = true;
	p->attempts = is->attempts;
	p->since = is->since;
	p->last_at = is->last_at;
	p->due_ms = due_of(is, &now);
	if (is->last_error.data)
		p->last_error =
			memory_must(strndup((const char *)is->last_error.data, is->last_error.len));
	if (p->since > d->last_since)
		d->last_since = p->since;
	full = lanes_are_full(d->lanes, d->o.endpoints->count);
	add_parcel(d, l, p);
	if (full)
		bury_surplus(d, p);
}

/* It may be another group's. */
static void warn_of_stranger(const struct delivery *is)
{
	char about[HOST_NAME_SIZE];

	(void)snprintf(about, sizeof(about), "no endpoint %.*s", BYTES_ARG(is->endpoint));
	log_warn_seldom(about,
			"delivery %.*s waits for endpoint %.*s, which the configuration does not "
			"have: a notifier that has an endpoint of that name delivers it",
			BYTES_ARG(is->id), BYTES_ARG(is->endpoint));
}

/*
 * A parcel that is on its way is not touched: its reply decides, and whether anybody still
 * wants it. One that waits is taken off, or tried as somebody wishes.
 */
void dispatch_owe(struct dispatch *d, int partition, struct bytes key, const struct delivery *is)
{
	struct parcel *p = find_parcel(d, key.data, key.len);
	struct lane *l = is ? find_lane(d, is->endpoint) : NULL;

	if (p && p->state == PARCEL_MOVING) {
		p->unwanted = !is;
		return;
	}
	if (p && (!is || l)) {
		if (p->debt)
			debt_pay(p->debt);
		end_parcel(d, p);
	}
	if (!is || is->state != DELIVERY_WAITING)
		return;
	if (!l)
		warn_of_stranger(is);
	else if (is->notification || is->handoff)
		adopt_parcel(d, l, partition, is);
}

/* What is read from the ledger anew, and is older than the last failure, ends no pause. */
static void open_lane(struct lane *l, const struct endpoint_changed *c)
{
	if (l->circuit.state != CIRCUIT_DISABLED && c->since < l->failed_ms)
		return;
	if (circuit_enable(&l->circuit))
		log_info("endpoint %s is open again", l->endpoint->name);
}

void dispatch_change(struct dispatch *d, const struct endpoint_changed *c)
{
	struct lane *l = find_lane(d, c->endpoint);

	if (!l)
		return;
	if (c->state == ENDPOINT_OPEN) {
		open_lane(l, c);
		return;
	}
	if (!circuit_disable(&l->circuit))
		return;
	lane_note_problem(l, c->reason, c->since);
	log_warn("endpoint %s is disabled: %.*s", l->endpoint->name,
		 c->reason.data ? (int)c->reason.len : 0,
		 c->reason.data ? (const char *)c->reason.data : "");
	hold_lane(d, l);
}

/* ---- replies ---- */

static void tell_circuit(const struct lane *l, const char *why, int64_t now_ms)
{
	char span[SPAN_SIZE];

	switch (l->circuit.state) {
	case CIRCUIT_CLOSED:
		log_info("endpoint %s works again", l->endpoint->name);
		return;
	case CIRCUIT_OPEN:
		clock_format_span(span, l->circuit.until_ms - now_ms);
		log_warn_seldom(l->endpoint->name, "endpoint %s is left alone for %s: %s",
				l->endpoint->name, span, why);
		return;
	case CIRCUIT_TRIAL:
		return;
	case CIRCUIT_DISABLED:
		log_warn("endpoint %s is disabled until somebody opens it: %s", l->endpoint->name,
			 why);
		return;
	}
}

/* All notifiers must hear of it. */
static void announce_disabled(struct dispatch *d, const struct lane *l, const char *why,
			      const struct now *now)
{
	const struct endpoint_changed c = { .endpoint = bytes_of(l->endpoint->name),
					    .state = ENDPOINT_DISABLED,
					    .reason = bytes_of(why),
					    .since = now->unix_ms };
	struct error err = { 0 };

	if (ledger_change(d->o.ledger, &c, &err))
		note_broken(d, &err);
}

static void note_reply(struct dispatch *d, struct lane *l, const struct carried *c,
		       const struct now *now)
{
	bool news =
		circuit_note(&l->circuit, c->reply, c->asked_ms, draw_chance(d), now->monotonic_ms);

	if (news)
		tell_circuit(l, c->why, now->monotonic_ms);
	if (news && l->circuit.state == CIRCUIT_DISABLED)
		announce_disabled(d, l, c->why, now);
}

static void note_attempt(struct parcel *p, const struct carried *c, const struct now *now)
{
	p->last_at = now->unix_ms;
	lane_note_problem(p->lane, bytes_of(c->why), now->unix_ms);
	free(p->last_error);
	p->last_error = memory_must(strdup(c->why));
}

/* It waits in memory and in the ledger; nothing dies of an attempt that does not count. */
static void retry_parcel(struct dispatch *d, struct parcel *p, const struct step *step,
			 const struct now *now)
{
	lane_return(p->lane, p, now->monotonic_ms + step->wait_ms);
	if (step->counts)
		hold_parcel(d, p, now->unix_ms + step->wait_ms);
	else
		keep_parcel(d, p, now->unix_ms + step->wait_ms);
}

static void move_on(struct dispatch *d, struct parcel *p, const struct step *step, const char *why,
		    const struct now *now)
{
	switch (step->kind) {
	case STEP_DONE:
		take_off(d, p);
		end_parcel(d, p);
		return;
	case STEP_RETRY:
		retry_parcel(d, p, step, now);
		return;
	case STEP_HOLD:
		lane_return(p->lane, p, now->monotonic_ms);
		hold_parcel(d, p, ABSENT);
		return;
	case STEP_DEAD:
		bury_parcel(d, p, why);
		return;
	}
}

void dispatch_settle(struct dispatch *d, struct parcel *p, const struct carried *c)
{
	const struct now now = clock_now();
	struct lane *l = p->lane;
	const struct attempted a = { .reply = c->reply,
				     .attempts = p->attempts + 1,
				     .age_ms = now.unix_ms - p->since,
				     .asked_ms = c->asked_ms };
	struct step step = step_after(l->endpoint, &a, draw_chance(d));

	note_reply(d, l, c, &now);
	if (step.counts)
		p->attempts++;
	if (step.kind == STEP_DONE) {
		d->counts.delivered++;
	} else {
		d->counts.failed++;
		log_debug("endpoint %s: delivery %.*s: %s", l->endpoint->name,
			  BYTES_ARG(p->load->id), c->why);
		note_attempt(p, c, &now);
	}
	if (p->unwanted)
		step.kind = STEP_DONE;
	move_on(d, p, &step, c->why, &now);
	if (lane_is_held(l, now.monotonic_ms))
		hold_lane(d, l);
}

/* ---- the whole ---- */

int dispatch_step(struct dispatch *d, const struct now *now, struct error *err)
{
	/* Each attempt may write; the ledger says why it is full, and when it is not any more. */
	for (size_t i = 0; i < d->o.endpoints->count && !ledger_is_full(d->o.ledger); i++) {
		struct parcel *p;

		while ((p = lane_next(&d->lanes[i], now->monotonic_ms)) != NULL)
			carrier_start(d->o.carrier, p);
	}
	*err = d->broken;
	return err->code;
}

int64_t dispatch_due_ms(const struct dispatch *d, int64_t now_ms)
{
	int64_t earliest = INT64_MAX;

	for (size_t i = 0; i < d->o.endpoints->count; i++) {
		int64_t due = lane_due_ms(&d->lanes[i], now_ms);

		earliest = due < earliest ? due : earliest;
	}
	return earliest;
}

bool dispatch_is_full(const struct dispatch *d)
{
	return d->parcels >= DISPATCH_PARCELS_MAX || d->bytes >= DISPATCH_BYTES_MAX;
}

struct dispatch_counts dispatch_counts(const struct dispatch *d)
{
	return d->counts;
}

const struct lane *dispatch_lane(const struct dispatch *d, size_t at)
{
	return &d->lanes[at];
}
