/*
 * sharebus deadletter replay: sends dead letters, unchanged, back to where the
 * consumer met them, and says what becomes of them. Only a record that was written
 * with another partitioner goes to the partition of its workspace instead.
 *
 * They are sent in batches, each of which is waited for before the next one. So
 * memory is bounded, and the index still keeps the outcomes when they are asked
 * for.
 */

#include "ops/support/clock.h"
#include "producer/bus.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/inside.h"
#include "producer/operator/letters.h"
#include "producer/send.h"
#include "schemas/murmur2.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>

enum {
	FLAG_ALL = 1,
	BATCH_MAX = 200, /* far fewer than OUTCOMES_KEPT */
	BATCH_BYTES = 32 * 1024 * 1024,
	SEND_WAIT_MS = 5000, /* for the brokers alone, with --no-wait */
	POSITION_WIDTH = 16,
};

const struct flag deadletter_replay_flags[] = {
	{ "all", FLAG_ALL, NULL,
	  "all that exist now; those that are still unreadable come back as new dead letters" },
	{ NULL, 0, NULL, NULL },
};

/* One letter on its way. */
struct replayed {
	struct position at;
	struct uuid id; /* under which the index will have its outcome */
	int target;     /* the partition that it is sent to */
	struct receipt delivery;
	struct outcome_entry outcome; /* its outcome is 0 if it is not known */
	struct bytes refused;         /* why it could not be sent; absent: it could */
};

struct replay {
	struct session *session;
	struct letters *letters;
	struct replayed batch[BATCH_MAX];
	size_t count;
	size_t bytes;       /* of the batch's values */
	struct arena arena; /* of one batch */
	size_t shown;
	size_t failed; /* rejected, unreadable or refused */
};

/* ---- showing ---- */

static const char *outcome_text(const struct replayed *r)
{
	if (r->refused.data)
		return "refused";
	return r->outcome.outcome ? outcome_name(r->outcome.outcome) : NULL;
}

static struct bytes message_of(const struct replayed *r)
{
	if (r->refused.data)
		return r->refused;
	return r->outcome.outcome == OUTCOME_REJECTED ? r->outcome.message : (struct bytes){ 0 };
}

static bool was_sent(const struct replayed *r)
{
	return r->delivery.done && !r->delivery.failed;
}

static struct bytes sent_to(struct replay *p, const struct replayed *r)
{
	const struct position to = { was_sent(r) ? r->delivery.partition : -1, r->delivery.offset };

	return position_text(&p->arena, &to);
}

static void show_json(struct replay *p, const struct replayed *r)
{
	json_t *o = json_object();
	const char *code = reject_code_name(r->outcome.code);

	(void)json_object_set_new(o, "position", json_text(position_text(&p->arena, &r->at)));
	(void)json_object_set_new(o, "sent_to", json_text(sent_to(p, r)));
	(void)json_object_set_new(o, "outcome", json_text(bytes_of(outcome_text(r))));
	(void)json_object_set_new(o, "code", code[0] ? json_string(code) : json_null());
	(void)json_object_set_new(o, "message", json_text(message_of(r)));
	(void)printf("%s\n  ", p->shown ? "," : "");
	(void)json_dumpf(o, stdout, JSON_COMPACT);
	json_decref(o);
}

static void show_line(struct replay *p, const struct replayed *r)
{
	struct bytes old = position_text(&p->arena, &r->at);
	struct bytes new = sent_to(p, r);
	struct bytes why = message_of(r);
	const char *outcome = outcome_text(r);
	const char *code = reject_code_name(r->outcome.code);

	if (!p->shown)
		(void)printf("%-*s %-*s %s\n", POSITION_WIDTH, "POSITION", POSITION_WIDTH,
			     "SENT TO", "OUTCOME");
	(void)printf("%-*s %-*s %s", POSITION_WIDTH, (const char *)old.data, POSITION_WIDTH,
		     new.data ? (const char *)new.data : "-", outcome ? outcome : "-");
	if (code[0])
		(void)printf(" (%s)", code);
	if (why.data)
		(void)printf(": %s", (const char *)printable(why, &p->arena).data);
	(void)putchar('\n');
}

static bool has_failed(const struct replayed *r)
{
	return r->refused.data || r->outcome.outcome == OUTCOME_REJECTED ||
	       r->outcome.outcome == OUTCOME_UNREADABLE;
}

static void show_replayed(struct replay *p, const struct replayed *r)
{
	if (p->session->output == OUTPUT_JSON)
		show_json(p, r);
	else
		show_line(p, r);
	p->shown++;
	p->failed += has_failed(r);
}

/* ---- a batch ---- */

