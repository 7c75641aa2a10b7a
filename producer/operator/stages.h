#ifndef SB_OPERATOR_STAGES_H
#define SB_OPERATOR_STAGES_H

/* sharebus status --stages: how the consumers spend their time. */

#include "producer/cli/session.h"

/*
 * Prints a row for each stage of each consumer that works. EXIT_NO when there
 * is none.
 */
enum exit_code show_stages(struct session *s);

#endif
