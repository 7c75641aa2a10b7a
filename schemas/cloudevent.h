#ifndef SB_SCHEMAS_CLOUDEVENT_H
#define SB_SCHEMAS_CLOUDEVENT_H

/*
 * The headers that make a Kafka record a CloudEvent: CloudEvents 1.0, Kafka
 * protocol binding, binary content mode, the required attributes alone. Time,
 * subject and cause stand in the record and its key; as headers each would be
 * parsed by the producer, the broker and every reader.
 */

#include "ops/support/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/* With room for a signature: schemas/signing.h. */
enum { CLOUDEVENT_HEADERS_MAX = 8 };

#define HEADER_TRACEPARENT "traceparent"

/*
 * Is it a traceparent that may be passed on? W3C Trace Context, level 1, section
 * 3.2: two digits of a version other than ff, and in version 00 exactly the ids
 * and flags after it; a later version may have more after a hyphen. Digits are
 * hexadecimal in lower case, and neither id is all zeros. At most TRACEPARENT_MAX
 * bytes, all of them visible ASCII.
 */
bool traceparent_is_valid(struct bytes text);

/* One Kafka header: a name and borrowed bytes. */
struct header {
	const char *name;
	struct bytes value;
};

struct cloudevent {
	const char *type; /* record_event_type() */
	struct bytes id;
	struct bytes source;
	struct bytes traceparent; /* W3C trace context, passed through; absent: none */
};

struct cloudevent_headers {
	struct header list[CLOUDEVENT_HEADERS_MAX];
	size_t count;
};

/* Fills *out, which borrows the bytes of *e. */
void cloudevent_headers(struct cloudevent_headers *out, const struct cloudevent *e);

#endif
