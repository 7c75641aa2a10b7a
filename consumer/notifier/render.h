#ifndef SB_CONSUMER_NOTIFIER_RENDER_H
#define SB_CONSUMER_NOTIFIER_RENDER_H

/*
 * What an endpoint receives, byte for byte. Pure functions of the endpoint, of what
 * is told and of the time: one attempt differs from the next only in its time. Any
 * thread.
 *
 * Results live in the arena. All functions fail with ERROR_INPUT when what is told
 * has no form for this endpoint and never will, with a sentence that says why;
 * ERROR_USAGE when a secret of the endpoint is not one; ERROR_REFUSED when the
 * system's cryptographic policy forbids HMAC-SHA256 or SHA-1. *out is then untouched.
 */

#include "consumer/notifier/request.h"

struct rendered {
	struct bytes body;
	struct http_header *headers; /* of the body's type, of its proof; none occurs twice */
	size_t header_count;
};

/* The request to a webhook, in the form of its profile: profiles.h. now_s: seconds since 1970. */
MUST_USE int render_webhook(const struct endpoint *e, const struct telling *t, int64_t now_s,
			    struct arena *arena, struct rendered *out, struct error *err);

/*
 * What a program reads from its standard input: the body of the profile standard, with
 * a member "recipient", {id, username, name, email}, or null when there is none.
 */
MUST_USE int render_exec(const struct telling *t, struct arena *arena, struct bytes *out,
			 struct error *err);

/*
 * What inbox_put() is given for the recipient: the body of the profile standard.
 * ERROR_INPUT for a step of a handoff, which has no recipient.
 */
MUST_USE int render_inbox(const struct telling *t, struct arena *arena, struct bytes *out,
			  struct error *err);

/*
 * The message for a mail server, from the endpoint's `from` to the recipient: a
 * multipart of plain text and HTML, with one Message-ID for the notification for ever
 * (RFC 5322, 2045 to 2047). ERROR_INPUT for a step of a handoff, which has no recipient, and for a
 * recipient without an address; ERROR_USAGE when `from` is none.
 */
MUST_USE int render_mail(const struct endpoint *e, const struct telling *t, int64_t now_s,
			 struct arena *arena, struct bytes *out, struct error *err);

/* Has the endpoint the secrets that its profile wants, in their form? Else ERROR_USAGE. */
MUST_USE int render_check_secrets(const struct endpoint *e, struct error *err);

#endif
