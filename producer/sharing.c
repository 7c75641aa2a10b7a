/* sharebus sharing share | remove | show */

#include "ops/support/clock.h"
#include "producer/commands.h"
#include "producer/grants.h"
#include "producer/print.h"
#include "producer/resolve.h"
#include "producer/send.h"

#include <stdio.h>

enum { FLAG_USER = 1, FLAG_GROUP, FLAG_MESSAGE, FLAG_COMMAND_ID };

const struct flag share_flags[] = {
	{ "user", FLAG_USER, "NAME[:ROLE],...",
	  "users to share with; role use (default) or admin" },
	{ "group", FLAG_GROUP, "NAME[:ROLE],..", "groups to share with" },
	{ "message", FLAG_MESSAGE, "TEXT", "a word to those it is shared with" },
	{ "command-id", FLAG_COMMAND_ID, "UUID", "repeat a command safely" },
	{ NULL, 0, NULL, NULL },
};

const struct flag remove_flags[] = {
	{ "user", FLAG_USER, "NAME,...", "users to take sharing back from" },
	{ "group", FLAG_GROUP, "NAME,...", "groups to take sharing back from" },
	{ "command-id", FLAG_COMMAND_ID, "UUID", "repeat a command safely" },
	{ NULL, 0, NULL, NULL },
};

/* What share and remove have in common. */
struct request {
	struct session *session;
	struct named_subjects subjects;
	struct workspace workspace;
	struct command command;
};

/* ---- from the command line to the command ---- */

static int read_subjects(struct request *q, const struct arguments *a, enum subjects_syntax syntax,
			 struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < a->given_count; i++) {
		const struct given *g = &a->given[i];

		if (g->id == FLAG_USER || g->id == FLAG_GROUP)
			rc = subjects_parse(&q->subjects,
					    g->id == FLAG_USER ? SUBJECT_USER : SUBJECT_GROUP,
					    syntax, g->value, &q->session->arena, err);
	}
	if (!rc && !q->subjects.count)
		rc = error_set(err, ERROR_INPUT, "at least one user or group must be provided");
	return rc;
}

static int read_command_id(struct request *q, const struct arguments *a, struct error *err)
{
	const char *text = argument_value(a, FLAG_COMMAND_ID);

	if (!text)
		return uuid_v7(&q->command.command_id, clock_unix_ms())
			       ? error_set(err, ERROR_INPUT, "the kernel gives no randomness")
			       : 0;
	if (uuid_parse(&q->command.command_id, bytes_of(text)) ||
	    uuid_is_nil(&q->command.command_id))
		return error_set(err, ERROR_INPUT, "--command-id is \"%s\"; it must be a UUID",
				 text);
	return 0;
}

static enum actor_kind actor_kind_of(enum user_kind kind)
{
	switch (kind) {
	case USER_SERVICE_ACCOUNT:
		return ACTOR_SERVICE_ACCOUNT;
	case USER_AGENT:
		return ACTOR_AGENT;
	case USER_PERSON:
		break;
	}
	return ACTOR_USER;
}

static int resolve(struct request *q, const char *workspace, struct error *err)
{
	struct session *s = q->session;
	int rc = session_me(s, err);

	if (!rc)
		rc = resolve_workspace(s, workspace, &q->workspace, err);
	if (!rc)
		rc = resolve_subjects(s, &q->subjects, &q->workspace.organization_id, err);
	if (rc)
		return rc;
	q->command.issued_at = clock_unix_ms();
	q->command.actor = (struct actor){ s->me.id, actor_kind_of(s->me.kind) };
	q->command.workspace_id = q->workspace.id;
	q->command.expected_version = ABSENT;
	q->command.directory_offset = reader_directory(s->reader)->applied;
	return 0;
}

static void fill_share(const struct request *q, const char *message, struct record *out)
{
	struct share_workspace *c = &out->as.share_workspace;

	*out = (struct record){ .type = RECORD_SHARE_WORKSPACE };
	c->command = q->command;
	c->grants = arena_alloc(&q->session->arena, q->subjects.count * sizeof(*c->grants));
	c->grant_count = q->subjects.count;
	c->message = bytes_of(message);
	for (size_t i = 0; i < q->subjects.count; i++) {
		const struct named_subject *n = &q->subjects.list[i];

		c->grants[i] = (struct grant_wish){ { n->kind, n->id }, n->role, ABSENT };
	}
}

static void fill_remove(const struct request *q, struct record *out)
{
	struct remove_sharing *c = &out->as.remove_sharing;

	*out = (struct record){ .type = RECORD_REMOVE_SHARING };
	c->command = q->command;
	c->reason = REASON_COMMAND;
	c->subjects = arena_alloc(&q->session->arena, q->subjects.count * sizeof(*c->subjects));
	c->subject_count = q->subjects.count;
	for (size_t i = 0; i < q->subjects.count; i++)
		c->subjects[i] =
			(struct subject){ q->subjects.list[i].kind, q->subjects.list[i].id };
}

/* ---- from the outcome to what people see ---- */

