/* sharebus deadletter list | show */

#include "ops/support/base64.h"
#include "ops/support/clock.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/letters.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>

enum {
	FLAG_LIMIT = 1,
	FLAG_RAW,
	LIMIT_DEFAULT = 100,
	LIMIT_MAX = 10000, /* twice that many rows: about 13 MB */
	REASON_MAX = 500,  /* bytes of a reason that list keeps: anybody may have written it */
	DUMP_MAX = 4096,
	DUMP_LINE = 16,
	WINDOW_GROWTH = 8,
};

const struct flag deadletter_list_flags[] = {
	{ "limit", FLAG_LIMIT, "N", "show the last N (100)" },
	{ NULL, 0, NULL, NULL },
};

const struct flag deadletter_show_flags[] = {
	{ "raw", FLAG_RAW, NULL, "write only the value of the record, byte by byte" },
	{ NULL, 0, NULL, NULL },
};

/* What list keeps of a letter. */
struct row {
	struct position at;
	struct position from;
	int64_t time;
	int64_t size;  /* of the record's value; ABSENT: none */
	bool abridged; /* only the value's beginning was kept */
	size_t topic_len;
	size_t reason_len;
	bool has_reason;
	bool has_topic;
	char reason[REASON_MAX];
	char topic[64];
};

struct listing {
	struct row *rows; /* room for twice `limit`: when it is full, the older half is dropped */
	size_t count;
	size_t limit;
	int64_t *seen; /* letters read of each partition */
};

/* ---- list ---- */

static int by_age(const void *a, const void *b)
{
	const struct row *x = a;
	const struct row *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	if (x->at.partition != y->at.partition)
		return x->at.partition < y->at.partition ? -1 : 1;
	return x->at.offset < y->at.offset ? -1 : x->at.offset > y->at.offset;
}

/* Sorts the rows and keeps only the newest. */
static void keep_newest(struct listing *all)
{
	size_t drop = all->count > all->limit ? all->count - all->limit : 0;

	qsort(all->rows, all->count, sizeof(*all->rows), by_age);
	memmove(all->rows, all->rows + drop, (all->count - drop) * sizeof(*all->rows));
	all->count -= drop;
}

/* Copies text, cut before the first character that does not fit. */
static size_t keep_text(char *out, size_t size, struct bytes text)
{
	size_t len = text.len < size ? text.len : size;

	if (!text.data)
		return 0;
	while (len && len < text.len && (text.data[len] & 0xc0) == 0x80)
		len--;
	memcpy(out, text.data, len);
	return len;
}

static void fill_row(struct row *r, const struct letter *l)
{
	*r = (struct row){
		.at = l->at,
		.from = l->from,
		.time = l->time,
		.size = letter_size(l),
		.abridged = l->whole_size != ABSENT,
		.has_reason = l->reason.data != NULL,
		.has_topic = l->topic.data != NULL,
	};
	r->reason_len = keep_text(r->reason, sizeof(r->reason), l->reason);
	r->topic_len = keep_text(r->topic, sizeof(r->topic), l->topic);
}

static int take_row(void *context, const struct letter *l, struct error *err)
{
	struct listing *all = context;

	(void)err;
	if (all->count == 2 * all->limit)
		keep_newest(all);
	assert(all->count < 2 * all->limit);
	fill_row(&all->rows[all->count++], l);
	all->seen[l->at.partition]++;
	return 0;
}

/* Has each partition alone shown as many as are wanted? Then nothing older is among the newest. */
static bool is_enough(const struct listing *all, int partitions)
{
	for (int i = 0; i < partitions; i++)
		if (all->seen[i] < (int64_t)all->limit)
			return false;
	return true;
}

/*
 * Reads from the end, in steps that grow backwards: the last page of a topic
 * with a month of large values does not cost reading all of it. A fixed number of
 * offsets would not do, since transactions leave offsets without records.
 */
