/* sharebus_handoff_offer() and sharebus_handoff_answer(): the steps of a handoff, as commands. */

#include "producer/handover.h"

#include "cache/handoff_lookup.h"
#include "producer/ids.h"
#include "producer/request.h"
#include "schemas/bounds.h"

#include <assert.h>
#include <stdio.h>

_Static_assert((int)SHAREBUS_HANDOFF_INPUT == HANDOFF_INPUT, "kinds");
_Static_assert((int)SHAREBUS_TASK_CODER == TASK_CODER, "tasks");
_Static_assert((int)SHAREBUS_TASK_OTHER == TASK_OTHER, "tasks");
_Static_assert((int)SHAREBUS_ACCEPT == ANSWER_ACCEPT, "answers");
_Static_assert((int)SHAREBUS_WITHDRAW == ANSWER_WITHDRAW, "answers");
_Static_assert((int)SHAREBUS_SUMMARY_MAX == HANDOFF_TEXT_MAX, "bounds");
_Static_assert((int)SHAREBUS_ARTIFACTS_MAX == ARTIFACTS_MAX, "bounds");
_Static_assert((int)SHAREBUS_ARTIFACT_NAME_MAX == NAME_BYTES_MAX, "bounds");
_Static_assert((int)SHAREBUS_TASK_ID_MAX == TASK_ID_MAX, "bounds");
_Static_assert((int)SHAREBUS_URL_MAX == URL_BYTES_MAX, "bounds");
_Static_assert((int)SHAREBUS_ANSWER_SCHEMA_MAX == ANSWER_SCHEMA_MAX, "bounds");

/* ---- names of constants ---- */

const char *sharebus_handoff_kind_name(enum sharebus_handoff_kind kind)
{
	if (kind < SHAREBUS_HANDOFF_REVIEW || kind > SHAREBUS_HANDOFF_INPUT)
		return "?";
	return symbol_name(handoff_kind_symbols, (int)kind);
}

const char *sharebus_task_system_name(enum sharebus_task_system system)
{
	if (system == SHAREBUS_TASK_NONE)
		return "none";
	return (unsigned)system <= SHAREBUS_TASK_OTHER
		       ? symbol_name(task_system_symbols, (int)system)
		       : "?";
}

const char *sharebus_handoff_answer_name(enum sharebus_handoff_answer answer)
{
	if (answer < SHAREBUS_ACCEPT || answer > SHAREBUS_WITHDRAW)
		return "?";
	return symbol_name(answer_symbols, (int)answer);
}

/* ---- what is wrong whatever the index says ---- */

static int check_url(const char *what, const char *url, struct error *err)
{
	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return error_set(err, ERROR_USAGE, "%s must begin with http:// or https://", what);
	return request_check_text(what, bytes_of(url), URL_BYTES_MAX, err);
}

static int check_artifact(const struct sharebus_artifact *a, struct error *err)
{
	int rc;

	if (!a->name || !*a->name || !a->url)
		return error_set(err, ERROR_USAGE, "an artifact must have a name and an address");
	rc = request_check_text("the name of an artifact", bytes_of(a->name), NAME_BYTES_MAX, err);
	return rc ? rc : check_url("the address of an artifact", a->url, err);
}

static int check_artifacts(const struct sharebus_artifact *list, size_t count, struct error *err)
{
	int rc = 0;

	if (count > ARTIFACTS_MAX)
		return error_set(err, ERROR_USAGE,
				 "there are %zu artifacts; at most %d are allowed", count,
				 ARTIFACTS_MAX);
	for (size_t i = 0; !rc && i < count; i++)
		rc = check_artifact(&list[i], err);
	return rc;
}

static int check_task(const struct sharebus_offer *o, struct error *err)
{
	int rc;

	if (o->task_system == SHAREBUS_TASK_NONE && (o->task_id || o->task_url))
		return error_set(err, ERROR_USAGE, "a task must have a system");
	if (o->task_system == SHAREBUS_TASK_NONE)
		return 0;
	if ((unsigned)o->task_system > SHAREBUS_TASK_OTHER)
		return error_set(err, ERROR_USAGE, "there is no system of tasks %d",
				 (int)o->task_system);
	if (!o->task_id || !*o->task_id)
		return error_set(err, ERROR_USAGE, "a task must have an id");
	rc = request_check_text("the id of the task", bytes_of(o->task_id), TASK_ID_MAX, err);
	return rc || !o->task_url ? rc : check_url("the address of the task", o->task_url, err);
}

