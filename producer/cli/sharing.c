/* sharebus sharing share | remove | show */

#include "ops/support/clock.h"
#include "producer/cli/commands.h"
#include "producer/cli/grants.h"
#include "producer/cli/json.h"
#include "producer/cli/moment.h"
#include "producer/cli/subjects.h"
#include "producer/cli/text.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { FLAG_USER = 1, FLAG_GROUP, FLAG_MESSAGE, FLAG_COMMAND_ID, FLAG_EXPIRES, FLAG_VERSION };

const struct flag share_flags[] = {
	{ "user", FLAG_USER, "NAME[:ROLE],...",
	  "users to share with; role use (default) or admin" },
	{ "group", FLAG_GROUP, "NAME[:ROLE],..", "groups to share with" },
	{ "expires", FLAG_EXPIRES, "8h|TIME", "when it expires: 8h, 2026-12-01T18:00Z" },
	{ "message", FLAG_MESSAGE, "TEXT", "a message to the people it is shared with" },
	{ "expected-version", FLAG_VERSION, "N", "only if the sharing has this version" },
	{ "command-id", FLAG_COMMAND_ID, "UUID",
	  "send a command again (a UUID of version 7): applied once" },
	{ NULL, 0, NULL, NULL },
};

const struct flag remove_flags[] = {
	{ "user", FLAG_USER, "NAME,...", "users to stop sharing with" },
	{ "group", FLAG_GROUP, "NAME,...", "groups to stop sharing with" },
	{ "expected-version", FLAG_VERSION, "N", "only if the sharing has this version" },
	{ "command-id", FLAG_COMMAND_ID, "UUID",
	  "send a command again (a UUID of version 7): applied once" },
	{ NULL, 0, NULL, NULL },
};

/* ---- from the command line to the request ---- */

static int read_names(struct session *s, const struct arguments *a, enum subjects_syntax syntax,
		      struct subject_list *out, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < a->given_count; i++) {
		const struct given *g = &a->given[i];

		if (g->id == FLAG_USER || g->id == FLAG_GROUP)
			rc = subjects_parse(out,
					    g->id == FLAG_USER ? SHAREBUS_USER : SHAREBUS_GROUP,
					    syntax, g->value, &s->arena, err);
	}
	if (!rc && !out->count)
		rc = error_set(err, ERROR_INPUT, "at least one user or group must be provided");
	return rc;
}

static int read_expiry(const struct arguments *a, int64_t *out, struct error *err)
{
	const char *text = argument_value(a, FLAG_EXPIRES);

	*out = 0;
	if (!text || moment_parse(text, clock_unix_ms(), out))
		return 0;
	return error_set(err, ERROR_INPUT,
			 "--expires is \"%s\"; give a span such as 8h or 7d, or a time such as "
			 "2026-12-01T18:00Z",
			 text);
}

static int read_subjects(struct session *s, const struct arguments *a, enum subjects_syntax syntax,
			 struct sharebus_request *q, struct error *err)
{
	struct subject_list names = { 0 };
	int64_t expires_at;
	int rc = read_names(s, a, syntax, &names, err);

	if (!rc)
		rc = read_expiry(a, &expires_at, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < names.count; i++)
		names.list[i].expires_at = expires_at;
	q->subjects = names.list;
	q->subject_count = names.count;
	return 0;
}

/* Is the id of version 7, which says when it was made? */
static bool is_timed_id(const struct sharebus_id *id)
{
	return id->bytes[6] >> 4 == 7 && id->bytes[8] >> 6 == 2;
}

/*
 * Takes the id that was given, or a new one. The library could make one, too, but
 * an interrupted process could not tell it.
 */
static int read_command_id(const struct arguments *a, struct sharebus_request *q, struct error *err)
{
	const char *text = argument_value(a, FLAG_COMMAND_ID);

	if (!text && sharebus_new_id(&q->command_id))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the kernel has no randomness for a new id; try again");
	if (!text || (!sharebus_parse_id(&q->command_id, text) && is_timed_id(&q->command_id)))
		return 0;
	return error_set(err, ERROR_INPUT, "--command-id is \"%s\"; it must be a UUID of version 7",
			 text);
}

static int read_request(struct session *s, const struct arguments *a, enum subjects_syntax syntax,
			struct sharebus_request *q, struct error *err)
{
	int rc = read_subjects(s, a, syntax, q, err);

