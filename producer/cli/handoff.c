/* sharebus handoff list | show | accept | decline | return | complete | reassign | withdraw */

#include "producer/cli/commands.h"
#include "producer/cli/failure.h"
#include "producer/cli/handoff_view.h"
#include "producer/cli/json.h"
#include "producer/cli/offer.h"
#include "producer/cli/sending.h"
#include "producer/cli/subjects.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum {
	FLAG_MINE = 1,
	FLAG_OFFERED,
	FLAG_LIMIT,
	FLAG_NOTE,
	FLAG_ARTIFACT,
	FLAG_TO,
	FLAG_STEP,
	FLAG_WORKSPACE,
	FLAG_COMMAND_ID,
	LIMIT_DEFAULT = 100,
	LIMIT_MAX = 1000000,
};

const struct flag handoff_list_flags[] = {
	{ "mine", FLAG_MINE, NULL, "those that wait for me, also as a member of a group" },
	{ "offered", FLAG_OFFERED, NULL, "those that I have offered, or of my workspaces" },
	{ "limit", FLAG_LIMIT, "N", "show the first N (100)" },
	{ NULL, 0, NULL, NULL },
};

const struct flag handoff_answer_flags[] = {
	{ "note", FLAG_NOTE, "TEXT", "a note to those who are told" },
	{ "expected-step", FLAG_STEP, "N", "only if the handoff is at this step" },
	{ "workspace", FLAG_WORKSPACE, "WORKSPACE",
	  "where it is, to repeat an answer that may have ended it" },
	{ "command-id", FLAG_COMMAND_ID, "UUID",
	  "send a command again (a UUID of version 7): applied once" },
	{ NULL, 0, NULL, NULL },
};

const struct flag handoff_finish_flags[] = {
	{ "artifact", FLAG_ARTIFACT, "NAME=URL", "something that was made, and where it is" },
	{ "note", FLAG_NOTE, "TEXT", "a note to those who are told" },
	{ "expected-step", FLAG_STEP, "N", "only if the handoff is at this step" },
	{ "workspace", FLAG_WORKSPACE, "WORKSPACE",
	  "where it is, to repeat an answer that may have ended it" },
	{ "command-id", FLAG_COMMAND_ID, "UUID",
	  "send a command again (a UUID of version 7): applied once" },
	{ NULL, 0, NULL, NULL },
};

const struct flag handoff_reassign_flags[] = {
	{ "to", FLAG_TO, "user:NAME|group:NAME", "who is to do it instead" },
	{ "note", FLAG_NOTE, "TEXT", "a note to those who are told" },
	{ "expected-step", FLAG_STEP, "N", "only if the handoff is at this step" },
	{ "workspace", FLAG_WORKSPACE, "WORKSPACE",
	  "where it is, to repeat an answer that may have ended it" },
	{ "command-id", FLAG_COMMAND_ID, "UUID",
	  "send a command again (a UUID of version 7): applied once" },
	{ NULL, 0, NULL, NULL },
};

/* ---- list and show ---- */

static int find_handoff(struct session *s, const char *text, struct sharebus_id *out,
			struct error *err)
{
	int rc = session_me(s, err);

	return rc ? rc
		  : session_failed(s, sharebus_handoff_find(s->client, &s->me, text, out), err);
}

static int list_handoffs(struct session *s, const struct arguments *a,
			 const struct sharebus_handoff **out, size_t *count, struct error *err)
{
	bool mine = argument_has(a, FLAG_MINE);
	bool offered = argument_has(a, FLAG_OFFERED);
	enum sharebus_handoff_scope scope = mine      ? SHAREBUS_HANDOFFS_WAITING
					    : offered ? SHAREBUS_HANDOFFS_OFFERED
						      : SHAREBUS_HANDOFFS_ALL;
	int rc;

	if (mine && offered)
		return error_set(err, ERROR_USAGE, "give either --mine or --offered");
	rc = session_me(s, err);
	return rc ? rc
		  : session_failed(s, sharebus_handoff_list(s->client, &s->me, scope, out, count),
				   err);
}

static void print_handoffs(struct session *s, const struct sharebus_handoff *list, size_t count)
{
	json_t *all;

	if (s->output == OUTPUT_TABLE) {
		handoffs_print(s, list, count);
		return;
	}
	all = json_array();
	for (size_t i = 0; i < count; i++)
		(void)json_array_append_new(all, handoff_json(&list[i]));
	json_print(all);
}