static int check_offer_texts(const struct sharebus_offer *o, struct error *err)
{
	int rc;

	if (!o->summary || !*o->summary)
		return error_set(err, ERROR_USAGE, "a handoff must have a summary");
	rc = request_check_text("the summary", bytes_of(o->summary), HANDOFF_TEXT_MAX, err);
	if (!rc)
		rc = request_check_text("the question", bytes_of(o->question), HANDOFF_TEXT_MAX,
					err);
	if (!rc)
		rc = request_check_text("the answer's schema", bytes_of(o->answer_schema),
					ANSWER_SCHEMA_MAX, err);
	return rc;
}

static int check_offer(const struct sharebus_request *q, const struct sharebus_offer *o,
		       struct error *err)
{
	int rc;

	if (q->subject_count != 1)
		return error_set(err, ERROR_USAGE,
				 "a handoff goes to exactly one user or group (got %zu)",
				 q->subject_count);
	if (o->kind < SHAREBUS_HANDOFF_REVIEW || o->kind > SHAREBUS_HANDOFF_INPUT)
		return error_set(err, ERROR_USAGE,
				 "the kind of a handoff must be review, takeover or input (got %d)",
				 (int)o->kind);
	if (o->expected_step < 0)
		return error_set(err, ERROR_USAGE, "expected_step must not be negative (got %lld)",
				 (long long)o->expected_step);
	rc = check_offer_texts(o, err);
	if (!rc)
		rc = check_task(o, err);
	if (!rc)
		rc = check_artifacts(o->artifacts, o->artifact_count, err);
	return rc ? rc : request_check_expiry(o->expires_at, err);
}

static int check_response(const struct sharebus_response *r, struct error *err)
{
	bool reassigns = r->answer == SHAREBUS_REASSIGN;
	int rc;

	if (r->answer < SHAREBUS_ACCEPT || r->answer > SHAREBUS_WITHDRAW)
		return error_set(err, ERROR_USAGE, "there is no answer %d to a handoff",
				 (int)r->answer);
	if (reassigns != (r->to != NULL))
		return error_set(err, ERROR_USAGE,
				 reassigns ? "say to whom the handoff is reassigned"
					   : "only a handoff that is reassigned goes to somebody");
	if (r->expected_step < 0)
		return error_set(err, ERROR_USAGE, "expected_step must not be negative (got %lld)",
				 (long long)r->expected_step);
	rc = request_check_text("the note", bytes_of(r->note), HANDOFF_TEXT_MAX, err);
	return rc ? rc : check_artifacts(r->artifacts, r->artifact_count, err);
}

/* ---- commands ---- */

static struct artifact *copy_artifacts(struct sharebus *c, const struct sharebus_artifact *list,
				       size_t count)
{
	struct artifact *out = arena_alloc(&c->arena, (count + 1) * sizeof(*out));

	for (size_t i = 0; i < count; i++)
		out[i] = (struct artifact){ bytes_of(list[i].name), bytes_of(list[i].url) };
	return out;
}

static void fill_offer(struct sharebus *c, const struct sharebus_offer *o, struct task *task,
		       struct handoff_offer *out)
{
	*task = (struct task){ (enum task_system)o->task_system, bytes_of(o->task_id),
			       bytes_of(o->task_url) };
	*out = (struct handoff_offer){
		.handoff_id = uuid_of(&o->handoff),
		.kind = (enum handoff_kind)o->kind,
		.summary = bytes_of(o->summary),
		.question = bytes_of(o->question),
		.task = task->system ? task : NULL,
		.artifacts = copy_artifacts(c, o->artifacts, o->artifact_count),
		.artifact_count = o->artifact_count,
		.answer_schema = bytes_of(o->answer_schema),
		.expires_at = o->expires_at ? o->expires_at : ABSENT,
		.expected_step = o->expected_step ? o->expected_step : ABSENT,
	};
}

