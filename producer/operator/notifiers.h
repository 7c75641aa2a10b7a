#ifndef SB_OPERATOR_NOTIFIERS_H
#define SB_OPERATOR_NOTIFIERS_H

/*
 * Which notifiers run, what they owe, and how their endpoints do: as the brokers know
 * their group, and as they say themselves in Redis (cache/notifier_report.h). What one
 * of these does not answer is left out.
 */

#include "cache/notifier_report.h"
#include "producer/operator/survey.h"

/* One notifier. */
struct seen_notifier {
	const char *instance;
	const char *group;
	bool *has;                            /* which partitions are its own; NULL: not known */
	const struct notifier_report *report; /* NULL: it has written none lately */
};

struct notifiers {
	struct session *session;
	int partitions;
	const char *group;          /* of the configuration, of which the brokers are asked */
	const char *group_state;    /* NULL: not known */
	struct seen_notifier *list; /* in the session's arena, as all that follows */
	size_t count;               /* those of other groups that write under the prefix, too */
	struct told_endpoint *endpoints; /* of all of them together, by name */
	size_t endpoint_count;
	bool asked;          /* the brokers have said who is in the group */
	bool configured;     /* the configuration has endpoints */
	int64_t lag;         /* records that are not settled; ABSENT: not known, or none was ever */
	struct error failed; /* why something could not be asked; code 0: all could */
};

/* Asks all, over the connections of the survey, which must be whole until the end. Blocks. */
void notifiers_ask(struct notifiers *out, const struct survey *v);

/* Asks Redis alone for what is known of endpoints. Blocks. The errors are those of marks_read(). */
MUST_USE int notifiers_ask_endpoints(struct notifiers *out, struct session *s, struct error *err);

/* Is it a notifier of the group of the configuration? */
bool notifiers_is_ours(const struct notifiers *n, const struct seen_notifier *one);

/* What the notifiers say of the endpoint; NULL: nothing. */
const struct told_endpoint *notifiers_endpoint(const struct notifiers *n, const char *name);

#endif
