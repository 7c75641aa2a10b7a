#ifndef SB_CLI_SENDING_H
#define SB_CLI_SENDING_H

/*
 * Sends a command and tells what becomes of it: the outcome, or, when there is none,
 * how the command is repeated safely, also when the process is interrupted. -o json:
 *   {"command_id", "handoff_id", "position", "outcome", "version", "code", "message"}
 * as far as it is known and there is one, and what the command's own output adds.
 */

#include "producer/cli/arguments.h"

struct json_t;

struct sending {
	struct session *session;
	const struct sharebus_id *command_id;
	const struct sharebus_id *handoff; /* that it offers, to be told as well, or NULL */
	const char *more; /* what is to be given with the command's id to repeat it, or NULL */

	/* Calls the library. */
	int (*send)(void *context, struct sharebus_outcome *out);

	/*
	 * Prints what has resulted; as JSON, after these keys, which it takes. A failure
	 * says why that cannot be shown.
	 */
	int (*show)(void *context, const struct sharebus_outcome *o, struct json_t *keys,
		    struct error *err);
	void *context; /* of both */
};

/*
 * Takes the id in the value of the flag, or makes a new one. The library could make
 * one, too, but an interrupted process could not tell it. ERROR_INPUT when it is no
 * UUID of version 7, ERROR_UNAVAILABLE without randomness.
 */
MUST_USE int sending_read_id(const struct arguments *a, int flag, struct sharebus_id *out,
			     struct error *err);

/* Sends the command, and prints its outcome or what went wrong. */
enum exit_code sending_run(const struct sending *how);

/* Prints the line that tells the handoff's id, if there is one. */
void sending_print_handoff(const struct sending *how);

/* Tells why the command could not even be sent. */
enum exit_code sending_report_unsent(const struct sending *how, const struct error *err);

#endif
