#include "producer/request.h"

#include "ops/support/clock.h"
#include "ops/support/utf8.h"
#include "producer/ids.h"
#include "producer/names.h"
#include "producer/send.h"
#include "schemas/bounds.h"

#include <stdio.h>

_Static_assert((int)SHAREBUS_APPLIED == OUTCOME_APPLIED, "verdicts");
_Static_assert((int)SHAREBUS_UNCHANGED == OUTCOME_UNCHANGED, "verdicts");
_Static_assert((int)SHAREBUS_DUPLICATE == OUTCOME_DUPLICATE, "verdicts");
_Static_assert((int)SHAREBUS_REJECTED_BY_RULE == OUTCOME_REJECTED, "verdicts");
_Static_assert((int)SHAREBUS_UNREADABLE == OUTCOME_UNREADABLE, "verdicts");
_Static_assert((int)SHAREBUS_ROLE_USE == ROLE_USE, "roles");
_Static_assert((int)SHAREBUS_ROLE_ADMIN == ROLE_ADMIN, "roles");
_Static_assert((int)SHAREBUS_USER == SUBJECT_USER, "subjects");
_Static_assert((int)SHAREBUS_GROUP == SUBJECT_GROUP, "subjects");
_Static_assert((int)SHAREBUS_MESSAGE_MAX == (int)MESSAGE_MAX, "messages");

const char *sharebus_verdict_name(enum sharebus_verdict verdict)
{
	if (verdict == SHAREBUS_PENDING)
		return "pending";
	return (unsigned)verdict <= SHAREBUS_UNREADABLE ? outcome_name((enum outcome)verdict) : "?";
}

static int check_wait(int wait_ms, struct error *err)
{
	return wait_ms < 0 ? error_set(err, ERROR_USAGE, "wait_ms must not be negative (got %d)",
				       wait_ms)
			   : 0;
}

/* ---- from the request to the command ---- */

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

static int fill_actor(struct sharebus *c, const struct sharebus_request *q, struct actor *out,
		      struct error *err)
{
	const struct uuid id = uuid_of(&q->actor);
	struct user_changed user;
	char text[UUID_TEXT_SIZE];
	int rc = lookup_users(c->reader, &id, 1, &c->arena, &user, err);

	uuid_format(text, &id);
	if (!rc && !user.username.data)
		return error_set(err, ERROR_INPUT, "there is no user %s on whose behalf to act",
				 text);
	if (!rc)
		*out = (struct actor){ id, actor_kind_of(user.kind) };
	return rc;
}

/* The workspace must exist. Its organization tells which groups the names mean. */
static int find_organization(struct sharebus *c, const struct uuid *workspace_id, struct uuid *out,
			     struct error *err)
{
	struct workspace w;
	char text[UUID_TEXT_SIZE];
	int rc = lookup_workspaces(c->reader, workspace_id, 1, &w, err);

	if (rc)
		return rc;
	uuid_format(text, workspace_id);
	if (w.registered)
		*out = w.organization_id;
	else
		rc = error_set(err, ERROR_INPUT, "there is no workspace %s", text);
	workspace_done(&w);
	return rc;
}

static int fill_command_id(const struct sharebus_request *q, struct command *out, struct error *err)
{
	out->command_id = uuid_of(&q->command_id);
	if (uuid_is_nil(&out->command_id) && uuid_v7(&out->command_id, out->issued_at))
		return error_set(err, ERROR_UNAVAILABLE,
				 "the kernel has no randomness for a new id; try again");
	if (uuid_v7_time(&out->command_id) < 0)
		return error_set(err, ERROR_USAGE,
				 "command_id is no UUID of version 7; take one of "
				 "sharebus_new_id()");
	return 0;
}

int request_fill(struct sharebus *c, const struct sharebus_request *q,
		 struct sharebus_subject *subjects, struct command *out, struct error *err)
{
	struct uuid organization_id;
	int rc;

	*out = (struct command){
		.issued_at = clock_unix_ms(),
		.workspace_id = uuid_of(&q->workspace),
		.expected_version = q->expected_version > 0 ? q->expected_version : ABSENT,
	};
	/* First of all: whoever repeats the command needs its id, whatever fails next. */
	rc = fill_command_id(q, out, err);
	if (!rc)
		rc = client_reader(c, err);
	if (!rc)
		rc = fill_actor(c, q, &out->actor, err);
	if (!rc)
		rc = find_organization(c, &out->workspace_id, &organization_id, err);
	if (!rc)
		rc = names_subjects(c, subjects, q->subject_count, &organization_id, err);
	if (!rc)
		out->directory_offset = reader_directory(c->reader)->applied;
	return rc;
}

