/* sharebus endpoints list | test | enable: whom the notifier tells. */

#include "producer/operator/endpoints.h"

#include "ops/support/clock.h"
#include "ops/support/nearest.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/inside.h"
#include "producer/operator/ledger.h"
#include "producer/operator/notifiers.h"
#include "producer/operator/trial.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { ENDPOINTS_PARTITION = 0 }; /* where the ledger says of endpoints what they are */

/* An endpoint as it is listed. */
struct row {
	const char *name;
	const char *type;    /* NULL: the configuration does not have it */
	const char *profile; /* NULL: it has none */
	enum endpoint_state state;
	int64_t since; /* ABSENT: ever */
	struct bytes reason;
	bool by_operator;
	size_t waiting;
	size_t dead;
	const struct told_endpoint *told; /* what notifiers say of it; NULL: nothing */
};

struct rows {
	struct session *session;
	struct row *list;
	size_t count;
	size_t cap;
};

/* ---- gathering ---- */

static struct row *need_row(struct rows *all, const char *name)
{
	struct arena *arena = &all->session->arena;

	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->list[i].name, name) == 0)
			return &all->list[i];
	all->list = arena_grow(arena, all->list, &all->cap, all->count + 1, sizeof(*all->list));
	all->list[all->count] = (struct row){ .name = text_of(arena_copy(arena, bytes_of(name))),
					      .state = ENDPOINT_OPEN,
					      .since = ABSENT };
	return &all->list[all->count++];
}

static void add_configured(struct rows *all)
{
	const struct config *config = all->session->config;
	const char *name;

	for (size_t i = 0; (name = config_endpoint(config, i)); i++) {
		struct row *r = need_row(all, name);

		r->type = config_endpoint_get(config, name, "type");
		r->profile = config_endpoint_get(config, name, "profile");
	}
}

static void take_change(struct rows *all, const struct endpoint_changed *c)
{
	struct arena *arena = &all->session->arena;
	struct row *r = need_row(all, text_of(arena_copy(arena, c->endpoint)));

	r->state = c->state;
	r->since = c->since;
	r->reason = arena_copy(arena, c->reason);
	r->by_operator = c->by_operator;
}

static void take_delivery(struct rows *all, const struct delivery *d)
{
	struct row *r = need_row(all, text_of(arena_copy(&all->session->arena, d->endpoint)));

	if (d->state == DELIVERY_DEAD)
		r->dead++;
	else
		r->waiting++;
}

static void add_owed(struct rows *all, const struct ledger *l)
{
	struct arena arena;
	struct record r;

	arena_init(&arena);
	for (size_t i = 0; i < l->count; i++) {
		bool whole = ledger_decode_listed(all->session, &l->list[i], &arena, &r);

		if (whole && r.type == RECORD_DELIVERY)
			take_delivery(all, &r.as.delivery);
		else if (whole)
			take_change(all, &r.as.endpoint_changed);
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static int gather_rows(struct rows *all, struct error *err)
{
	struct ledger l = { 0 };
	int rc = inside_open_codec(all->session, err);

	add_configured(all);
	if (!rc)
		rc = ledger_read(&l, all->session, NULL, err);
	if (!rc)
		add_owed(all, &l);
	return rc;
}

/*
 * What the ledger calls open may be left alone by the notifiers. That they are not
 * heard hides nothing of the ledger.
 */
static void add_told(struct rows *all, struct notifiers *n)
{
	struct error err = { 0 };

	if (notifiers_ask_endpoints(n, all->session, &err)) {
		(void)error_prefix(&err, "what the notifiers say of the endpoints is not known");
		complain(&err);
		return;
	}
	for (size_t i = 0; i < all->count; i++)
		all->list[i].told = notifiers_endpoint(n, all->list[i].name);
}

/* ---- list ---- */

/* Is it open, but nothing is sent to it now? */
static bool is_held(const struct row *r)
{
	return r->state == ENDPOINT_OPEN && r->told &&
	       (r->told->state == TOLD_LEFT_ALONE || r->told->state == TOLD_PAUSED);
}

static const char *state_name(const struct row *r)
{
	return is_held(r) ? told_state_name(r->told->state)
			  : symbol_name(endpoint_state_symbols, (int)r->state);
}

static struct bytes reason_of(const struct row *r)
{
	return is_held(r) && r->told->problem.len ? r->told->problem : r->reason;
}

static json_t *row_json(const struct row *r)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "endpoint", json_text(bytes_of(r->name)));
	(void)json_object_set_new(o, "type", json_text(bytes_of(r->type)));
	(void)json_object_set_new(o, "profile", json_text(bytes_of(r->profile)));
	(void)json_object_set_new(o, "state", json_string(state_name(r)));
	(void)json_object_set_new(o, "since", time_json(time_of(r->since)));
	(void)json_object_set_new(o, "until", time_json(is_held(r) ? r->told->until_ms : 0));
	(void)json_object_set_new(o, "reason", json_text(reason_of(r)));
	(void)json_object_set_new(o, "by_operator", json_boolean(r->by_operator));
	(void)json_object_set_new(o, "waiting", json_integer((json_int_t)r->waiting));
	(void)json_object_set_new(o, "dead", json_integer((json_int_t)r->dead));
	return o;
}