	if (!rc)
		rc = read_command_id(a, q, err);
	if (!rc)
		rc = argument_number(a, FLAG_VERSION, "expected-version", INT64_MAX,
				     &q->expected_version, err);
	q->message = argument_value(a, FLAG_MESSAGE);
	q->wait_ms = (int)s->wait_ms;
	return rc;
}

static int resolve_request(struct session *s, const char *workspace, struct sharebus_request *q,
			   struct error *err)
{
	int rc = session_me(s, err);

	q->actor = s->me;
	return rc ? rc : session_workspace(s, workspace, &q->workspace, err);
}

/* ---- reports ---- */

static json_t *outcome_json(const struct sharebus_outcome *o)
{
	json_t *j = json_object();

	(void)json_object_set_new(j, "command_id", id_json(&o->command_id));
	(void)json_object_set_new(j, "position",
				  o->positioned ? json_sprintf("%d:%lld", o->position.partition,
							       (long long)o->position.offset)
						: json_null());
	if (o->verdict) {
		(void)json_object_set_new(j, "outcome",
					  json_string(sharebus_verdict_name(o->verdict)));
		(void)json_object_set_new(j, "version", json_integer(o->version));
	}
	if (o->code) {
		(void)json_object_set_new(j, "code", json_string(o->code));
		(void)json_object_set_new(j, "message", json_text(bytes_of(o->message)));
	}
	return j;
}

/* Prints the sentence and, as JSON, what is known of a command that was sent. */
static enum exit_code tell_error(const struct session *s, const struct sharebus_outcome *o,
				 const struct error *err)
{
	complain(err);
	if (s->output == OUTPUT_JSON && o->sent)
		json_print(outcome_json(o));
	return exit_code_of(err->code);
}

/* There is no outcome: says what is known, so that the caller can try again. */
static enum exit_code report_unanswered(struct session *s, const struct sharebus_outcome *o,
					const struct error *err)
{
	struct error all = *err;
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, &o->command_id);
	if (o->positioned)
		(void)error_set(&all, err->code,
				"%s; the command is on the log at %d:%lld, repeat it safely with "
				"--command-id %s",
				err->text, o->position.partition, (long long)o->position.offset,
				id);
	else if (o->sent)
		(void)error_set(&all, err->code,
				"%s; it is not known whether they have the command, repeat it "
				"safely with --command-id %s",
				err->text, id);
	else if (err->code == ERROR_UNAVAILABLE || err->code == ERROR_STALE)
		(void)error_set(&all, err->code,
				"%s; nothing was sent, try again with --command-id %s", err->text,
				id);
	return tell_error(s, o, &all);
}

static enum exit_code report_rejected(struct session *s, const struct sharebus_outcome *o)
{
	if (s->output == OUTPUT_JSON)
		json_print(outcome_json(o));
	(void)fprintf(stderr, "sharebus: %s (%s)\n",
		      (const char *)printable(bytes_of(sharebus_error(s->client)), &s->arena).data,
		      o->code ? o->code : sharebus_verdict_name(o->verdict));
	return EXIT_NO;
}

static enum exit_code report_position(const struct session *s, const struct sharebus_outcome *o)
{
	if (s->output == OUTPUT_JSON)
		json_print(outcome_json(o));
	else
		(void)printf("%d:%lld\n", o->position.partition, (long long)o->position.offset);
	return EXIT_DONE;
}

/* The command was decided, even if its result cannot be shown. */
static enum exit_code report_unseen(struct session *s, const struct sharebus_outcome *o,
				    const struct error *err)
{
	struct error all = *err;
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, &o->command_id);
	(void)error_set(&all, err->code,
			"the command %s at %d:%lld was decided: %s; but the sharing that "
			"results cannot be shown: %s",
			id, o->position.partition, (long long)o->position.offset,
			sharebus_verdict_name(o->verdict), err->text);
	return tell_error(s, o, &all);
}

/* Prints the sharing; as JSON with the keys of the outcome first, which may be NULL. */
static void print_sharing(struct session *s, const struct sharebus_workspace *w, json_t *outcome)
{
	if (s->output == OUTPUT_TABLE) {
		grants_print(s, w);
		json_decref(outcome);
		return;
	}
	if (!outcome)
		outcome = json_object();
	(void)json_object_update_missing_new(outcome, grants_json(w));
	json_print(outcome);
}

