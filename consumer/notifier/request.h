#ifndef SB_CONSUMER_NOTIFIER_REQUEST_H
#define SB_CONSUMER_NOTIFIER_REQUEST_H

/* A request to a webhook in the making. */

#include "consumer/notifier/endpoint.h"
#include "consumer/notifier/telling.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct http_header {
	const char *name; /* in lower case */
	const char *value;
};

enum {
	REQUEST_HEADERS_MAX = 8,
	REQUEST_BYTES_MAX = 256 * 1024, /* of coder-automation and mcp-events */
};

struct request {
	const struct endpoint *endpoint;
	const struct telling *telling;
	struct arena *arena;
	struct bytes body;
	struct http_header headers[REQUEST_HEADERS_MAX];
	size_t header_count;
};

/* Adds a header; the value must stay until the request is sent. */
void request_header(struct request *r, const char *name, const char *value);

/* ERROR_INPUT, naming the profile, when the body is longer than its receivers take. */
MUST_USE int request_check_size(const struct request *r, const char *profile, struct error *err);

#endif