/* A record that this topic will never take does not stop the others; missing brokers do. */
static int check_delivery(struct replay *p, struct replayed *r, struct error *err)
{
	const struct receipt *d = &r->delivery;

	if (!d->failed || r->refused.data)
		return 0;
	if (!d->refused)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the brokers at %s did not take %d:%lld: %s",
				 config_get(p->session->config, "brokers"), r->at.partition,
				 (long long)r->at.offset, d->why);
	r->refused = arena_printf(&p->arena, "%s does not take it: %s", topic_name(TOPIC_COMMANDS),
				  d->why);
	return 0;
}

static int wait_for(struct replay *p, struct replayed *r, int64_t deadline, struct error *err)
{
	const struct awaited to = { { r->delivery.partition, r->delivery.offset }, r->id };

	if (!was_sent(r) || !p->session->wait_ms)
		return 0;
	return wait_outcome(inside_reader(p->session), &to, deadline, &p->arena, &r->outcome, err);
}

/* Whatever goes wrong, what is known of each letter is shown. */
static int finish_batch(struct replay *p, struct error *err)
{
	struct session *s = p->session;
	int64_t deadline = clock_monotonic_ms() + (s->wait_ms ? s->wait_ms : SEND_WAIT_MS);
	int rc = p->count ? send_drain(s->client, 0, deadline, err) : 0;

	for (size_t i = 0; i < p->count; i++) {
		struct replayed *r = &p->batch[i];

		if (!rc)
			rc = check_delivery(p, r, err);
		if (!rc)
			rc = wait_for(p, r, deadline, err);
		show_replayed(p, r);
	}
	(void)fflush(stdout);
	p->count = 0;
	p->bytes = 0;
	arena_reset(&p->arena);
	return rc;
}

/* ---- sending ---- */

/* It must have been met on a partition of the commands. */
static bool check_origin(struct replay *p, const struct letter *l, struct replayed *r)
{
	if (l->is_hole) {
		r->refused = bytes_of("its batch could not be unpacked, so its records are not "
				      "here; their authors must send them again");
		return false;
	}
	if (bytes_equal_text(l->topic, topic_name(TOPIC_COMMANDS)) && l->from.partition >= 0 &&
	    l->from.partition < letters_partitions(p->letters))
		return true;
	r->refused = arena_printf(&p->arena, "its headers do not say from where on %s it came",
				  topic_name(TOPIC_COMMANDS));
	return false;
}

/* What was kept in part cannot be sent as it was. */
static bool check_whole(struct replay *p, const struct letter *l, struct replayed *r)
{
	if (l->whole_size == ABSENT)
		return true;
	r->refused = arena_printf(&p->arena,
				  "only the beginning of the record was kept, because it was too "
				  "large for %s; whoever sent it must send it again",
				  topic_name(TOPIC_DEADLETTER));
	return false;
}

/* Lists the headers that are not the consumer's, in the arena. */
static struct header *own_headers(struct replay *p, const struct letter *l, size_t *count)
{
	struct header h;
	struct header *list;
	size_t all = 0;

	while (letter_header(l, all, &h))
		all++;
	list = arena_alloc(&p->arena, (all + 1) * sizeof(*list));
	*count = 0;
	for (size_t i = 0; letter_header(l, i, &h); i++)
		if (!header_is_ours(&h))
			list[(*count)++] = h;
	return list;
}

/* The id in the header ce_id; nil when that is not a UUID. */
static struct uuid event_id(const struct letter *l)
{
	struct uuid id = { { 0 } };
	struct header h;

	for (size_t i = 0; letter_header(l, i, &h); i++)
		if (strcmp(h.name, "ce_id") == 0 && uuid_parse(&id, h.value))
			id = (struct uuid){ { 0 } };
	return id;
}

static int partition_of_workspace(const struct replay *p, const struct uuid *workspace_id)
{
	char key[UUID_TEXT_SIZE];

	uuid_format(key, workspace_id);
	return partition_of(bytes_of(key), letters_partitions(p->letters));
}

/*
 * Under which id the outcome will be, and where to send the letter: of a record that
 * this program cannot read either, its event's id, and where it was.
 */
static void read_letter(struct replay *p, const struct letter *l, struct replayed *r)
{
	struct arena scratch; /* a decoded record may be much larger than its bytes */
	struct record record;

	r->id = event_id(l);
	r->target = l->from.partition;
	arena_init(&scratch);
	if (!codec_decode(inside_codec(p->session), l->value, &scratch, &record, NULL)) {
		if (record_command(&record) && !uuid_is_nil(&record_command(&record)->command_id))
			r->id = record_command(&record)->command_id;
		if (record_workspace(&record))
			r->target = partition_of_workspace(p, record_workspace(&record));
	}
	arena_done(&scratch);
}

