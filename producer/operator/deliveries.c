/* sharebus deliveries list | show | retry: what the notifier owes. */

#include "ops/support/clock.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/endpoints.h"
#include "producer/operator/inside.h"
#include "producer/operator/ledger.h"
#include "producer/operator/notifiers.h"
#include "producer/operator/record_json.h"
#include "producer/operator/topic_reader.h"

#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_DEAD = 1, FLAG_ENDPOINT, FLAG_LIMIT, FLAG_AGAIN };
enum { LIMIT_DEFAULT = 100, LIMIT_MAX = 1000000 };

const struct flag deliveries_list_flags[] = {
	{ "dead", FLAG_DEAD, NULL, "only those that are not tried any more" },
	{ "endpoint", FLAG_ENDPOINT, "NAME", "only those for that endpoint" },
	{ "limit", FLAG_LIMIT, "N", "show the first N (100)" },
	{ NULL, 0, NULL, NULL },
};

const struct flag deliveries_retry_flags[] = {
	{ "again", FLAG_AGAIN, NULL, "also one that has arrived: it is delivered once more" },
	{ NULL, 0, NULL, NULL },
};

/* ---- what is shown ---- */

/* What it tells: "workspace_shared", or "handoff offered". */
static struct bytes what_text(struct arena *arena, const struct delivery *d)
{
	if (d->notification)
		return bytes_of(symbol_name(notification_kind_symbols, (int)d->notification->kind));
	if (d->handoff)
		return arena_printf(arena, "handoff %s",
				    symbol_name(handoff_state_symbols, (int)d->handoff->state));
	return (struct bytes){ 0 };
}

static struct bytes moment_text(struct arena *arena, int64_t ms)
{
	char text[RFC3339_SIZE];

	if (ms == ABSENT)
		return (struct bytes){ 0 };
	clock_format_rfc3339(text, ms);
	return arena_copy(arena, bytes_of(text));
}

/* All but what it tells; see commands.h. */
static json_t *delivery_json(struct session *s, const struct delivery *d)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "endpoint", json_text(d->endpoint));
	(void)json_object_set_new(o, "id", json_text(d->id));
	(void)json_object_set_new(o, "state",
				  json_string(symbol_name(delivery_state_symbols, (int)d->state)));
	(void)json_object_set_new(o, "what", json_text(what_text(&s->arena, d)));
	(void)json_object_set_new(o, "attempts", json_integer(d->attempts));
	(void)json_object_set_new(o, "since", time_json(time_of(d->since)));
	(void)json_object_set_new(o, "last_at", time_json(time_of(d->last_at)));
	(void)json_object_set_new(o, "next_at", time_json(time_of(d->next_at)));
	(void)json_object_set_new(o, "last_error", json_text(d->last_error));
	return o;
}

static json_t *content_json(const struct delivery *d)
{
	struct record r = { .type = RECORD_NOTIFICATION };

	if (d->notification)
		r.as.notification = *d->notification;
	else if (d->handoff)
		r = (struct record){ RECORD_HANDOFF_CHANGED, { .handoff_changed = *d->handoff } };
	return d->notification || d->handoff ? record_json(&r) : json_null();
}

/* ---- list ---- */

struct listing {
	struct session *session;
	bool dead;
	const char *endpoint; /* NULL: all */
	struct table table;
	json_t *json;
	size_t count;
	size_t limit;
};

static bool is_listed(const struct listing *l, const struct delivery *d)
{
	return (!l->dead || d->state == DELIVERY_DEAD) &&
	       (!l->endpoint || bytes_equal_text(d->endpoint, l->endpoint));
}

static void list_delivery(struct listing *l, const struct delivery *d)
{
	struct arena *arena = &l->session->arena;

	if (++l->count > l->limit)
		return;
	if (l->json) {
		(void)json_array_append_new(l->json, delivery_json(l->session, d));
		return;
	}
	table_add(&l->table, (const struct bytes[]){
				     arena_printf(arena, "%.*s/%.*s", BYTES_ARG(d->endpoint),
						  BYTES_ARG(d->id)),
				     bytes_of(symbol_name(delivery_state_symbols, (int)d->state)),
				     what_text(arena, d),
				     arena_printf(arena, "%lld", (long long)d->attempts),
				     moment_text(arena, d->since),
				     moment_text(arena, d->next_at),
				     arena_copy(arena, d->last_error),
			     });
}

