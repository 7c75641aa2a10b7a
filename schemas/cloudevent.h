#ifndef SB_SCHEMAS_CLOUDEVENT_H
#define SB_SCHEMAS_CLOUDEVENT_H

/*
 * The headers that make a Kafka record a CloudEvent: CloudEvents 1.0, Kafka
 * protocol binding, binary content mode.
 */

#include "ops/support/bytes.h"
#include "ops/support/clock.h"
#include "schemas/uuid.h"

#include <stddef.h>
#include <stdint.h>

enum { CLOUDEVENT_HEADERS_MAX = 10 };

/* Names as they stand in the record's headers. */
#define HEADER_CE_ID       "ce_id"
#define HEADER_CORRELATION "ce_correlationid"
#define HEADER_TRACEPARENT "traceparent"

/* One Kafka header: a name and borrowed bytes. */
struct header {
	const char *name;
	struct bytes value;
};

struct cloudevent {
	const char *type; /* record_event_type() */
	struct bytes id;
	struct bytes source;
	struct bytes subject;
	int64_t time;             /* ms since 1970 */
	struct uuid correlation;  /* the command at the root of it; nil: none */
	struct bytes causation;   /* ce_id of what directly caused it; absent: none */
	struct bytes traceparent; /* W3C trace context, passed through; absent: none */
};

struct cloudevent_headers {
	struct header list[CLOUDEVENT_HEADERS_MAX];
	size_t count;
	char time[RFC3339_SIZE];
	char correlation[UUID_TEXT_SIZE];
};

/* Fills *out, which borrows from *e and points into itself: do not copy it. */
void cloudevent_headers(struct cloudevent_headers *out, const struct cloudevent *e);

#endif