static struct subject subject_of(const struct sharebus_subject *s)
{
	return (struct subject){ (enum subject_kind)s->kind, uuid_of(&s->id) };
}

static void fill_share(struct sharebus *c, const struct sharebus_request *q,
		       const struct sharebus_subject *subjects, struct share_workspace *out)
{
	out->message = bytes_of(q->message);
	out->grants = arena_alloc(&c->arena, (q->subject_count + 1) * sizeof(*out->grants));
	out->grant_count = q->subject_count;
	for (size_t i = 0; i < q->subject_count; i++)
		out->grants[i] = (struct grant_wish){
			subject_of(&subjects[i]),
			(enum role)subjects[i].role,
			subjects[i].expires_at ? subjects[i].expires_at : ABSENT,
			subjects[i].keep_expiry,
		};
}

static void fill_remove(struct sharebus *c, const struct sharebus_request *q,
			const struct sharebus_subject *subjects, struct remove_sharing *out)
{
	out->reason = REASON_COMMAND;
	out->subjects = arena_alloc(&c->arena, (q->subject_count + 1) * sizeof(*out->subjects));
	out->subject_count = q->subject_count;
	for (size_t i = 0; i < q->subject_count; i++)
		out->subjects[i] = subject_of(&subjects[i]);
}

/* ---- from the decision to the outcome ---- */

static void fill_outcome(const struct sent_command *sent, struct sharebus_outcome *out)
{
	*out = (struct sharebus_outcome){
		.command_id = public_id(&sent->command_id),
		.sent = sent->queued,
		.positioned = sent->positioned,
		.position = { sent->position.partition, sent->position.offset },
		.verdict = (enum sharebus_verdict)sent->outcome.outcome,
		.version = sent->outcome.version,
	};
	if (out->verdict == SHAREBUS_REJECTED_BY_RULE) {
		out->code = reject_code_name(sent->outcome.code);
		out->message = text_of(sent->outcome.message);
	}
}

int request_send(struct sharebus *c, const struct record *r, int wait_ms,
		 struct sharebus_outcome *out, struct error *err)
{
	struct sent_command sent;
	int rc = send_command(c, r, wait_ms, &sent, err);

	fill_outcome(&sent, out);
	if (rc)
		return rc;
	if (out->verdict)
		reader_require(c->reader, sent.position.partition, sent.position.offset + 1);
	if (out->verdict == SHAREBUS_UNREADABLE)
		(void)error_set(err, ERROR_INPUT,
				"the consumer could not read the command; it is an older version");
	else if (out->verdict == SHAREBUS_REJECTED_BY_RULE)
		(void)error_set(err, ERROR_INPUT, "%s", out->message);
	return out->verdict < SHAREBUS_REJECTED_BY_RULE ? 0 : SHAREBUS_REJECTED;
}

/* ---- requests that are wrong whatever the index says ---- */

int request_check_text(const char *what, struct bytes text, size_t max, struct error *err)
{
	if (text.len > max)
		return error_set(err, ERROR_USAGE, "%s has %zu bytes; at most %zu are allowed",
				 what, text.len, max);
	if (!utf8_is_valid(text.data, text.len))
		return error_set(err, ERROR_USAGE, "%s must be UTF-8", what);
	return 0;
}

int request_check_expiry(int64_t expires_at, struct error *err)
{
	if (expires_at < 0)
		return error_set(err, ERROR_USAGE, "expires_at must not be negative (got %lld)",
				 (long long)expires_at);
	if (expires_at > TIME_MAX_MS)
		return error_set(err, ERROR_USAGE,
				 "expires_at must not lie after the year 9999 (got %lld)",
				 (long long)expires_at);
	return 0;
}

static int check_subject(const struct sharebus_subject *s, bool needs_role, struct error *err)
{
	if (s->kind != SHAREBUS_USER && s->kind != SHAREBUS_GROUP)
		return error_set(err, ERROR_USAGE,
				 "the kind of a subject must be user or group (got %d)",
				 (int)s->kind);
	if (needs_role && s->role != SHAREBUS_ROLE_USE && s->role != SHAREBUS_ROLE_ADMIN)
		return error_set(err, ERROR_USAGE,
				 "the role %s cannot be granted; give use or admin",
				 sharebus_role_name(s->role));
	if (needs_role && request_check_expiry(s->expires_at, err))
		return ERROR_USAGE;
	if (needs_role && s->keep_expiry && s->expires_at)
		return error_set(err, ERROR_USAGE,
				 "expires_at must be 0 where keep_expiry is true (got %lld)",
				 (long long)s->expires_at);
	return 0;
}

