/* sharebus inbox list | read | watch: what a person was told. */

#include "cache/inbox.h"

#include "cache/reader.h"
#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/table.h"
#include "producer/cli/text.h"
#include "producer/ids.h"
#include "producer/operator/commands.h"
#include "producer/operator/inside.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>

enum {
	FLAG_LIMIT = 1,
	FLAG_UNREAD,
	FLAG_ALL,
	LIMIT_DEFAULT = 20,
	TIMEOUT_MS = 5000,
	WATCH_STEP_MS = 500, /* how long a signal waits at most */
	ID_BYTES_MAX = 255,
};

const struct flag inbox_list_flags[] = {
	{ "limit", FLAG_LIMIT, "N", "show the newest N; default: 20, at most 1000" },
	{ "unread", FLAG_UNREAD, NULL, "of these, only those that are unread" },
	{ NULL, 0, NULL, NULL },
};

const struct flag inbox_read_flags[] = {
	{ "all", FLAG_ALL, NULL, "all that are there now" },
	{ NULL, 0, NULL, NULL },
};

const struct flag inbox_watch_flags[] = {
	{ "limit", FLAG_LIMIT, "N", "end after N notifications" },
	{ NULL, 0, NULL, NULL },
};

/* The inbox of whoever asks. */
struct opened {
	struct inbox *inbox;
	struct uuid user_id;
};

/* The index says how many partitions there are, and who asks. */
static int open_inbox(struct session *s, struct opened *o, struct error *err)
{
	const struct redis_target redis = redis_target_from(s->config);
	int rc = session_me(s, err);

	o->user_id = uuid_of(&s->me);
	if (!rc)
		rc = inside_open_reader(s, err);
	return rc ? rc
		  : inbox_open(&o->inbox, &redis, config_get(s->config, "prefix"),
			       reader_deployment(inside_reader(s))->partitions, TIMEOUT_MS, err);
}

/* ---- entries ---- */

/* What is told, as JSON; null if it cannot be read. */
static json_t *told_json(const struct inbox_entry *e)
{
	json_t *told = json_loadb((const char *)e->told.data, e->told.len, 0, NULL);

	return told ? told : json_null();
}

/* A text of what is told, or of its data; absent if there is none. */
static struct bytes told_text(struct session *s, const json_t *told, const char *name)
{
	const json_t *value = json_object_get(told, name);

	if (!json_is_string(value))
		value = json_object_get(json_object_get(told, "data"), name);
	if (!json_is_string(value))
		return (struct bytes){ 0 };
	return printable(
		arena_copy(&s->arena, (struct bytes){ (const uint8_t *)json_string_value(value),
						      json_string_length(value) }),
		&s->arena);
}

static json_t *entry_json(const struct inbox_entry *e)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "id", json_text(e->id));
	(void)json_object_set_new(o, "unread", json_boolean(e->unread));
	(void)json_object_set_new(o, "told", told_json(e));
	return o;
}

/* ---- list ---- */

static void print_list_json(const struct inbox_list *all, bool unread)
{
	json_t *o = json_object();
	json_t *list = json_array();

	for (size_t i = 0; i < all->count; i++)
		if (!unread || all->list[i].unread)
			(void)json_array_append_new(list, entry_json(&all->list[i]));
	(void)json_object_set_new(o, "unread", json_integer((json_int_t)all->unread));
	(void)json_object_set_new(o, "notifications", list);
	json_print(o);
}

static void print_list(struct session *s, const struct inbox_list *all, bool unread)
{
	static const char *const titles[] = { "ID", "AT", "UNREAD", "TITLE" };
	struct table t;
	size_t shown = 0;

	table_init(&t, &s->arena, titles, 4);
	for (size_t i = 0; i < all->count; i++) {
		const struct inbox_entry *e = &all->list[i];
		json_t *told = told_json(e);
		const struct bytes cells[] = {
			printable(e->id, &s->arena),
			told_text(s, told, "timestamp"),
			e->unread ? bytes_of("yes") : (struct bytes){ 0 },
			told_text(s, told, "title"),
		};

		if (!unread || e->unread) {
			table_add(&t, cells);
			shown++;
		}
		json_decref(told);
	}
	table_print(&t);
	if (!all->count)
		(void)fprintf(stderr, "No notifications.\n");
	else if (!shown)
		(void)fprintf(stderr, "No unread ones among the newest %zu.\n", all->count);
}

enum exit_code run_inbox_list(struct session *s, const struct arguments *a)
{
	struct opened o = { .inbox = NULL };
	struct inbox_list all = { 0 };
	struct error err = { 0 };
	bool unread = argument_has(a, FLAG_UNREAD);
	int64_t limit = LIMIT_DEFAULT;
	int rc = argument_number(a, FLAG_LIMIT, "limit", INBOX_MAX, &limit, &err);

	if (!rc)
		rc = open_inbox(s, &o, &err);
	if (!rc)
		rc = inbox_list(o.inbox, &o.user_id, (size_t)limit, &s->arena, &all, &err);
	inbox_close(&o.inbox);
	if (rc)
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		print_list_json(&all, unread);
	else
		print_list(s, &all, unread);
	return EXIT_DONE;
}

/* ---- read ---- */

static int list_ids(struct session *s, const struct arguments *a, struct bytes **out,
		    struct error *err)
{
	struct bytes *ids = arena_alloc(&s->arena, (a->operand_count + 1) * sizeof(*ids));