static struct bytes kind_text(struct arena *arena, const struct row *r)
{
	if (!r->type)
		return (struct bytes){ 0 };
	return arena_printf(arena, "%s%s%s", r->type, r->profile ? " " : "",
			    r->profile ? r->profile : "");
}

static void print_rows(struct rows *all)
{
	static const char *const titles[] = { "ENDPOINT", "TYPE",  "STATE", "WAITING",
					      "DEAD",     "SINCE", "UNTIL", "REASON" };
	struct arena *arena = &all->session->arena;
	struct table t;

	table_init(&t, arena, titles, sizeof(titles) / sizeof(titles[0]));
	for (size_t i = 0; i < all->count; i++) {
		const struct row *r = &all->list[i];
		char since[RFC3339_SIZE] = "-";
		char until[RFC3339_SIZE] = "-";

		if (r->since != ABSENT)
			clock_format_rfc3339(since, r->since);
		if (is_held(r) && r->told->until_ms)
			clock_format_rfc3339(until, r->told->until_ms);
		table_add(&t, (const struct bytes[]){
				      bytes_of(r->name),
				      kind_text(arena, r),
				      bytes_of(strcmp(state_name(r), "left_alone") == 0
						       ? "left alone"
						       : state_name(r)),
				      arena_printf(arena, "%zu", r->waiting),
				      arena_printf(arena, "%zu", r->dead),
				      arena_printf(arena, "%s", since),
				      arena_printf(arena, "%s", until),
				      reason_of(r),
			      });
	}
	table_print(&t);
	if (!all->count)
		(void)fprintf(stderr, "The configuration has no endpoints.\n");
}

static void print_rows_json(const struct rows *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++)
		(void)json_array_append_new(list, row_json(&all->list[i]));
	json_print(list);
}

enum exit_code run_endpoints_list(struct session *s, const struct arguments *a)
{
	struct rows all = { .session = s };
	struct notifiers told;
	struct error err = { 0 };

	(void)a;
	if (gather_rows(&all, &err))
		return failure_report(s, &err);
	add_told(&all, &told);
	if (s->output == OUTPUT_JSON)
		print_rows_json(&all);
	else
		print_rows(&all);
	return EXIT_DONE;
}

/* ---- enable ---- */

int endpoints_require(const struct session *s, const char *name, struct error *err)
{
	struct nearest best = { name, NULL, NEAREST_FAR };
	const char *known;

	for (size_t i = 0; (known = config_endpoint(s->config, i)); i++) {
		if (strcmp(known, name) == 0)
			return 0;
		nearest_offer(&best, known);
	}
	return error_set(err, ERROR_INPUT, "the configuration has no endpoint %s%s%s%s", name,
			 best.name ? "; did you mean " : "", best.name ? best.name : "",
			 best.name ? "?" : "");
}

