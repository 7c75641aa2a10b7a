#ifndef SB_OPERATOR_STAGES_H
#define SB_OPERATOR_STAGES_H

/* sharebus status --stages: how consumers and notifiers spend their time. */

#include "producer/cli/session.h"

/*
 * Prints a row for each stage of each consumer, and of each notifier, that works.
 * EXIT_NO when there is no consumer.
 */
enum exit_code show_stages(struct session *s);

#endif