/* Prints who the workspace is shared with now. */
static enum exit_code report_decided(struct session *s, const struct sharebus_id *workspace,
				     const struct sharebus_outcome *o)
{
	const struct sharebus_workspace *w;
	struct error err = { 0 };

	if (session_failed(s, sharebus_show(s->client, workspace, &w), &err))
		return report_unseen(s, o, &err);
	print_sharing(s, w, outcome_json(o));
	return EXIT_DONE;
}

static enum exit_code report_done(struct session *s, const struct sharebus_id *workspace,
				  const struct sharebus_outcome *o)
{
	struct error err = { 0 };
	enum exit_code code = o->verdict ? report_decided(s, workspace, o) : report_position(s, o);

	if (code != EXIT_DONE || (!fflush(stdout) && !ferror(stdout)))
		return code;
	(void)error_set(&err, ERROR_UNAVAILABLE, "standard output cannot be written");
	return o->verdict ? report_unseen(s, o, &err) : report_unanswered(s, o, &err);
}

/* ---- interrupted ---- */

/* What a signal handler prints. It is written beforehand: a handler may do next to nothing. */
static char last_words[160];

static void on_interrupt(int number)
{
	(void)!write(STDERR_FILENO, last_words, strlen(last_words));
	(void)signal(number, SIG_DFL);
	(void)raise(number);
}

/* A signal that is ignored stays ignored, as under nohup. */
static void handle_signal(int number, void (*handler)(int))
{
	if (signal(number, handler) == SIG_IGN)
		(void)signal(number, SIG_IGN);
}

static void expect_interrupt(const struct sharebus_id *command_id)
{
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, command_id);
	(void)snprintf(last_words, sizeof(last_words),
		       "sharebus: interrupted; it is not known whether the command was sent, "
		       "repeat it safely with --command-id %s\n",
		       id);
	handle_signal(SIGINT, on_interrupt);
	handle_signal(SIGTERM, on_interrupt);
}

static void expect_no_interrupt(void)
{
	handle_signal(SIGINT, SIG_DFL);
	handle_signal(SIGTERM, SIG_DFL);
}

/* ---- the commands ---- */

typedef int request_fn(struct sharebus *client, const struct sharebus_request *request,
		       struct sharebus_outcome *out);

static enum exit_code send_request(struct session *s, const struct sharebus_request *q,
				   request_fn *send)
{
	struct sharebus_outcome o;
	struct error err = { 0 };
	int rc;

	expect_interrupt(&q->command_id);
	rc = session_failed(s, send(s->client, q, &o), &err);
	expect_no_interrupt();
	if (rc == SHAREBUS_REJECTED)
		return report_rejected(s, &o);
	if (rc == SHAREBUS_NOT_FOUND) {
		complain(&err);
		return EXIT_NO;
	}
	if (rc)
		return report_unanswered(s, &o, &err);
	return report_done(s, &q->workspace, &o);
}

static enum exit_code run_request(struct session *s, const struct arguments *a,
				  enum subjects_syntax syntax)
{
	struct sharebus_request q = { .subjects = NULL };
	struct error err = { 0 };
	int rc = read_request(s, a, syntax, &q, &err);

	if (rc) {
		complain(&err);
		return EXIT_USAGE;
	}
	rc = resolve_request(s, a->operands[0], &q, &err);
	if (rc)
		return report_unanswered(
			s, &(struct sharebus_outcome){ .command_id = q.command_id }, &err);
	return send_request(s, &q, syntax == SUBJECTS_WITH_ROLE ? sharebus_share : sharebus_remove);
}

enum exit_code run_share(struct session *s, const struct arguments *a)
{
	return run_request(s, a, SUBJECTS_WITH_ROLE);
}

enum exit_code run_remove(struct session *s, const struct arguments *a)
{
	return run_request(s, a, SUBJECTS_ONLY);
}

enum exit_code run_show(struct session *s, const struct arguments *a)
{
	const struct sharebus_workspace *w;
	struct sharebus_id workspace;
	struct error err = { 0 };
	int rc = session_workspace(s, a->operands[0], &workspace, &err);

	if (!rc)
		rc = session_failed(s, sharebus_show(s->client, &workspace, &w), &err);
	if (rc) {
		complain(&err);
		return exit_code_of(rc);
	}
	print_sharing(s, w, NULL);
	return EXIT_DONE;
}