static int write_enabled(struct session *s, const char *name, struct error *err)
{
	const struct record r = {
		.type = RECORD_ENDPOINT_CHANGED,
		.as.endpoint_changed = { .endpoint = bytes_of(name),
					 .state = ENDPOINT_OPEN,
					 .since = clock_unix_ms(),
					 .by_operator = true },
	};
	struct position at;
	int rc = endpoints_require(s, name, err);

	if (!rc)
		rc = inside_open_bus(s, err);
	return rc ? rc : ledger_write(s, name, &r, ENDPOINTS_PARTITION, &at, err);
}

enum exit_code run_endpoints_enable(struct session *s, const struct arguments *a)
{
	const char *name = a->operands[0];
	struct error err = { 0 };

	if (write_enabled(s, name, &err))
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		json_print(json_pack("{so ss}", "endpoint", json_text(bytes_of(name)), "state",
				     symbol_name(endpoint_state_symbols, ENDPOINT_OPEN)));
	else
		(void)printf("%s is open\n", text_of(printable(bytes_of(name), &s->arena)));
	return EXIT_DONE;
}

/* ---- test ---- */

/* Why no notifier has tried it: because it lets the endpoint alone, or for no reason that is known. */
static struct bytes untried_text(struct session *s, const char *name)
{
	struct row row = { .name = name, .state = ENDPOINT_OPEN };
	struct notifiers n;
	struct error err = { 0 };
	char until[RFC3339_SIZE] = "later";

	if (!notifiers_ask_endpoints(&n, s, &err))
		row.told = notifiers_endpoint(&n, name);
	if (!is_held(&row))
		return bytes_of("no notifier has tried it in time");
	if (row.told->until_ms)
		clock_format_rfc3339(until, row.told->until_ms);
	return arena_printf(&s->arena,
			    "it is left alone until %s (%.*s); `sharebus endpoints enable %s` has "
			    "it tried at once",
			    until, BYTES_ARG(row.told->problem), name);
}

static enum exit_code report_trial(struct session *s, const char *name, const struct trial *t)
{
	struct bytes why = t->why.data ? t->why : untried_text(s, name);
	json_t *o;

	if (s->output == OUTPUT_JSON) {
		o = json_pack("{so sb so}", "endpoint", json_text(bytes_of(name)), "arrived",
			      t->end == TRIAL_ARRIVED, "last_error", json_text(t->why));
		if (t->end == TRIAL_UNSEEN)
			(void)json_object_set_new(o, "error",
						  failure_json("unavailable", text_of(why)));
		json_print(o);
	} else if (t->end == TRIAL_ARRIVED) {
		(void)printf("%s has taken it\n", text_of(printable(bytes_of(name), &s->arena)));
	}
	if (t->end == TRIAL_ARRIVED)
		return EXIT_DONE;
	(void)fprintf(stderr, "sharebus: %s: %s\n", text_of(printable(bytes_of(name), &s->arena)),
		      text_of(printable(why, &s->arena)));
	return t->end == TRIAL_FAILED ? EXIT_NO : EXIT_UNAVAILABLE;
}

/* What is for a disabled endpoint waits: a test would only time out. */
static int try_open(struct trial *out, struct session *s, const char *name, struct error *err)
{
	struct rows all = { .session = s };
	const struct row *is;
	int rc = gather_rows(&all, err);

	if (rc)
		return rc;
	is = need_row(&all, name);
	if (is->state == ENDPOINT_OPEN)
		return trial_run(out, s, name, err);
	out->end = TRIAL_FAILED;
	out->why = arena_printf(
		&s->arena, "it is disabled (%.*s); open it with `sharebus endpoints enable %s`",
		(int)is->reason.len, (const char *)is->reason.data, name);
	return 0;
}

enum exit_code run_endpoints_test(struct session *s, const struct arguments *a)
{
	const char *name = a->operands[0];
	struct trial trial = { .end = TRIAL_UNSEEN };
	struct error err = { 0 };
	int rc = endpoints_require(s, name, &err);

	if (!rc)
		rc = try_open(&trial, s, name, &err);
	return rc ? failure_report(s, &err) : report_trial(s, name, &trial);
}
