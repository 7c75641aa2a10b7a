#include "consumer/notifier/request.h"

#include <assert.h>

void request_header(struct request *r, const char *name, const char *value)
{
	assert(r->header_count < REQUEST_HEADERS_MAX);
	r->headers[r->header_count++] = (struct http_header){ name, value };
}

int request_check_size(const struct request *r, const char *profile, struct error *err)
{
	if (r->body.len <= REQUEST_BYTES_MAX)
		return 0;
	return error_set(err, ERROR_INPUT,
			 "its body has %zu bytes, and receivers of the profile %s take %d",
			 r->body.len, profile, REQUEST_BYTES_MAX);
}
