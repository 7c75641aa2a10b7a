#ifndef SB_CONSUMER_NOTIFIER_PROGRAM_H
#define SB_CONSUMER_NOTIFIER_PROGRAM_H

/* Runs a program to its end, with something on its standard input. */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

#include <stdatomic.h>

enum { PROGRAM_OUTPUT_SIZE = 4096, PROGRAM_OUTPUT_MAX_BYTES = 1024 * 1024 };

/* How a program has ended. */
struct ended {
	int status;                           /* it exited with; -1: a signal, or we, ended it */
	char why[64];                         /* if status is -1 */
	char output[PROGRAM_OUTPUT_SIZE + 1]; /* the first of what it wrote, to either stream */
};

/*
 * Runs argv, which ends with NULL and whose first is the program's path, in a process
 * group of its own, without the variables SHAREBUS_... of our environment and without our
 * open files. The group is
 * killed when timeout_ms are over, when *stop is set, when it writes more than
 * PROGRAM_OUTPUT_MAX_BYTES, and in any case when the program has ended. Blocks until
 * then. ERROR_INPUT: the program cannot be started; ERROR_UNAVAILABLE: the system has
 * no room for it now. Any thread.
 */
MUST_USE int program_run(char *const *argv, struct bytes input, int64_t timeout_ms,
			 const atomic_bool *stop, struct ended *out, struct error *err);

#endif
