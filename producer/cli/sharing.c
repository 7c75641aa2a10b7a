/* sharebus sharing share | remove | show */

#include "ops/support/clock.h"
#include "producer/cli/commands.h"
#include "producer/cli/failure.h"
#include "producer/cli/grants.h"
#include "producer/cli/json.h"
#include "producer/cli/moment.h"
#include "producer/cli/offer.h"
#include "producer/cli/sending.h"
#include "producer/cli/subjects.h"

#include <jansson.h>
#include <stdio.h>

enum {
	FLAG_USER = 1,
	FLAG_GROUP,
	FLAG_MESSAGE,
	FLAG_COMMAND_ID,
	FLAG_EXPIRES,
	FLAG_NO_EXPIRES,
	FLAG_VERSION,
	FLAG_HANDOFF,
	FLAG_HANDOFF_ID,
	FLAG_KIND,
	FLAG_QUESTION,
	FLAG_TASK,
	FLAG_LINK,
	FLAG_ARTIFACT,
	FLAG_ANSWER_SCHEMA,
	FLAG_OFFER_EXPIRES,
};

const struct flag share_flags[] = {
	{ "user", FLAG_USER, "NAME[:ROLE],...",
	  "users to share with; role use (default) or admin" },
	{ "group", FLAG_GROUP, "NAME[:ROLE],..", "groups to share with; also organization/name" },
	{ "expires", FLAG_EXPIRES, "8h|TIME", "when it expires: 8h, 2026-12-01T18:00Z" },
	{ "no-expires", FLAG_NO_EXPIRES, NULL, "it never expires; without either: as it is" },
	{ "message", FLAG_MESSAGE, "TEXT", "a message to the people it is shared with" },
	{ "handoff", FLAG_HANDOFF, "SUMMARY",
	  "hand over what was done there, to one user or group, who accepts it or not" },
	{ "kind", FLAG_KIND, "review|takeover|input", "what the handoff asks for; default review" },
	{ "question", FLAG_QUESTION, "TEXT", "what the handoff asks" },
	{ "task", FLAG_TASK, "SYSTEM:ID[=URL]",
	  "the agent's task: coder:ID, a2a:ID, mcp:ID, langgraph:ID or other:ID" },
	{ "link", FLAG_LINK, "URL", "a page to look at: an artifact named link" },
	{ "artifact", FLAG_ARTIFACT, "NAME=URL", "something that was made, and where it is" },
	{ "answer-schema", FLAG_ANSWER_SCHEMA, "FILE", "a JSON Schema of the answer" },
	{ "offer-expires", FLAG_OFFER_EXPIRES, "8h|TIME", "when the handoff's offer expires" },
	{ "handoff-id", FLAG_HANDOFF_ID, "UUID",
	  "its id, to offer a returned handoff again; default: that of the command" },
	{ "expected-version", FLAG_VERSION, "N", "only if the sharing has this version" },
	{ "command-id", FLAG_COMMAND_ID, "UUID",
	  "send a command again (a UUID of version 7): applied once" },
	{ NULL, 0, NULL, NULL },
};

