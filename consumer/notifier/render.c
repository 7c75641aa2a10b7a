#include "consumer/notifier/render.h"

#include "consumer/notifier/event.h"
#include "consumer/notifier/profiles.h"
#include "consumer/notifier/value.h"
#include "consumer/notifier/webhook_signature.h"
#include "schemas/cloudevent.h"

/* How the receiver of a form knows us. */
enum proof {
	PROOF_SIGNATURE,          /* Standard Webhooks; a secret must be there */
	PROOF_SIGNATURE_OPTIONAL, /* the same, if there is one */
	PROOF_BEARER,             /* Authorization: Bearer; a secret must be there */
	PROOF_TOKEN,              /* X-A2A-Notification-Token, if there is a secret */
};

struct form {
	const char *name;
	int (*fill)(struct request *r, struct error *err);
	enum proof proof;
	const char *content_type;
};

static const struct form forms[] = {
	[PROFILE_STANDARD] = { "standard", standard_fill, PROOF_SIGNATURE, "application/json" },
	[PROFILE_CODER] = { "coder", coder_fill, PROOF_SIGNATURE_OPTIONAL, "application/json" },
	[PROFILE_CODER_AUTOMATION] = { "coder-automation", coder_automation_fill, PROOF_BEARER,
				       "application/json" },
	[PROFILE_MCP_EVENTS] = { "mcp-events", mcp_events_fill, PROOF_SIGNATURE,
				 "application/json" },
	[PROFILE_A2A_PUSH] = { "a2a-push", a2a_push_fill, PROOF_TOKEN, "application/a2a+json" },
};

/* Visible ASCII: what may stand in a header's value and ends none. */
static bool is_token(struct bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
			return false;
	return text.len > 0;
}

static int check_id(const struct telling *t, struct error *err)
{
	if (!is_token(t->id) || memchr(t->id.data, '.', t->id.len))
		return error_set(err, ERROR_INPUT,
				 "its id is not of visible ASCII without a dot, so that no header "
				 "can carry it");
	return 0;
}

/* ---- the proof ---- */

static int add_signature(struct request *r, int64_t now_s, struct error *err)
{
	const struct endpoint *e = r->endpoint;
	const struct webhook_content content = { r->telling->id, now_s, r->body };
	struct bytes signature = { 0 };
	int rc = webhook_sign(e->secrets, e->secret_count, &content, r->arena, &signature, err);

	if (rc)
		return rc;
	request_header(r, "webhook-id", text_of(arena_copy(r->arena, r->telling->id)));
	request_header(r, "webhook-timestamp",
		       text_of(arena_printf(r->arena, "%lld", (long long)now_s)));
	request_header(r, "webhook-signature", text_of(signature));
	return 0;
}

/* Of two secrets the second: a receiver that knows only one has been given that. */
static const char *newest_secret(const struct endpoint *e)
{
	return e->secrets[e->secret_count - 1];
}

static int add_proof(struct request *r, enum proof proof, int64_t now_s, struct error *err)
{
	const struct endpoint *e = r->endpoint;

	if (!e->secret_count)
		return 0;
	switch (proof) {
	case PROOF_SIGNATURE:
	case PROOF_SIGNATURE_OPTIONAL:
		return add_signature(r, now_s, err);
	case PROOF_BEARER:
		request_header(r, "authorization",
			       text_of(arena_printf(r->arena, "Bearer %s", newest_secret(e))));
		return 0;
	case PROOF_TOKEN:
		request_header(r, "x-a2a-notification-token", newest_secret(e));
		return 0;
	}
	return 0;
}

static int check_signing_secrets(const struct endpoint *e, struct error *err)
{
	const struct webhook_content nothing = { .seconds = 0 };
	struct bytes signature;
	struct arena arena;
	int rc;

	arena_init(&arena);
	rc = webhook_sign(e->secrets, e->secret_count, &nothing, &arena, &signature, err);
	arena_done(&arena);
	return rc;
}

int render_check_secrets(const struct endpoint *e, struct error *err)
{
	const struct form *form = &forms[e->profile];

	if (e->kind != ENDPOINT_WEBHOOK)
		return 0;
	if (!e->secret_count && (form->proof == PROOF_SIGNATURE || form->proof == PROOF_BEARER))
		return error_set(err, ERROR_USAGE,
				 "the endpoint %s has no secret, which the profile %s needs",
				 e->name, form->name);
	if (form->proof == PROOF_SIGNATURE || form->proof == PROOF_SIGNATURE_OPTIONAL)
		return check_signing_secrets(e, err);
	for (size_t i = 0; i < e->secret_count; i++)
		if (!is_token(bytes_of(e->secrets[i])))
			return error_set(err, ERROR_USAGE,
					 "a secret of the endpoint %s has a blank or another "
					 "character that no header can carry",
					 e->name);
	return 0;
}

/* ---- the whole ---- */

int render_webhook(const struct endpoint *e, const struct telling *t, int64_t now_s,
		   struct arena *arena, struct rendered *out, struct error *err)
{
	const struct form *form = &forms[e->profile];
	struct request r = { .endpoint = e, .telling = t, .arena = arena };
	struct http_header *headers;
	int rc = render_check_secrets(e, err);

	if (!rc)
		rc = check_id(t, err);
	if (!rc)
		rc = form->fill(&r, err);
	if (!rc)
		rc = add_proof(&r, form->proof, now_s, err);
	if (rc)
		return rc;
	request_header(&r, "content-type", form->content_type);
	if (traceparent_is_valid(t->traceparent))
		request_header(&r, HEADER_TRACEPARENT, text_of(arena_copy(arena, t->traceparent)));
	headers = arena_alloc(arena, sizeof(r.headers));
	memcpy(headers, r.headers, sizeof(r.headers));
	*out = (struct rendered){ r.body, headers, r.header_count };
	return 0;
}

/* The recipient; null when nobody knows them, and for a step of a handoff. */
static struct json_t *recipient_value(const struct user_changed *u)
{
	struct json_t *value;

	if (!u)
		return value_string(NULL);
	value = value_object();
	value_set(value, "id", value_uuid(&u->id));
	value_set(value, "username", value_text(u->username));
	value_set(value, "name", value_text(u->name));
	value_set(value, "email", value_text(u->email));
	return value;
}

int render_exec(const struct telling *t, struct arena *arena, struct bytes *out, struct error *err)
{
	struct json_t *object = event_object(t, arena);

	(void)err;
	value_set(object, "recipient", recipient_value(t->recipient));
	*out = value_print(object, arena);
	return 0;
}

int render_inbox(const struct telling *t, struct arena *arena, struct bytes *out, struct error *err)
{
	if (!t->notification)
		return error_set(err, ERROR_INPUT,
				 "an inbox has notifications, not steps of handoffs, which have no "
				 "recipient");
	*out = value_print(event_object(t, arena), arena);
	return 0;
}