int sharebus_handoff_offer(struct sharebus *client, const struct sharebus_request *request,
			   const struct sharebus_offer *offer, struct sharebus_outcome *out)
{
	struct error *err = client_begin(client);
	struct handoff_offer filled;
	struct task task;
	int rc;

	*out = (struct sharebus_outcome){ .command_id = request->command_id };
	rc = check_offer(request, offer, err);
	if (rc)
		return rc;
	fill_offer(client, offer, &task, &filled);
	return request_share(client, request, &filled, out, err);
}

/* ---- answers ---- */

int handover_refuse_unknown(const struct uuid *id, struct error *err)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return error_set(err, ERROR_INPUT,
			 "there is no open handoff %s; a handoff that is declined, withdrawn, "
			 "expired or completed is not open any more",
			 text);
}

int handover_refuse_several(const struct uuid *id, struct error *err)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return error_set(err, ERROR_INPUT,
			 "several workspaces have a handoff %s; say which workspace is meant",
			 text);
}

int handover_find(struct sharebus *c, const struct uuid *id, struct uuid_list *out,
		  struct error *err)
{
	struct uuid_list found = { 0 };
	int rc = client_reader(c, err);

	if (!rc)
		rc = lookup_handoff(c->reader, id, &c->arena, &found, err);
	if (!rc && !found.count)
		rc = handover_refuse_unknown(id, err);
	if (!rc)
		*out = found;
	return rc;
}

/* Sets q->workspace to where the handoff is. */
static int find_workspace(struct sharebus *c, const struct sharebus_response *r,
			  struct sharebus_request *q, struct error *err)
{
	const struct uuid id = uuid_of(&r->handoff);
	const struct uuid given = uuid_of(&r->workspace);
	struct uuid_list found;
	int rc;

	q->workspace = r->workspace;
	if (!uuid_is_nil(&given))
		return 0;
	rc = handover_find(c, &id, &found, err);
	if (!rc && found.count > 1)
		rc = handover_refuse_several(&id, err);
	if (!rc)
		q->workspace = public_id(&found.list[0]);
	return rc;
}

static void fill_answer(struct sharebus *c, const struct sharebus_response *r,
			const struct sharebus_subject *to, struct subject *room,
			struct answer_handoff *out)
{
	out->handoff_id = uuid_of(&r->handoff);
	out->expected_step = r->expected_step ? r->expected_step : ABSENT;
	out->answer = (enum answer)r->answer;
	out->note = bytes_of(r->note);
	out->artifacts = copy_artifacts(c, r->artifacts, r->artifact_count);
	out->artifact_count = r->artifact_count;
	*room = (struct subject){ (enum subject_kind)to->kind, uuid_of(&to->id) };
	out->to = r->to ? room : NULL;
}

int sharebus_handoff_answer(struct sharebus *client, const struct sharebus_response *response,
			    struct sharebus_outcome *out)
{
	struct error *err = client_begin(client);
	struct record r = { .type = RECORD_ANSWER_HANDOFF };
	struct sharebus_subject to = response->to ? *response->to : (struct sharebus_subject){ 0 };
	struct sharebus_request q = {
		.actor = response->actor,
		.subjects = &to,
		.subject_count = response->to ? 1 : 0,
		.command_id = response->command_id,
		.wait_ms = response->wait_ms,
	};
	struct subject room;
	int rc;

	*out = (struct sharebus_outcome){ .command_id = response->command_id };
	rc = check_response(response, err);
	if (!rc)
		rc = request_check(&q, false, err);
	if (!rc)
		rc = find_workspace(client, response, &q, err);
	if (!rc)
		rc = request_fill(client, &q, &to, &r.as.answer_handoff.command, err);
	if (rc)
		return rc;
	out->command_id = public_id(&r.as.answer_handoff.command.command_id);
	fill_answer(client, response, &to, &room, &r.as.answer_handoff);
	return request_send(client, &r, q.wait_ms, out, err);
}
