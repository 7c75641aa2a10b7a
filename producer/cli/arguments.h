#ifndef SB_CLI_ARGUMENTS_H
#define SB_CLI_ARGUMENTS_H

/* The command line: which command, its flags and operands; and the help that goes with it. */

#include "ops/support/attributes.h"
#include "producer/cli/session.h"

/* Flags that commands have of their own. Those of session_settings[] and -o, --wait, … all have. */
struct flag {
	const char *name;
	int id;                 /* > 0; given back in struct given */
	const char *value_name; /* NULL: takes no value */
	const char *help;
};

/* A flag as it was given, in order; flags may repeat. */
struct given {
	int id;
	const char *value;
};

enum { GIVEN_MAX = 4096, OPERANDS_ANY = 1 << 20 };

struct arguments {
	char *const *operands; /* in argv */
	size_t operand_count;
	struct given *given; /* in the session's arena */
	size_t given_count;
};

struct command_def {
	const char *group;        /* "sharing", or NULL */
	const char *name;         /* "share" */
	const char *alias;        /* another name, or NULL */
	const char *operands;     /* "<workspace>", or "" */
	size_t operand_count;     /* so many, or OPERANDS_ANY: the command looks itself */
	const char *summary;      /* one line */
	const struct flag *flags; /* ends with a NULL name; may be NULL */
	enum exit_code (*run)(struct session *s, const struct arguments *a);
};

/* The value of the last flag with that id, or NULL. */
const char *argument_value(const struct arguments *a, int id);
bool argument_has(const struct arguments *a, int id);

/*
 * Its value as a number from 1 to `max`; *out stays when the flag was not given. name
 * is the flag's. ERROR_USAGE with a sentence.
 */
MUST_USE int argument_number(const struct arguments *a, int id, const char *name, int64_t max,
			     int64_t *out, struct error *err);

/*
 * Reads argv behind the command's name, and fills the session's settings,
 * output and wait. 0, or 1 when help was asked for (and printed), or
 * ERROR_INPUT.
 */
MUST_USE int arguments_read(struct arguments *out, const struct command_def *def, struct session *s,
			    int argc, char **argv, struct error *err);

/* Prints the error as one sentence on stderr. */
void complain(const struct error *err);

#endif
