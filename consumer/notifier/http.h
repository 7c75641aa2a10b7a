#ifndef SB_CONSUMER_NOTIFIER_HTTP_H
#define SB_CONSUMER_NOTIFIER_HTTP_H

/*
 * Requests to webhooks and mails to mail servers, many at once, by libcurl. Redirects
 * are never followed, proxies of the environment are never used, certificates are always
 * verified. The loop's thread.
 */

#include "consumer/notifier/reply.h"
#include "consumer/notifier/request.h"
#include "ops/support/config.h"
#include "ops/support/waker.h"

struct http;
struct sockaddr_storage;

enum {
	HTTP_HEADERS_MAX_BYTES = 64 * 1024,
	HTTP_ANSWER_MAX_BYTES = 64 * 1024, /* no more of an answer is read, */
	HTTP_ANSWER_KEPT_BYTES = 4 * 1024, /* and no more of it is kept */
	HTTP_CONNECT_MAX_MS = 5000,
};

/* What came of a request. Everything is borrowed until the callback returns. */
struct http_end {
	enum stage stage;
	long status;    /* of HTTP, or of SMTP; 0: none came */
	bool own;       /* it failed for a reason of ours, before the endpoint had a part in it */
	bool forbidden; /* a connection to an address that is not public was refused */
	struct bytes answer;      /* its first bytes, as they came */
	struct bytes retry_after; /* absent: none */
	const char *reason;       /* why it did not end well; "": it did */
};

typedef void http_done_fn(void *context, void *opaque, const struct http_end *end);

/*
 * done is called from http_step(). Uses the setting "ca-file", if there is one.
 * ERROR_NOMEM, and ERROR_USAGE if the file is not there.
 */
MUST_USE int http_open(struct http **out, const struct config *config, const struct waker *waker,
		       http_done_fn *done, void *context, struct error *err);

/* Ends all requests without a word. Sets *h to NULL; accepts NULL. */
void http_close(struct http **h);
void http_abort(struct http *h);

struct http_post {
	const char *url;
	const char *host; /* of the URL, and its port: what the addresses are of */
	int port;
	const struct sockaddr_storage *addresses; /* it connects to no other one */
	size_t address_count;
	bool allow_private;
	int64_t timeout_ms;
	const struct http_header *headers;
	size_t header_count;
	struct bytes body;
};

struct http_mail {
	const struct endpoint *endpoint;
	struct bytes from; /* the address alone, without a name */
	struct bytes to;
	struct bytes message; /* RFC 5322 */
};

/* Begin a request, whose parts are copied. ERROR_NOMEM: not even that. */
MUST_USE int http_post(struct http *h, const struct http_post *p, void *opaque, struct error *err);
MUST_USE int http_mail(struct http *h, const struct http_mail *m, void *opaque, struct error *err);

/* Moves all requests as far as they come without waiting. */
void http_step(struct http *h);

/* Waits until a request can move, the waker is woken, or CLOCK_MONOTONIC reaches deadline_ms. */
void http_wait(struct http *h, int64_t deadline_ms);

#endif