static json_t *sent_json(const struct sent_command *sent)
{
	char id[UUID_TEXT_SIZE];
	json_t *o = json_object();

	uuid_format(id, &sent->command_id);
	(void)json_object_set_new(o, "command_id", json_string(id));
	(void)json_object_set_new(o, "position",
				  sent->positioned
					  ? json_sprintf("%d:%lld", sent->position.partition,
							 (long long)sent->position.offset)
					  : json_null());
	if (sent->outcome.outcome) {
		(void)json_object_set_new(o, "outcome",
					  json_string(outcome_name(sent->outcome.outcome)));
		(void)json_object_set_new(o, "version", json_integer(sent->outcome.version));
	}
	if (sent->outcome.outcome == OUTCOME_REJECTED) {
		(void)json_object_set_new(o, "code",
					  json_string(reject_code_name(sent->outcome.code)));
		(void)json_object_set_new(o, "message", json_text(sent->outcome.message));
	}
	return o;
}

/* No answer: say what is known, so that the caller can ask again. */
static enum exit_code report_unanswered(struct session *s, const struct sent_command *sent,
					struct error *err)
{
	struct error all = *err;
	char id[UUID_TEXT_SIZE];

	uuid_format(id, &sent->command_id);
	if (sent->positioned)
		(void)error_set(&all, err->code,
				"%s; the command is on the log at %d:%lld, repeat it safely with "
				"--command-id %s",
				err->text, sent->position.partition,
				(long long)sent->position.offset, id);
	else if (sent->queued)
		(void)error_set(&all, err->code,
				"%s; it is not known whether they have the command, repeat it "
				"safely with --command-id %s",
				err->text, id);
	else if (err->code == ERROR_UNAVAILABLE)
		(void)error_set(&all, err->code,
				"%s; nothing was sent, try again with --command-id %s", err->text,
				id);
	complain(&all);
	if (s->output == OUTPUT_JSON && sent->queued)
		json_print(sent_json(sent));
	return exit_code_of(err->code);
}

static enum exit_code report_rejected(struct session *s, const struct sent_command *sent)
{
	struct bytes message = sent->outcome.outcome == OUTCOME_UNREADABLE
				       ? bytes_of("the consumer could not read the command")
				       : printable(sent->outcome.message, &s->arena);

	if (s->output == OUTPUT_JSON)
		json_print(sent_json(sent));
	(void)fprintf(stderr, "sharebus: %s (%s)\n", (const char *)message.data,
		      reject_code_name(sent->outcome.code));
	return EXIT_NO;
}

static int load_view(struct request *q, struct grants_view *view, struct error *err)
{
	struct uuid id = q->workspace.id;
	int rc;

	workspace_done(&q->workspace);
	rc = lookup_workspaces(q->session->reader, &id, 1, &q->workspace, err);
	return rc ? rc : grants_view(q->session, &q->workspace, 1, view, err);
}

static enum exit_code report_sent(struct request *q, const struct sent_command *sent)
{
	struct session *s = q->session;
	struct grants_view view;
	struct error err;
	json_t *all;
	int rc;

	if (!sent->outcome.outcome) { /* --no-wait */
		if (s->output == OUTPUT_JSON)
			json_print(sent_json(sent));
		else
			(void)printf("%d:%lld\n", sent->position.partition,
				     (long long)sent->position.offset);
		return EXIT_DONE;
	}
	rc = load_view(q, &view, &err);
	if (rc) {
		complain(&err);
		return exit_code_of(rc);
	}
	if (s->output == OUTPUT_TABLE) {
		grants_print(s, &view);
		return EXIT_DONE;
	}
	all = sent_json(sent);
	(void)json_object_update_missing_new(all, grants_json(&view));
	json_print(all);
	return EXIT_DONE;
}

static enum exit_code send_request(struct request *q, const struct record *r)
{
	struct sent_command sent;
	struct error err = { 0 };
	int rc = send_command(q->session, r, &sent, &err);

	if (rc == ERROR_INPUT) {
		complain(&err);
		return EXIT_NO;
	}
	if (rc)
		return report_unanswered(q->session, &sent, &err);
	if (sent.outcome.outcome == OUTCOME_REJECTED || sent.outcome.outcome == OUTCOME_UNREADABLE)
		return report_rejected(q->session, &sent);
	return report_sent(q, &sent);
}

/* ---- the commands ---- */

static enum exit_code run_request(struct session *s, const struct arguments *a,
				  enum subjects_syntax syntax)
{
	struct request q = { .session = s };
	struct error err = { 0 };
	struct record r;
	enum exit_code code;
	int rc = read_subjects(&q, a, syntax, &err);

	if (!rc)
		rc = read_command_id(&q, a, &err);
	if (rc) {
		complain(&err);
		return EXIT_USAGE;
	}
	rc = resolve(&q, a->operands[0], &err);
	if (rc) {
		complain(&err);
		workspace_done(&q.workspace);
		return exit_code_of(rc);
	}
	if (syntax == SUBJECTS_WITH_ROLE)
		fill_share(&q, argument_value(a, FLAG_MESSAGE), &r);
	else
		fill_remove(&q, &r);
	code = send_request(&q, &r);
	workspace_done(&q.workspace);
	return code;
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
	struct workspace w = { 0 };
	struct grants_view view;
	struct error err = { 0 };
	int rc = resolve_workspace(s, a->operands[0], &w, &err);

	if (!rc)
		rc = grants_view(s, &w, 1, &view, &err);
	if (rc)
		complain(&err);
	else if (s->output == OUTPUT_JSON)
		json_print(grants_json(&view));
	else
		grants_print(s, &view);
	workspace_done(&w);
	return exit_code_of(rc);
}