static void list_ledger(struct listing *l, const struct ledger *all)
{
	struct arena arena; /* a decoded record may be much larger than what is shown of it */
	struct record r;

	arena_init(&arena);
	for (size_t i = 0; i < all->count; i++) {
		if (ledger_decode_listed(l->session, &all->list[i], &arena, &r) &&
		    r.type == RECORD_DELIVERY && is_listed(l, &r.as.delivery))
			list_delivery(l, &r.as.delivery);
		arena_reset(&arena);
	}
	arena_done(&arena);
}

static void print_listing(struct listing *l)
{
	if (l->json)
		json_print(l->json);
	else
		table_print(&l->table);
	if (!l->json && !l->count)
		(void)fprintf(stderr, "Nothing is owed.\n");
	if (l->count <= l->limit)
		return;
	(void)fflush(stdout);
	(void)fprintf(stderr, "%zu more; --limit shows them\n", l->count - l->limit);
}

/* What is asked of an endpoint that nobody knows is a slip of the pen. */
static int check_endpoint(struct session *s, const char *name, const struct ledger *all,
			  struct error *err)
{
	size_t len = name ? strlen(name) : 0;

	for (size_t i = 0; name && i < all->count; i++) {
		const char *key = all->list[i].key;

		if (strncmp(key, name, len) == 0 && (!key[len] || key[len] == '/'))
			return 0;
	}
	return name ? endpoints_require(s, name, err) : 0;
}

enum exit_code run_deliveries_list(struct session *s, const struct arguments *a)
{
	static const char *const titles[] = { "DELIVERY", "STATE", "WHAT",      "ATTEMPTS",
					      "SINCE",    "NEXT",  "LAST ERROR" };
	struct listing l = {
		.session = s,
		.dead = argument_has(a, FLAG_DEAD),
		.endpoint = argument_value(a, FLAG_ENDPOINT),
		.json = s->output == OUTPUT_JSON ? json_array() : NULL,
	};
	struct ledger all = { 0 };
	struct error err = { 0 };
	int64_t limit = LIMIT_DEFAULT;
	int rc = argument_number(a, FLAG_LIMIT, "limit", LIMIT_MAX, &limit, &err);

	l.limit = (size_t)limit;
	if (!rc)
		rc = inside_open_codec(s, &err);
	table_init(&l.table, &s->arena, titles, sizeof(titles) / sizeof(titles[0]));
	if (!rc)
		rc = ledger_read(&all, s, NULL, &err);
	if (!rc)
		rc = check_endpoint(s, l.endpoint, &all, &err);
	if (!rc) {
		list_ledger(&l, &all);
		print_listing(&l);
		return EXIT_DONE;
	}
	json_decref(l.json);
	return failure_report(s, &err);
}

/* ---- one of them ---- */

/* Splits "endpoint/id"; neither of them has a slash. */
static int check_key(const char *text, struct error *err)
{
	const char *slash = strchr(text, '/');

	if (slash && slash != text && slash[1] && !strchr(slash + 1, '/'))
		return 0;
	return error_set(err, ERROR_USAGE,
			 "\"%s\" is no delivery; give ENDPOINT/ID, as `sharebus deliveries list` "
			 "shows it",
			 text);
}

/* Sets *out to what is owed under that key; its position is that of no partition if nothing is. */
static int find_delivery(struct session *s, const char *key, struct record *out,
			 struct position *at, struct error *err)
{
	struct ledger found = { 0 };
	int rc = check_key(key, err);

	if (!rc)
		rc = inside_open_codec(s, err);
	if (!rc)
		rc = ledger_read(&found, s, key, err);
	*at = (struct position){ -1, -1 };
	if (rc || !found.count)
		return rc;
	rc = ledger_decode(s, &found.list[0], &s->arena, out, err);
	if (!rc && out->type != RECORD_DELIVERY)
		rc = error_set(err, ERROR_INPUT, "%s is no delivery", key);
	if (!rc)
		*at = found.list[0].at;
	return rc;
}

