#ifndef SB_CLI_FAILURE_H
#define SB_CLI_FAILURE_H

/*
 * How a command that failed says so: a sentence on stderr and, with -o json, on
 * stdout
 *   {"error": {"code", "message"}}
 * where "code" is not_found (exit 4), usage (2), unavailable, stale, refused or
 * out_of_memory (all 3), or the code of the rule that rejected a command (1).
 */

#include "producer/cli/arguments.h"

struct json_t;

/* The code as above. */
const char *failure_code(enum error_code code);

/* The value of the key "error"; the caller's. */
struct json_t *failure_json(const char *code, const char *message);

/* Tells the error in both forms, and returns the exit code. */
enum exit_code failure_report(const struct session *s, const struct error *err);

/* The same for an error that lies in what was typed, whatever its code. */
enum exit_code failure_report_usage(const struct session *s, const struct error *err);

#endif