	if (!a->operand_count == !argument_has(a, FLAG_ALL))
		return error_set(err, ERROR_USAGE,
				 "give the ids of the notifications that were read, or --all");
	for (size_t i = 0; i < a->operand_count; i++) {
		ids[i] = bytes_of(a->operands[i]);
		if (!ids[i].len || ids[i].len > ID_BYTES_MAX)
			return error_set(err, ERROR_USAGE, "\"%s\" is no id of a notification",
					 a->operands[i]);
	}
	*out = ids;
	return 0;
}

/* A text of several lines. */
static void print_lines(struct session *s, const char *text)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		(void)printf(
			"%s\n",
			text_of(printable(
				arena_copy(&s->arena, (struct bytes){ (const uint8_t *)text, len }),
				&s->arena)));
		text += len + (text[len] == '\n');
	}
}

/* What it says, as whoever reads mail sees it. */
static void print_entry(struct session *s, const struct inbox_entry *e)
{
	json_t *told = told_json(e);
	const json_t *body = json_object_get(json_object_get(told, "data"), "body");

	(void)printf("%s\n%s  %s\n\n", text_of(told_text(s, told, "title")),
		     text_of(told_text(s, told, "timestamp")),
		     text_of(printable(e->id, &s->arena)));
	print_lines(s, json_string_value(body));
	(void)putchar('\n');
	json_decref(told);
}

/* Those of the ids that are in the inbox, in the order of the ids. */
static int show_entries(struct session *s, struct opened *o, const struct bytes *ids, size_t count,
			struct error *err)
{
	struct inbox_list all = { 0 };
	int rc = inbox_list(o->inbox, &o->user_id, INBOX_MAX, &s->arena, &all, err);

	for (size_t i = 0; !rc && i < count; i++)
		for (size_t k = 0; k < all.count; k++)
			if (bytes_equal(all.list[k].id, ids[i]))
				print_entry(s, &all.list[k]);
	return rc;
}

static int mark_read(struct session *s, const struct arguments *a, size_t *known, struct error *err)
{
	struct opened o = { .inbox = NULL };
	struct bytes *ids = NULL;
	int rc = list_ids(s, a, &ids, err);

	if (!rc)
		rc = open_inbox(s, &o, err);
	if (!rc && ids && s->output != OUTPUT_JSON)
		rc = show_entries(s, &o, ids, a->operand_count, err);
	if (!rc)
		rc = inbox_mark_read(o.inbox, &o.user_id, ids, a->operand_count, known, err);
	inbox_close(&o.inbox);
	if (rc || *known >= a->operand_count)
		return rc;
	return error_set(err, ERROR_INPUT, "%zu of %zu notifications are not in the inbox%s",
			 a->operand_count - *known, a->operand_count,
			 *known ? "; the others are marked as read" : "");
}

enum exit_code run_inbox_read(struct session *s, const struct arguments *a)
{
	struct error err = { 0 };
	size_t known = 0;

	if (mark_read(s, a, &known, &err))
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		json_print(json_pack("{sI}", "read", (json_int_t)known));
	else
		(void)printf("%zu marked as read.\n", known);
	return EXIT_DONE;
}

/* ---- watch ---- */

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void show_entry(struct session *s, const struct inbox_entry *e)
{
	json_t *told;

	if (s->output == OUTPUT_JSON) {
		json_print(entry_json(e));
	} else {
		told = told_json(e);
		(void)printf("%s  %s\n", text_of(told_text(s, told, "timestamp")),
			     text_of(told_text(s, told, "title")));
		json_decref(told);
	}
	(void)fflush(stdout);
}

/* Shows what comes after the position until a signal or after `left` of them. */
static int watch_from(struct session *s, struct opened *o, char position[INBOX_POSITION_SIZE],
		      int64_t left, struct error *err)
{
	struct arena arena;
	int rc = 0;

	arena_init(&arena);
	while (!rc && !stop && left > 0) {
		const struct inbox_after after = { position, WATCH_STEP_MS };
		struct inbox_list new = { 0 };

		rc = inbox_watch(o->inbox, &o->user_id, &after, &arena, &new, err);
		for (size_t i = 0; !rc && i < new.count &&left > 0; i++, left--) {
			show_entry(s, &new.list[i]);
			memcpy(position, new.list[i].position, INBOX_POSITION_SIZE);
		}
		arena_reset(&arena);
	}
	arena_done(&arena);
	return rc;
}

/* Begins after the newest, and says so, for whoever waits to tell something. */
static int watch_inbox(struct session *s, struct opened *o, int64_t limit, struct error *err)
{
	char position[INBOX_POSITION_SIZE] = "0-0";
	struct inbox_list newest = { 0 };
	int rc = inbox_list(o->inbox, &o->user_id, 1, &s->arena, &newest, err);

	if (rc)
		return rc;
	if (newest.count)
		memcpy(position, newest.list[0].position, sizeof(position));
	(void)fprintf(stderr, "Watching; %zu unread.\n", newest.unread);
	return watch_from(s, o, position, limit, err);
}

enum exit_code run_inbox_watch(struct session *s, const struct arguments *a)
{
	const struct sigaction action = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };
	struct opened o = { .inbox = NULL };
	struct error err = { 0 };
	int64_t limit = INT64_MAX;
	int rc = argument_number(a, FLAG_LIMIT, "limit", INT64_MAX, &limit, &err);

	(void)sigaction(SIGINT, &action, NULL);
	(void)sigaction(SIGTERM, &action, NULL);
	if (!rc)
		rc = open_inbox(s, &o, &err);
	if (!rc)
		rc = watch_inbox(s, &o, limit, &err);
	inbox_close(&o.inbox);
	return rc ? failure_report(s, &err) : EXIT_DONE;
}