static int refuse_unknown(const char *key, const char *more, struct error *err)
{
	return error_set(err, ERROR_INPUT,
			 "there is no delivery %s: it has arrived, or never was%s", key, more);
}

static void print_field(struct session *s, const char *name, struct bytes value)
{
	(void)printf("%-12s %s\n", name, value.data ? text_of(printable(value, &s->arena)) : "-");
}

static void print_content(struct session *s, const struct delivery *d)
{
	json_t *content = content_json(d);
	char *text = json_dumps(content, JSON_INDENT(2) | JSON_ENSURE_ASCII);

	(void)s;
	(void)printf("\n%s\n", text ? text : "-");
	free(text);
	json_decref(content);
}

static void print_delivery(struct session *s, const struct delivery *d)
{
	struct arena *arena = &s->arena;

	print_field(s, "endpoint", d->endpoint);
	print_field(s, "id", d->id);
	print_field(s, "state", bytes_of(symbol_name(delivery_state_symbols, (int)d->state)));
	print_field(s, "what", what_text(arena, d));
	print_field(s, "attempts", arena_printf(arena, "%lld", (long long)d->attempts));
	print_field(s, "since", moment_text(arena, d->since));
	print_field(s, "last", moment_text(arena, d->last_at));
	print_field(s, "next", moment_text(arena, d->next_at));
	print_field(s, "last error", d->last_error);
	print_content(s, d);
}

enum exit_code run_deliveries_show(struct session *s, const struct arguments *a)
{
	struct error err = { 0 };
	struct position at;
	struct record r = { 0 };
	json_t *o;
	int rc = find_delivery(s, a->operands[0], &r, &at, &err);

	if (!rc && at.partition < 0)
		rc = refuse_unknown(a->operands[0], "", &err);
	if (rc)
		return failure_report(s, &err);
	if (s->output == OUTPUT_TABLE) {
		print_delivery(s, &r.as.delivery);
		return EXIT_DONE;
	}
	o = delivery_json(s, &r.as.delivery);
	(void)json_object_set_new(o, "content", content_json(&r.as.delivery));
	json_print(o);
	return EXIT_DONE;
}

/* ---- retry ---- */

static bool has_id(const struct rd_kafka_message_s *m, const char *id)
{
	rd_kafka_headers_t *headers = NULL;
	const void *value = NULL;
	size_t len = 0;

	if (rd_kafka_message_headers(m, &headers) ||
	    rd_kafka_header_get_last(headers, "ce_id", &value, &len))
		return false;
	return bytes_equal_text((struct bytes){ value, len }, id);
}

/* Sets *out to the record that has this id on the topic, and *at; to no partition if there is none. */
static int find_told(struct session *s, enum topic topic, const char *id, struct record *out,
		     struct position *at, struct error *err)
{
	const struct rd_kafka_message_s *m = NULL;
	struct topic_reader *r = NULL;
	bool whole;
	int rc = topic_reader_open(&r, s, topic, topic_name(topic), err);

	if (!rc)
		rc = topic_reader_begin(r, 0, &whole, err);
	if (!rc)
		rc = topic_reader_next(r, &m, err);
	while (!rc && m && !has_id(m, id))
		rc = topic_reader_next(r, &m, err);
	*at = (struct position){ -1, -1 };
	if (!rc && m) {
		rc = codec_decode(inside_codec(s), (struct bytes){ m->payload, m->len }, &s->arena,
				  out, err);
		*at = (struct position){ m->partition, m->offset };
	}
	topic_reader_close(&r);
	return rc;
}

/* Makes the delivery of what has been told once, from the topic that it is on. */
static int recall_delivery(struct session *s, const char *key, struct delivery *out, int *partition,
			   struct error *err)
{
	static const enum topic topics[] = { TOPIC_NOTIFICATIONS, TOPIC_HANDOFFS };
	const char *id = strchr(key, '/') + 1;
	struct record *told = arena_alloc(&s->arena, sizeof(*told));
	struct position at = { -1, -1 };
	int rc;

