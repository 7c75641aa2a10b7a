#include "producer/cli/sending.h"

#include "producer/cli/failure.h"
#include "producer/cli/json.h"
#include "producer/cli/text.h"

#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the command's id ---- */

/* Is the id of version 7, which says when it was made? */
static bool is_timed_id(const struct sharebus_id *id)
{
	return id->bytes[6] >> 4 == 7 && id->bytes[8] >> 6 == 2;
}

int sending_read_id(const struct arguments *a, int flag, struct sharebus_id *out, struct error *err)
{
	const char *text = argument_value(a, flag);

	if (!text && sharebus_new_id(out))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the kernel has no randomness for a new id; try again");
	if (!text || (!sharebus_parse_id(out, text) && is_timed_id(out)))
		return 0;
	return error_set(err, ERROR_INPUT, "--command-id is \"%s\"; it must be a UUID of version 7",
			 text);
}

/* ---- reports ---- */

static json_t *outcome_json(const struct sending *how, const struct sharebus_outcome *o)
{
	json_t *j = json_object();

	(void)json_object_set_new(j, "command_id", id_json(&o->command_id));
	if (how->handoff)
		(void)json_object_set_new(j, "handoff_id", id_json(how->handoff));
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

void sending_print_handoff(const struct sending *how)
{
	char id[SHAREBUS_ID_SIZE];

	if (!how->handoff)
		return;
	sharebus_format_id(id, how->handoff);
	(void)printf("handoff %s\n", id);
}

/* Prints the sentence and, as JSON, what is known of a command that was sent. */
static enum exit_code tell_error(const struct sending *how, const struct sharebus_outcome *o,
				 const struct error *err)
{
	const struct session *s = how->session;
	json_t *all;

	if (s->output != OUTPUT_JSON || !o->sent)
		return failure_report(s, err);
	complain(err);
	all = outcome_json(how, o);
	(void)json_object_set_new(all, "error", failure_json(failure_code(err->code), err->text));
	json_print(all);
	return exit_code_of(err->code);
}

/* "--command-id <id>", and what else is needed to repeat the command. */
static const char *repeat_words(const struct sending *how)
{
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, how->command_id);
	return text_of(arena_printf(&how->session->arena, "--command-id %s%s%s", id,
				    how->more ? " " : "", how->more ? how->more : ""));
}

/* There is no outcome: says what is known, so that the caller can try again. */
static enum exit_code report_unanswered(const struct sending *how, const struct sharebus_outcome *o,
					const struct error *err)
{
	const char *repeat = repeat_words(how);
	struct error all = *err;

	if (o->positioned)
		(void)error_set(
			&all, err->code,
			"%s; the command is on the log at %d:%lld, repeat it safely with %s",
			err->text, o->position.partition, (long long)o->position.offset, repeat);
	else if (o->sent)
		(void)error_set(&all, err->code,
				"%s; it is not known whether they have the command, repeat it "
				"safely with %s",
				err->text, repeat);
	else if (err->code == ERROR_UNAVAILABLE || err->code == ERROR_STALE)
		(void)error_set(&all, err->code, "%s; nothing was sent, try again with %s",
				err->text, repeat);
	return tell_error(how, o, &all);
}

enum exit_code sending_report_unsent(const struct sending *how, const struct error *err)
{
	return report_unanswered(how, &(struct sharebus_outcome){ .command_id = *how->command_id },
				 err);
}

static enum exit_code report_rejected(const struct sending *how, const struct sharebus_outcome *o)
{
	struct session *s = how->session;
	const char *why = sharebus_error(s->client);
	const char *code = o->code ? o->code : sharebus_verdict_name(o->verdict);

	if (s->output == OUTPUT_JSON) {
		json_t *all = outcome_json(how, o);

		(void)json_object_set_new(all, "error", failure_json(code, why));
		json_print(all);
	}
	(void)fprintf(stderr, "sharebus: %s (%s)\n",
		      (const char *)printable(bytes_of(why), &s->arena).data, code);
	return EXIT_NO;
}

static enum exit_code report_position(const struct sending *how, const struct sharebus_outcome *o)
{
	if (how->session->output == OUTPUT_JSON) {
		json_print(outcome_json(how, o));
		return EXIT_DONE;
	}
	(void)printf("%d:%lld\n", o->position.partition, (long long)o->position.offset);
	sending_print_handoff(how);
	return EXIT_DONE;
}

/* The command was decided, even if its result cannot be shown. */
static enum exit_code report_unseen(const struct sending *how, const struct sharebus_outcome *o,
				    const struct error *err)
{
	struct error all = *err;
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, &o->command_id);
	(void)error_set(&all, err->code,
			"the command %s at %d:%lld was decided: %s; but what results "
			"cannot be shown: %s",
			id, o->position.partition, (long long)o->position.offset,
			sharebus_verdict_name(o->verdict), err->text);
	return tell_error(how, o, &all);
}

/* ---- interrupted ---- */

/* What a signal handler prints. It is written beforehand: a handler may do next to nothing. */
static char last_words[256];

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

static void expect_interrupt(const struct sending *how)
{
	(void)snprintf(last_words, sizeof(last_words),
		       "sharebus: interrupted; it is not known whether the command was sent, "
		       "repeat it safely with %s\n",
		       repeat_words(how));
	handle_signal(SIGINT, on_interrupt);
	handle_signal(SIGTERM, on_interrupt);
}

static void expect_no_interrupt(void)
{
	handle_signal(SIGINT, SIG_DFL);
	handle_signal(SIGTERM, SIG_DFL);
}

/* ---- sending ---- */

static enum exit_code report_decided(const struct sending *how, const struct sharebus_outcome *o)
{
	struct error err = { 0 };

	if (how->show(how->context, o, outcome_json(how, o), &err))
		return report_unseen(how, o, &err);
	return EXIT_DONE;
}

static enum exit_code report_done(const struct sending *how, const struct sharebus_outcome *o)
{
	struct error err = { 0 };
	enum exit_code code = o->verdict ? report_decided(how, o) : report_position(how, o);

	if (code != EXIT_DONE || (!fflush(stdout) && !ferror(stdout)))
		return code;
	(void)error_set(&err, ERROR_UNAVAILABLE, "standard output cannot be written");
	return o->verdict ? report_unseen(how, o, &err) : report_unanswered(how, o, &err);
}

enum exit_code sending_run(const struct sending *how)
{
	struct sharebus_outcome o;
	struct error err = { 0 };
	int rc;

	expect_interrupt(how);
	rc = session_failed(how->session, how->send(how->context, &o), &err);
	expect_no_interrupt();
	if (rc == SHAREBUS_REJECTED)
		return report_rejected(how, &o);
	if (rc == SHAREBUS_NOT_FOUND)
		return tell_error(how, &o, &err);
	if (rc)
		return report_unanswered(how, &o, &err);
	return report_done(how, &o);
}
