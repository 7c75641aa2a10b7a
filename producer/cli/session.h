#ifndef SB_CLI_SESSION_H
#define SB_CLI_SESSION_H

/*
 * One invocation of the command line: its settings, who asks, and the client of
 * libsharebus, opened when it is first needed.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/error.h"
#include "producer/cli/meter.h"
#include "producer/sharebus.h"

/* Exit codes: a contract with scripts. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,          /* the answer is no, or the command was rejected */
	EXIT_USAGE = 2,       /* the command line is wrong; nothing was sent */
	EXIT_UNAVAILABLE = 3, /* Kafka or Redis gave no answer, or not in time */
	EXIT_UNKNOWN = 4,     /* a name is not known, or is that of several */
};

enum output_format { OUTPUT_TABLE, OUTPUT_JSON };

struct session {
	struct config *config;
	struct arena arena; /* everything this invocation needs */
	enum output_format output;
	bool wide;
	int64_t wait_ms;     /* how long to wait for what is asked to be done; 0: not at all */
	bool wait_given;     /* --wait was: servers that are only coming up are waited for, too */
	int64_t deadline_ms; /* of clock_monotonic_ms(): when that is over */
	struct meter meter;  /* shows what is waited for */
	struct sharebus *client; /* NULL until session_client() */
	struct sharebus_id me;   /* zero until session_me() */
};

MUST_USE int session_open(struct session *s, struct error *err);
void session_close(struct session *s);

/* Opens s->client, unless it is open. */
MUST_USE int session_client(struct session *s, struct error *err);

/* Returns the result rc of a call of libsharebus; if it failed, copies its sentence to *err. */
MUST_USE int session_failed(const struct session *s, int rc, struct error *err);

/* What is left of the time to wait: at least 1, for what is asked last; 0: do not wait. */
int session_wait_left(const struct session *s);

/* Fills s->me with the user who asks: --as, SHAREBUS_USER, or the login name. */
MUST_USE int session_me(struct session *s, struct error *err);

/* Finds a workspace by its name among mine, by owner/name, or by UUID. */
MUST_USE int session_workspace(struct session *s, const char *text, struct sharebus_id *out,
			       struct error *err);

/* Finds a user by name or by UUID; "me" is the user who asks. */
MUST_USE int session_user(struct session *s, const char *text, struct sharebus_id *out,
			  struct error *err);

/* The exit code for an error code, and for 0. */
enum exit_code exit_code_of(int rc);

#endif