	*out = (struct delivery){
		.endpoint = arena_printf(&s->arena, "%.*s", (int)(id - key - 1), key),
		.id = bytes_of(id),
	};
	rc = endpoints_require(s, text_of(out->endpoint), err);
	for (size_t i = 0; !rc && at.partition < 0 && i < 2; i++)
		rc = find_told(s, topics[i], id, told, &at, err);
	if (!rc && at.partition < 0)
		rc = error_set(err, ERROR_INPUT, "neither %s nor %s has a record %s",
			       topic_name(topics[0]), topic_name(topics[1]), id);
	if (rc)
		return rc;
	if (told->type == RECORD_NOTIFICATION)
		out->notification = &told->as.notification;
	else if (told->type == RECORD_HANDOFF_CHANGED)
		out->handoff = &told->as.handoff_changed;
	else
		return error_set(err, ERROR_INPUT, "the record %s is a %s", id,
				 record_name(told->type));
	*partition = at.partition;
	return 0;
}

/* It is only tried again by a notifier that has its endpoint. */
static void warn_untold(struct session *s, const char *key)
{
	const char *name = text_of(arena_printf(&s->arena, "%.*s", (int)strcspn(key, "/"), key));
	struct notifiers told;
	struct error err = { 0 };

	if (!endpoints_require(s, name, &err) || notifiers_ask_endpoints(&told, s, &err) ||
	    notifiers_endpoint(&told, name))
		return;
	(void)error_set(&err, ERROR_INPUT,
			"neither the configuration nor a notifier that runs has an endpoint %s: %s "
			"waits until one has",
			name, key);
	complain(&err);
}

static enum exit_code report_waiting(struct session *s, const char *key)
{
	struct bytes text = arena_printf(
		&s->arena, "%s is on its way: the notifier tries it again by itself", key);

	if (s->output == OUTPUT_JSON)
		json_print(json_pack("{so}", "error", failure_json("on_its_way", text_of(text))));
	(void)fprintf(stderr, "sharebus: %s\n", text_of(printable(text, &s->arena)));
	warn_untold(s, key);
	return EXIT_NO;
}

static int write_retry(struct session *s, const char *key, struct delivery *d, int partition,
		       struct error *err)
{
	struct record r = { .type = RECORD_DELIVERY };
	struct position at;
	int rc = inside_open_bus(s, err);

	if (rc)
		return rc;
	d->state = DELIVERY_WAITING;
	d->attempts = 0;
	d->next_at = clock_unix_ms();
	d->last_at = ABSENT;
	d->last_error = (struct bytes){ 0 };
	d->since = d->next_at; /* so that it is not given up at once */
	r.as.delivery = *d;
	rc = ledger_write(s, key, &r, partition, &at, err);
	if (rc)
		return rc;
	if (s->output == OUTPUT_JSON)
		json_print(delivery_json(s, d));
	else
		(void)printf("%s is tried again\n", text_of(printable(bytes_of(key), &s->arena)));
	warn_untold(s, key);
	return 0;
}

enum exit_code run_deliveries_retry(struct session *s, const struct arguments *a)
{
	const char *key = a->operands[0];
	struct error err = { 0 };
	struct delivery d = { 0 };
	struct position at;
	struct record r = { 0 };
	int rc = find_delivery(s, key, &r, &at, &err);
	int partition = at.partition;

	if (!rc && partition >= 0)
		d = r.as.delivery;
	if (!rc && partition >= 0 && d.state == DELIVERY_WAITING)
		return report_waiting(s, key);
	if (!rc && partition < 0 && !argument_has(a, FLAG_AGAIN))
		rc = refuse_unknown(key, "; --again delivers what has arrived once more", &err);
	if (!rc && partition < 0)
		rc = recall_delivery(s, key, &d, &partition, &err);
	if (!rc)
		rc = write_retry(s, key, &d, partition, &err);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