static int list_newest(struct session *s, struct letters *l, struct listing *all, struct error *err)
{
	size_t partitions = (size_t)letters_partitions(l);
	int64_t window = 2 * (int64_t)all->limit;
	bool whole = false;
	int rc = 0;

	all->rows = arena_alloc(&s->arena, 2 * all->limit * sizeof(*all->rows));
	all->seen = arena_alloc(&s->arena, partitions * sizeof(*all->seen));
	while (!rc && !whole) {
		all->count = 0;
		memset(all->seen, 0, partitions * sizeof(*all->seen));
		rc = letters_read(l, window, take_row, all, &whole, err);
		whole = whole || is_enough(all, (int)partitions);
		window *= WINDOW_GROWTH;
	}
	keep_newest(all);
	return rc;
}

static struct bytes time_text(struct arena *arena, int64_t time)
{
	char *text = arena_alloc(arena, RFC3339_SIZE);

	if (time == ABSENT)
		return (struct bytes){ 0 };
	clock_format_rfc3339(text, time);
	return bytes_of(text);
}

static struct bytes row_reason(const struct row *r)
{
	return r->has_reason ? (struct bytes){ (const uint8_t *)r->reason, r->reason_len }
			     : (struct bytes){ 0 };
}

static struct bytes row_topic(const struct row *r)
{
	return r->has_topic ? (struct bytes){ (const uint8_t *)r->topic, r->topic_len }
			    : (struct bytes){ 0 };
}

static void print_rows(struct session *s, const struct listing *all)
{
	static const char *const titles[] = { "POSITION", "FROM", "AT", "SIZE", "REASON" };
	struct table t;

	table_init(&t, &s->arena, titles, 5);
	for (size_t i = 0; i < all->count; i++) {
		const struct row *r = &all->rows[i];
		const struct bytes cells[] = {
			position_text(&s->arena, &r->at),
			position_text(&s->arena, &r->from),
			time_text(&s->arena, r->time),
			r->size == ABSENT ? (struct bytes){ 0 }
					  : arena_printf(&s->arena, "%lld", (long long)r->size),
			row_reason(r),
		};

		table_add(&t, cells);
	}
	table_print(&t);
	if (!all->count)
		(void)fprintf(stderr, "No dead letters.\n");
}

/* The keys that list and show have in common; see commands.h. */
static json_t *row_json(struct session *s, const struct row *r)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "position", json_text(position_text(&s->arena, &r->at)));
	(void)json_object_set_new(o, "from", json_text(position_text(&s->arena, &r->from)));
	(void)json_object_set_new(o, "topic", json_text(row_topic(r)));
	(void)json_object_set_new(o, "at", json_text(time_text(&s->arena, r->time)));
	(void)json_object_set_new(o, "size",
				  r->size == ABSENT ? json_null() : json_integer(r->size));
	(void)json_object_set_new(o, "abridged", json_boolean(r->abridged));
	(void)json_object_set_new(o, "reason", json_text(row_reason(r)));
	return o;
}

static void print_rows_json(struct session *s, const struct listing *all)
{
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++)
		(void)json_array_append_new(list, row_json(s, &all->rows[i]));
	json_print(list);
}

enum exit_code run_deadletter_list(struct session *s, const struct arguments *a)
{
	struct listing all = { 0 };
	struct letters *l = NULL;
	struct error err = { 0 };
	int64_t limit = LIMIT_DEFAULT;
	int rc = argument_number(a, FLAG_LIMIT, "limit", LIMIT_MAX, &limit, &err);

	all.limit = (size_t)limit;
	if (!rc)
		rc = letters_open(&l, s, &err);
	if (!rc)
		rc = list_newest(s, l, &all, &err);
	if (!rc && s->output == OUTPUT_JSON)
		print_rows_json(s, &all);
	else if (!rc)
		print_rows(s, &all);
	letters_close(&l);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}

/* ---- show ---- */

/* In base64; what is absent is null. */
static json_t *bytes_json(struct bytes b, struct arena *arena)
{
	return json_text(b.data ? base64_encode(b, arena) : b);
}

static void print_letter_json(struct session *s, const struct letter *l, const struct row *r)
{
	json_t *o = row_json(s, r);
	json_t *headers = json_array();
	struct header h;

	(void)json_object_set_new(o, "reason", json_text(l->reason));
	(void)json_object_set_new(o, "key", bytes_json(l->key, &s->arena));
	for (size_t i = 0; letter_header(l, i, &h); i++) {
		json_t *one = json_object();

		(void)json_object_set_new(one, "name", json_text(bytes_of(h.name)));
		(void)json_object_set_new(one, "value", bytes_json(h.value, &s->arena));
		(void)json_array_append_new(headers, one);
	}
	(void)json_object_set_new(o, "headers", headers);
	(void)json_object_set_new(o, "value", bytes_json(l->value, &s->arena));
	json_print(o);
}