const struct flag remove_flags[] = {
	{ "user", FLAG_USER, "NAME,...", "users to stop sharing with" },
	{ "group", FLAG_GROUP, "NAME,...", "groups to stop sharing with; also organization/name" },
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

/* The time in the value of that flag; 0 if it was not given. */
static int read_moment(const struct arguments *a, int id, const char *name, int64_t *out,
		       struct error *err)
{
	const char *text = argument_value(a, id);
	const char *wrong;

	*out = 0;
	wrong = text ? moment_parse(text, clock_unix_ms(), out) : NULL;
	if (!wrong)
		return 0;
	return error_set(err, ERROR_INPUT, "--%s is \"%s\": %s", name, text, wrong);
}

static int read_expiry(const struct arguments *a, int64_t *out, struct error *err)
{
	if (argument_value(a, FLAG_EXPIRES) && argument_has(a, FLAG_NO_EXPIRES))
		return error_set(err, ERROR_INPUT, "give either --expires or --no-expires");
	return read_moment(a, FLAG_EXPIRES, "expires", out, err);
}

static int read_subjects(struct session *s, const struct arguments *a, enum subjects_syntax syntax,
			 struct sharebus_request *q, struct error *err)
{
	struct subject_list names = { 0 };
	bool given = argument_value(a, FLAG_EXPIRES) || argument_has(a, FLAG_NO_EXPIRES);
	int64_t expires_at = 0;
	int rc = read_names(s, a, syntax, &names, err);

	if (!rc)
		rc = read_expiry(a, &expires_at, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < names.count; i++) {
		names.list[i].expires_at = expires_at;
		names.list[i].keep_expiry = !given;
	}
	q->subjects = names.list;
	q->subject_count = names.count;
	return 0;
}

static int read_request(struct session *s, const struct arguments *a, enum subjects_syntax syntax,
			struct sharebus_request *q, struct error *err)
{
	int rc = read_subjects(s, a, syntax, q, err);

	if (!rc)
		rc = sending_read_id(a, FLAG_COMMAND_ID, &q->command_id, err);
	if (!rc)
		rc = argument_number(a, FLAG_VERSION, "expected-version", INT64_MAX,
				     &q->expected_version, err);
	q->message = argument_value(a, FLAG_MESSAGE);
	return rc;
}

static int resolve_request(struct session *s, const char *workspace, struct sharebus_request *q,
			   struct error *err)
{
	int rc = session_me(s, err);

	q->actor = s->me;
	return rc ? rc : session_workspace(s, workspace, &q->workspace, err);
}

/* ---- the commands ---- */

/* A request, and what is offered with it. */
struct sharing {
	struct session *session;
	struct sharebus_request request;
	struct sharebus_offer offer;
	bool has_offer;
	bool offers_again; /* a handoff that was returned */
	bool repeats;      /* a command that may have been carried out already */
	bool shares;       /* or removes */
	struct sending sending;
};

/* Flags that mean nothing without --handoff. */
static int refuse_stray(const struct arguments *a, struct error *err)
{
	for (const struct flag *f = share_flags; f->name; f++)
		if (f->id >= FLAG_HANDOFF_ID && argument_has(a, f->id))
			return error_set(err, ERROR_INPUT, "--%s needs --handoff", f->name);
	return 0;
}

static int read_handoff_id(const struct arguments *a, struct sharing *h, struct error *err)
{
	const char *text = argument_value(a, FLAG_HANDOFF_ID);

	h->offer.handoff = h->request.command_id;
	h->offers_again = text != NULL;
	h->repeats = argument_has(a, FLAG_COMMAND_ID);
	if (!text || !sharebus_parse_id(&h->offer.handoff, text))
		return 0;
	return error_set(err, ERROR_INPUT, "--handoff-id is \"%s\"; it must be a UUID", text);
}

static int read_offer_texts(const struct arguments *a, struct sharing *h, struct error *err)
{
	struct arena *arena = &h->session->arena;
	struct sharebus_offer *o = &h->offer;
	const char *kind = argument_value(a, FLAG_KIND);
	const char *task = argument_value(a, FLAG_TASK);
	const char *schema = argument_value(a, FLAG_ANSWER_SCHEMA);
	struct artifact_list artifacts = { 0 };
	int rc = kind ? offer_parse_kind(&o->kind, kind, err) : 0;

	if (!rc && task)
		rc = offer_parse_task(o, task, arena, err);
	if (!rc)
		rc = offer_read_artifacts(&artifacts, a, FLAG_ARTIFACT, FLAG_LINK, arena, err);
	if (!rc && schema)
		rc = offer_read_schema(&o->answer_schema, schema, arena, err);
	o->artifacts = artifacts.list;
	o->artifact_count = artifacts.count;
	return rc;
}

static int read_offer(struct sharing *h, const struct arguments *a, struct error *err)
{
	const char *summary = argument_value(a, FLAG_HANDOFF);
	int rc;

	if (!summary)
		return refuse_stray(a, err);
	h->has_offer = true;
	h->offer = (struct sharebus_offer){
		.kind = SHAREBUS_HANDOFF_REVIEW,
		.summary = summary,
		.question = argument_value(a, FLAG_QUESTION),
	};
	if (h->request.subject_count != 1)
		return error_set(err, ERROR_INPUT,
				 "a handoff goes to exactly one user or group (got %zu)",
				 h->request.subject_count);
	rc = read_offer_texts(a, h, err);
	if (!rc)
		rc = read_moment(a, FLAG_OFFER_EXPIRES, "offer-expires", &h->offer.expires_at, err);
	return rc ? rc : read_handoff_id(a, h, err);
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

static int send_sharing(void *context, struct sharebus_outcome *out)
{
	struct sharing *h = context;

	if (h->has_offer)
		return sharebus_handoff_offer(h->session->client, &h->request, &h->offer, out);
	return h->shares ? sharebus_share(h->session->client, &h->request, out)
			 : sharebus_remove(h->session->client, &h->request, out);
}

/* Prints who the workspace is shared with now. */
static int show_sharing(void *context, const struct sharebus_outcome *o, json_t *keys,
			struct error *err)
{
	struct sharing *h = context;
	struct session *s = h->session;
	const struct sharebus_workspace *w;
	int rc = session_failed(s, sharebus_show(s->client, &h->request.workspace, &w), err);

	(void)o;
	if (rc) {
		json_decref(keys);
		return rc;
	}
	if (h->has_offer && s->output == OUTPUT_TABLE)
		sending_print_handoff(&h->sending);
	print_sharing(s, w, keys);
	return 0;
}

static int read_sharing(struct sharing *h, const struct arguments *a, struct error *err)
{
	enum subjects_syntax syntax = h->shares ? SUBJECTS_WITH_ROLE : SUBJECTS_ONLY;
	int rc = read_request(h->session, a, syntax, &h->request, err);

	return rc || !h->shares ? rc : read_offer(h, a, err);
}

/*
 * What is offered again must be open now, and still be as it is now when the command
 * is decided: else it would begin anew under the id of one that has ended.
 */
static int resolve_handoff(struct sharing *h, struct error *err)
{
	const struct sharebus_handoff *found = NULL;
	int code;

	if (!h->offers_again)
		return 0;
	code = sharebus_handoff_get(h->session->client, NULL, &h->offer.handoff, &found);
	h->offer.expected_step = found ? found->step : 1;
	return code == SHAREBUS_NOT_FOUND && h->repeats ? 0 : session_failed(h->session, code, err);
}

static enum exit_code run_request(struct session *s, const struct arguments *a, bool shares)
{
	struct sharing h = { .session = s, .shares = shares };
	struct error err = { 0 };

	h.sending = (struct sending){
		.session = s,
		.command_id = &h.request.command_id,
		.send = send_sharing,
		.show = show_sharing,
		.context = &h,
	};
	if (read_sharing(&h, a, &err))
		return failure_report_usage(s, &err);
	h.sending.handoff = h.has_offer ? &h.offer.handoff : NULL;
	if (resolve_request(s, a->operands[0], &h.request, &err) || resolve_handoff(&h, &err))
		return sending_report_unsent(&h.sending, &err);
	h.request.wait_ms = session_wait_left(s);
	return sending_run(&h.sending);
}

enum exit_code run_share(struct session *s, const struct arguments *a)
{
	return run_request(s, a, true);
}

enum exit_code run_remove(struct session *s, const struct arguments *a)
{
	return run_request(s, a, false);
}

enum exit_code run_show(struct session *s, const struct arguments *a)
{
	const struct sharebus_workspace *w;
	struct sharebus_id workspace;
	struct error err = { 0 };
	int rc = session_workspace(s, a->operands[0], &workspace, &err);

	if (!rc)
		rc = session_failed(s, sharebus_show(s->client, &workspace, &w), &err);
	if (rc)
		return failure_report(s, &err);
	print_sharing(s, w, NULL);
	return EXIT_DONE;
}