static int queue_letter(struct replay *p, const struct letter *l, struct replayed *r,
			struct error *err)
{
	struct bus_record record = {
		.topic = topic_name(TOPIC_COMMANDS),
		.key = l->key,
		.value = l->value,
		.placed = true,
		.partition = r->target,
		.opaque = &r->delivery,
	};
	int rc;

	record.headers = own_headers(p, l, &record.header_count);
	rc = send_raw(p->session->client, &record, err);
	if (rc != ERROR_INPUT)
		return rc;
	r->refused = arena_printf(&p->arena, "%s", err->text);
	return 0;
}

static int send_letter(void *context, const struct letter *l, struct error *err)
{
	struct replay *p = context;
	struct replayed *r = &p->batch[p->count];
	int rc = 0;

	assert(p->count < BATCH_MAX);
	p->count++;

	*r = (struct replayed){ .at = l->at };
	read_letter(p, l, r);
	if (check_origin(p, l, r) && check_whole(p, l, r))
		rc = queue_letter(p, l, r, err);
	p->bytes += l->value.len;
	if (!rc && (p->count == BATCH_MAX || p->bytes >= BATCH_BYTES))
		rc = finish_batch(p, err);
	return rc;
}

/* ---- choosing ---- */

/* Finds all of them before one is sent: a position without a letter is probably mistyped. */
static int find_all(struct replay *p, const struct position *list, size_t count, struct error *err)
{
	struct letter l;
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++)
		rc = letters_find(p->letters, &list[i], &l, err);
	return rc;
}

static int replay_some(struct replay *p, const struct position *list, size_t count,
		       struct error *err)
{
	struct letter l;
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		rc = letters_find(p->letters, &list[i], &l, err);
		if (!rc)
			rc = send_letter(p, &l, err);
	}
	return rc;
}

static int replay_all(struct replay *p, struct error *err)
{
	bool whole;
	int rc = letters_read(p->letters, 0, send_letter, p, &whole, err);

	if (!rc && !p->shown && !p->count)
		(void)fprintf(stderr, "No dead letters.\n");
	return rc;
}

static int read_positions(struct session *s, const struct arguments *a, struct position **out,
			  struct error *err)
{
	struct position *list = arena_alloc(&s->arena, (a->operand_count + 1) * sizeof(*list));
	int rc = 0;

	if (argument_has(a, FLAG_ALL) == (a->operand_count > 0))
		return error_set(
			err, ERROR_USAGE,
			"give the positions to replay, as `sharebus deadletter list` shows "
			"them, or --all");
	for (size_t i = 0; !rc && i < a->operand_count; i++)
		rc = position_parse(&list[i], a->operands[i], err);
	*out = list;
	return rc;
}

/* ---- the command ---- */

static int replay_open(struct replay *p, struct error *err)
{
	int rc = p->session->wait_ms ? inside_open_reader(p->session, err) : 0;

	if (!rc)
		rc = inside_open_bus(p->session, err);
	return rc ? rc : letters_open(&p->letters, p->session, err);
}

/* Sends and shows. What was sent before an error is shown, too. */
static int replay_letters(struct replay *p, const struct position *list, size_t count,
			  struct error *err)
{
	struct error later;
	int rc;

	if (p->session->output == OUTPUT_JSON)
		(void)putchar('[');
	rc = count ? replay_some(p, list, count, err) : replay_all(p, err);
	if (finish_batch(p, rc ? &later : err) && !rc)
		rc = err->code;
	if (p->session->output == OUTPUT_JSON)
		(void)printf("%s]\n", p->shown ? "\n" : "");
	return rc;
}

/* Tells an error after the list, or that some of it failed. The list itself has the details. */
static enum exit_code conclude_replay(const struct replay *p, int rc, struct error *err)
{
	if (!rc && !p->failed)
		return EXIT_DONE;
	if (!rc)
		(void)error_set(err, ERROR_INPUT,
				"%zu of %zu records were rejected, refused or unreadable again",
				p->failed, p->shown);
	complain(err);
	return rc ? exit_code_of(rc) : EXIT_NO;
}

enum exit_code run_deadletter_replay(struct session *s, const struct arguments *a)
{
	struct replay *p = arena_zalloc(&s->arena, 1, sizeof(*p));
	struct position *list = NULL;
	struct error err = { 0 };
	enum exit_code code;
	int rc = read_positions(s, a, &list, &err);

	p->session = s;
	arena_init(&p->arena);
	if (!rc)
		rc = replay_open(p, &err);
	if (!rc)
		rc = find_all(p, list, a->operand_count, &err);
	code = rc ? failure_report(s, &err)
		  : conclude_replay(p, replay_letters(p, list, a->operand_count, &err), &err);
	letters_close(&p->letters);
	arena_done(&p->arena);
	return code;
}