enum exit_code run_handoff_list(struct session *s, const struct arguments *a)
{
	const struct sharebus_handoff *list = NULL;
	struct error err = { 0 };
	size_t count = 0;
	int64_t limit = LIMIT_DEFAULT;
	int rc = argument_number(a, FLAG_LIMIT, "limit", LIMIT_MAX, &limit, &err);

	if (!rc)
		rc = list_handoffs(s, a, &list, &count, &err);
	if (rc)
		return failure_report(s, &err);
	print_handoffs(s, list, count > (size_t)limit ? (size_t)limit : count);
	if (count > (size_t)limit) {
		(void)fflush(stdout);
		(void)fprintf(stderr, "%zu more; --limit shows them\n", count - (size_t)limit);
	}
	return EXIT_DONE;
}

enum exit_code run_handoff_show(struct session *s, const struct arguments *a)
{
	const struct sharebus_handoff *h;
	struct sharebus_id id;
	struct error err = { 0 };
	int rc = find_handoff(s, a->operands[0], &id, &err);

	if (!rc)
		rc = session_failed(s, sharebus_handoff_get(s->client, &s->me, &id, &h), &err);
	if (rc)
		return failure_report(s, &err);
	if (s->output == OUTPUT_JSON)
		json_print(handoff_json(h));
	else
		handoff_print(s, h);
	return EXIT_DONE;
}

/* ---- answers ---- */

struct answering {
	struct session *session;
	struct sharebus_response response;
	struct subject_list to;
};

/* Reads "user:alice" or "group:devs". */
static int read_recipient(struct answering *h, const char *text, struct error *err)
{
	static const struct {
		const char *prefix;
		enum sharebus_subject_kind kind;
	} kinds[] = { { "user:", SHAREBUS_USER }, { "group:", SHAREBUS_GROUP } };

	for (size_t i = 0; text && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		size_t len = strlen(kinds[i].prefix);
		int rc;

		if (strncmp(text, kinds[i].prefix, len) != 0)
			continue;
		rc = subjects_parse(&h->to, kinds[i].kind, SUBJECTS_ONLY, text + len,
				    &h->session->arena, err);
		h->response.to = h->to.list;
		if (!rc && h->to.count == 1)
			return 0;
		break;
	}
	return error_set(err, ERROR_INPUT,
			 "say with --to who is to do it: user:NAME or group:NAME, exactly one");
}

static int read_answer(struct answering *h, const struct arguments *a, struct error *err)
{
	struct sharebus_response *r = &h->response;
	struct artifact_list artifacts = { 0 };
	int rc = sending_read_id(a, FLAG_COMMAND_ID, &r->command_id, err);

	r->note = argument_value(a, FLAG_NOTE);
	if (!rc)
		rc = offer_read_artifacts(&artifacts, a, FLAG_ARTIFACT, 0, &h->session->arena, err);
	r->artifacts = artifacts.list;
	r->artifact_count = artifacts.count;
	if (!rc)
		rc = argument_number(a, FLAG_STEP, "expected-step", INT64_MAX, &r->expected_step,
				     err);
	if (!rc && r->answer == SHAREBUS_RETURN && (!r->note || !r->note[0]))
		rc = error_set(err, ERROR_INPUT, "say with --note why it is returned");
	if (!rc && r->answer == SHAREBUS_REASSIGN)
		rc = read_recipient(h, argument_value(a, FLAG_TO), err);
	return rc;
}

/* Whoever asked for something and hears only that it is done has no answer. */
static int check_completion(const struct sharebus_response *r, const struct sharebus_handoff *h,
			    struct error *err)
{
	if (r->answer != SHAREBUS_COMPLETE || h->kind != SHAREBUS_HANDOFF_INPUT ||
	    r->artifact_count || (r->note && r->note[0]))
		return 0;
	return error_set(err, ERROR_USAGE,
			 "the handoff asks for an answer: give it with --note or --artifact");
}

/* Finds the handoff, and where it is: whoever may not see it gets no further. */
static int resolve_answer(struct answering *h, const struct arguments *a, struct error *err)
{
	struct session *s = h->session;
	struct sharebus_response *r = &h->response;
	const char *workspace = argument_value(a, FLAG_WORKSPACE);
	const struct sharebus_handoff *found;
	int rc = find_handoff(s, a->operands[0], &r->handoff, err);

	r->actor = s->me;
	if (rc)
		return rc;
	if (workspace)
		return session_workspace(s, workspace, &r->workspace, err);
	rc = session_failed(s, sharebus_handoff_get(s->client, &s->me, &r->handoff, &found), err);
	if (rc)
		return rc;
	r->workspace = found->workspace;
	return check_completion(r, found, err);
}

