#ifndef SB_CLI_SESSION_H
#define SB_CLI_SESSION_H

/*
 * One invocation of the command line: its settings, who asks, and the
 * connections, opened when first needed.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/error.h"
#include "producer/sharebus.h"

/* Exit codes: a contract with scripts. */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,          /* the answer is no, or the command was rejected */
	EXIT_USAGE = 2,       /* the command line is wrong; nothing was sent */
	EXIT_UNAVAILABLE = 3, /* no answer: Kafka or Redis, or the time was up */
};

enum output_format { OUTPUT_TABLE, OUTPUT_JSON };

struct session {
	struct config *config;
	struct arena arena; /* everything this invocation needs */
	enum output_format output;
	bool wide;
	int64_t wait_ms;         /* how long to wait for outcomes; 0: do not wait */
	struct sharebus *client; /* NULL until session_client() */
	struct sharebus_id me;   /* zero until session_me() */
};

MUST_USE int session_open(struct session *s, struct error *err);
void session_close(struct session *s);

/* The client of libsharebus that this invocation uses. */
MUST_USE int session_client(struct session *s, struct error *err);

/* Takes over the error of a call of libsharebus, and returns its code. */
MUST_USE int session_failed(const struct session *s, int rc, struct error *err);

/* Who asks: --as, SHAREBUS_USER, or the login name; found in the directory. */
MUST_USE int session_me(struct session *s, struct error *err);

/* A workspace by name (mine), owner/name or UUID. */
MUST_USE int session_workspace(struct session *s, const char *text, struct sharebus_id *out,
			       struct error *err);

/* A user by name, UUID or "me". */
MUST_USE int session_user(struct session *s, const char *text, struct sharebus_id *out,
			  struct error *err);

/* The exit code that goes with an error. */
enum exit_code exit_code_of(int rc);

#endif