int request_check(const struct sharebus_request *q, bool shares, struct error *err)
{
	int rc = check_wait(q->wait_ms, err);

	if (!rc && q->expected_version < 0)
		rc = error_set(err, ERROR_USAGE, "expected_version must not be negative (got %lld)",
			       (long long)q->expected_version);
	if (!rc && shares)
		rc = request_check_text("the message", bytes_of(q->message), MESSAGE_MAX, err);
	for (size_t i = 0; !rc && i < q->subject_count; i++)
		rc = check_subject(&q->subjects[i], shares, err);
	return rc;
}

/* ---- the requests ---- */

/* Fills the command that the request becomes; the id in *out as soon as it is known. */
static int begin_request(struct sharebus *c, const struct sharebus_request *q,
			 struct sharebus_subject **subjects, struct command *command,
			 struct sharebus_outcome *out, struct error *err)
{
	int rc;

	*subjects = arena_alloc(&c->arena, (q->subject_count + 1) * sizeof(**subjects));
	if (q->subject_count)
		memcpy(*subjects, q->subjects, q->subject_count * sizeof(**subjects));
	rc = request_fill(c, q, *subjects, command, err);
	out->command_id = public_id(&command->command_id);
	return rc;
}

int request_share(struct sharebus *c, const struct sharebus_request *q, struct handoff_offer *offer,
		  struct sharebus_outcome *out, struct error *err)
{
	struct record r = { .type = RECORD_SHARE_WORKSPACE };
	struct share_workspace *share = &r.as.share_workspace;
	struct sharebus_subject *subjects;
	int rc = request_check(q, true, err);

	if (!rc)
		rc = begin_request(c, q, &subjects, &share->command, out, err);
	if (rc)
		return rc;
	fill_share(c, q, subjects, share);
	if (offer && uuid_is_nil(&offer->handoff_id))
		offer->handoff_id = share->command.command_id;
	share->handoff = offer;
	return request_send(c, &r, q->wait_ms, out, err);
}

int sharebus_share(struct sharebus *client, const struct sharebus_request *request,
		   struct sharebus_outcome *out)
{
	*out = (struct sharebus_outcome){ .command_id = request->command_id };
	return request_share(client, request, NULL, out, client_begin(client));
}

int sharebus_remove(struct sharebus *client, const struct sharebus_request *request,
		    struct sharebus_outcome *out)
{
	struct error *err = client_begin(client);
	struct record r = { .type = RECORD_REMOVE_SHARING };
	struct sharebus_subject *subjects;
	int rc;

	*out = (struct sharebus_outcome){ .command_id = request->command_id };
	rc = request_check(request, false, err);
	if (!rc)
		rc = begin_request(client, request, &subjects, &r.as.remove_sharing.command, out,
				   err);
	if (rc)
		return rc;
	fill_remove(client, request, subjects, &r.as.remove_sharing);
	return request_send(client, &r, request->wait_ms, out, err);
}

/* ---- read your writes ---- */

int sharebus_parse_position(struct sharebus_position *out, const char *text)
{
	struct position at;

	if (position_parse(&at, text, NULL))
		return SHAREBUS_NOT_FOUND;
	*out = (struct sharebus_position){ at.partition, at.offset };
	return 0;
}

int sharebus_wait(struct sharebus *client, const struct sharebus_position *position, int wait_ms)
{
	struct error *err = client_begin(client);
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	int rc = check_wait(wait_ms, err);

	if (!rc)
		rc = client_reader(client, err);
	if (rc)
		return rc;
	if (position->partition < 0 || position->offset < 0 || position->offset == INT64_MAX ||
	    position->partition >= reader_deployment(client->reader)->partitions)
		return error_set(err, ERROR_INPUT, "there is no position %d:%lld",
				 position->partition, (long long)position->offset);
	rc = wait_applied(client->reader, position->partition, position->offset + 1, deadline, err);
	if (!rc)
		reader_require(client->reader, position->partition, position->offset + 1);
	return rc;
}