/* One line, as `hexdump -C` prints it. */
static void dump_line(struct bytes b, size_t at)
{
	(void)printf("%08zx ", at);
	for (size_t i = 0; i < DUMP_LINE; i++) {
		if (i % 8 == 0)
			(void)putchar(' ');
		if (at + i < b.len)
			(void)printf("%02x ", b.data[at + i]);
		else
			(void)printf("   ");
	}
	(void)printf(" |");
	for (size_t i = at; i < at + DUMP_LINE && i < b.len; i++)
		(void)putchar(b.data[i] >= 0x20 && b.data[i] < 0x7f ? b.data[i] : '.');
	(void)printf("|\n");
}

static void dump_value(struct bytes value)
{
	struct bytes shown = { value.data, value.len < DUMP_MAX ? value.len : DUMP_MAX };

	for (size_t at = 0; value.data && at < shown.len; at += DUMP_LINE)
		dump_line(shown, at);
	if (shown.len < value.len)
		(void)printf("and %zu more bytes; --raw writes them all\n", value.len - shown.len);
}

static void print_field(struct session *s, const char *name, struct bytes value)
{
	(void)printf("%-22s %s\n", name,
		     value.data ? (const char *)printable(value, &s->arena).data : "-");
}

static void print_letter(struct session *s, const struct letter *l, const struct row *r)
{
	struct header h;

	print_field(s, "position", position_text(&s->arena, &l->at));
	print_field(s, "from", position_text(&s->arena, &l->from));
	print_field(s, "topic", l->topic);
	print_field(s, "at", time_text(&s->arena, l->time));
	print_field(s, "reason", l->reason);
	print_field(s, "key", l->key);
	print_field(s, "size",
		    r->size == ABSENT ? (struct bytes){ 0 }
				      : arena_printf(&s->arena, "%lld", (long long)r->size));
	(void)printf("headers\n");
	for (size_t i = 0; letter_header(l, i, &h); i++)
		print_field(s,
			    (const char *)arena_printf(
				    &s->arena, "  %s",
				    (const char *)printable(bytes_of(h.name), &s->arena).data)
				    .data,
			    h.value);
	if (r->abridged)
		(void)printf("only the first %zu bytes of the value were kept\n", l->value.len);
	if (l->value.len)
		(void)putchar('\n');
	dump_value(l->value);
}

static int write_raw(const struct letter *l, struct error *err)
{
	size_t len = l->value.len;

	if (l->whole_size != ABSENT)
		(void)fprintf(stderr, "Only the first %zu of %lld bytes were kept.\n", len,
			      (long long)l->whole_size);
	if ((len && fwrite(l->value.data, 1, len, stdout) != len) || fflush(stdout))
		return error_set(err, ERROR_UNAVAILABLE, "standard output cannot be written");
	return 0;
}

static int show_letter(struct session *s, const struct letter *l, bool raw, struct error *err)
{
	struct row row;

	if (raw)
		return write_raw(l, err);
	fill_row(&row, l);
	if (s->output == OUTPUT_JSON)
		print_letter_json(s, l, &row);
	else
		print_letter(s, l, &row);
	return 0;
}

enum exit_code run_deadletter_show(struct session *s, const struct arguments *a)
{
	bool raw = argument_has(a, FLAG_RAW);
	struct letters *l = NULL;
	struct letter letter;
	struct error err = { 0 };
	struct position at;
	int rc = position_parse(&at, a->operands[0], &err);

	if (!rc && raw && s->output == OUTPUT_JSON)
		rc = error_set(&err, ERROR_USAGE, "--raw and -o json cannot be combined");
	if (!rc)
		rc = letters_open(&l, s, &err);
	if (!rc)
		rc = letters_find(l, &at, &letter, &err);
	if (!rc)
		rc = show_letter(s, &letter, raw, &err);
	letters_close(&l);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