static int send_answer(void *context, struct sharebus_outcome *out)
{
	struct answering *h = context;

	return sharebus_handoff_answer(h->session->client, &h->response, out);
}

/* What has become of a handoff that was answered so. */
static const char *state_after(enum sharebus_handoff_answer answer)
{
	switch (answer) {
	case SHAREBUS_ACCEPT:
		return "accepted";
	case SHAREBUS_DECLINE:
		return "declined";
	case SHAREBUS_RETURN:
		return "returned";
	case SHAREBUS_COMPLETE:
		return "completed";
	case SHAREBUS_REASSIGN:
		return "offered";
	case SHAREBUS_WITHDRAW:
		return "withdrawn";
	}
	return "?";
}

/* `state` is NULL if it is not known; `found` if the handoff is not open, or not ours to see. */
static void print_answered(struct answering *h, const struct sharebus_outcome *o, json_t *keys,
			   const struct sharebus_handoff *found, const char *state)
{
	struct session *s = h->session;
	char id[SHAREBUS_ID_SIZE];

	sharebus_format_id(id, &h->response.handoff);
	if (s->output == OUTPUT_JSON) {
		(void)json_object_set_new(keys, "handoff_id", json_string(id));
		(void)json_object_set_new(keys, "state", json_text(bytes_of(state)));
		(void)json_object_set_new(keys, "handoff",
					  found ? handoff_json(found) : json_null());
		json_print(keys);
		return;
	}
	json_decref(keys);
	if (found)
		handoff_print(s, found);
	else
		(void)printf("handoff %s is %s\n", id, state ? state : "not open any more");
	if (o->verdict == SHAREBUS_UNCHANGED)
		(void)fprintf(stderr, "Nothing has changed.\n");
}

static int show_answered(void *context, const struct sharebus_outcome *o, json_t *keys,
			 struct error *err)
{
	struct answering *h = context;
	struct session *s = h->session;
	const struct sharebus_handoff *found = NULL;
	const char *state = NULL;
	int rc = sharebus_handoff_get(s->client, &s->me, &h->response.handoff, &found);

	if (rc && rc != SHAREBUS_NOT_FOUND) {
		json_decref(keys);
		return session_failed(s, rc, err);
	}
	if (!rc)
		state = sharebus_handoff_state_name(found->state);
	else if (o->verdict == SHAREBUS_APPLIED)
		state = state_after(h->response.answer);
	print_answered(h, o, keys, rc ? NULL : found, state);
	return 0;
}

static enum exit_code answer_handoff(struct session *s, const struct arguments *a,
				     enum sharebus_handoff_answer answer)
{
	struct answering h = { .session = s, .response.answer = answer };
	struct sending how = {
		.session = s,
		.command_id = &h.response.command_id,
		.send = send_answer,
		.show = show_answered,
		.context = &h,
	};
	char workspace[SHAREBUS_ID_SIZE];
	struct error err = { 0 };

	if (read_answer(&h, a, &err))
		return failure_report_usage(s, &err);
	if (resolve_answer(&h, a, &err))
		return sending_report_unsent(&how, &err);
	sharebus_format_id(workspace, &h.response.workspace);
	how.more = text_of(arena_printf(&s->arena, "--workspace %s", workspace));
	h.response.wait_ms = session_wait_left(s);
	return sending_run(&how);
}

enum exit_code run_handoff_accept(struct session *s, const struct arguments *a)
{
	return answer_handoff(s, a, SHAREBUS_ACCEPT);
}

enum exit_code run_handoff_decline(struct session *s, const struct arguments *a)
{
	return answer_handoff(s, a, SHAREBUS_DECLINE);
}

enum exit_code run_handoff_return(struct session *s, const struct arguments *a)
{
	return answer_handoff(s, a, SHAREBUS_RETURN);
}

enum exit_code run_handoff_complete(struct session *s, const struct arguments *a)
{
	return answer_handoff(s, a, SHAREBUS_COMPLETE);
}

enum exit_code run_handoff_reassign(struct session *s, const struct arguments *a)
{
	return answer_handoff(s, a, SHAREBUS_REASSIGN);
}

enum exit_code run_handoff_withdraw(struct session *s, const struct arguments *a)
{
	return answer_handoff(s, a, SHAREBUS_WITHDRAW);
}
