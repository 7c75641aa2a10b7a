#ifndef SB_CONSUMER_NOTIFIER_TELLING_H
#define SB_CONSUMER_NOTIFIER_TELLING_H

/*
 * What is told: one record of sharing.notifications, or of sharing.handoffs, with
 * all that the texts for an endpoint are made of. Everything is borrowed.
 */

#include "consumer/directory.h"
#include "schemas/records.h"

struct telling {
	struct bytes id;          /* ce_id of the record; it is delivered under this id for ever */
	struct bytes source;      /* ce_source */
	struct bytes traceparent; /* may be absent */
	const struct notification *notification; /* this, or */
	const struct handoff_changed *handoff;   /* this; the other is NULL */
	const struct user_changed *recipient;    /* of the notification; NULL: nobody knows them */
	const struct directory *directory;       /* for names */
	const char *access_url; /* of the deployment, without a slash at the end; "" when unknown */
};

/* The record's type in the words of CloudEvents: "sharebus.notification.v1". */
const char *telling_type(const struct telling *t);

/* When it was decided, ms since 1970. */
int64_t telling_at(const struct telling *t);

/*
 * The address as it can be opened: a path, which stands where the consumer does not
 * know the deployment's own address, goes after that which we know.
 */
struct bytes telling_address(const struct telling *t, struct bytes url, struct arena *arena);

#endif
