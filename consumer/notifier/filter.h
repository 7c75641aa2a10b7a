#ifndef SB_CONSUMER_NOTIFIER_FILTER_H
#define SB_CONSUMER_NOTIFIER_FILTER_H

/*
 * Whether an endpoint is told of a record: by what its configuration says, and for
 * notifications by whether their recipient is active and wants to be told in that way. No
 * I/O, no clock.
 */

#include "consumer/directory.h"
#include "consumer/notifier/endpoint.h"

enum { FILTER_GROUPS_MAX = 64 };

/* An endpoint's, with the ids of the groups that its configuration names. */
struct filter {
	const struct endpoint *endpoint;
	int64_t position; /* of the directory when the ids were looked up */
	struct uuid groups[FILTER_GROUPS_MAX];
	size_t group_count;
};

void filter_init(struct filter *f, const struct endpoint *e);

/* Is a notification, or a step of a handoff, told? position is that of the directory. */
bool filter_wants(struct filter *f, const struct record *r, const struct directory *d,
		  int64_t position);

#endif
