#ifndef SB_CLI_ARGUMENTS_H
#define SB_CLI_ARGUMENTS_H

/* The command line of one command: its flags and operands, and the help for them. */

#include "ops/support/attributes.h"
#include "ops/support/flags.h"
#include "producer/cli/session.h"

/* A flag of the command's own as it was given, in order; flags may repeat. */
struct given {
	int id;
	const char *value;
};

enum { GIVEN_MAX = 4096, OPERANDS_ANY = 1 << 20, FLAG_COMMON = 64 };

struct arguments {
	char *const *operands; /* in argv */
	size_t operand_count;
	struct given *given; /* in the session's arena */
	size_t given_count;
	const struct command_def *commands; /* all that there are; for those that tell of them */
};

struct command_def {
	const char *group;    /* "sharing", or NULL */
	const char *name;     /* "share" */
	const char *alias;    /* another name, or NULL */
	const char *operands; /* "<workspace>", or "" */
	size_t operand_count; /* how many it takes; OPERANDS_ANY: it checks itself */
	const char *summary;  /* one line */
	const char *example;  /* a command line, without "sharebus" */
	/* Prints what follows the summary in the same line; may be NULL. */
	void (*print_more)(void);
	const struct flag *flags; /* its own, with ids below FLAG_COMMON; may be NULL */
	bool at_once;             /* it tells what is so now: --wait does not hold it up */
	bool bare; /* it needs no settings: a configuration that is wrong does not matter */
	enum exit_code (*run)(struct session *s, const struct arguments *a);
};

/* The flags that every command has beside its own and its settings. */
extern const struct flag common_flags[];

/* The value of the last flag with that id, or NULL. */
const char *argument_value(const struct arguments *a, int id);
bool argument_has(const struct arguments *a, int id);

/*
 * Reads the value of that flag as a number from 1 to `max`; if the flag was not
 * given, *out is untouched. name is for messages. ERROR_USAGE when it is no such
 * number.
 */
MUST_USE int argument_number(const struct arguments *a, int id, const char *name, int64_t max,
			     int64_t *out, struct error *err);

/*
 * Reads argv without the words of the command's name, and fills the
 * session's settings, output and wait, which begins now. 0; 1 when the help or the version was asked for, and printed; ERROR_USAGE or ERROR_INPUT when the command line or a setting is
 * wrong.
 */
MUST_USE int arguments_read(struct arguments *out, const struct command_def *def, struct session *s,
			    int argc, char **argv, struct error *err);

/* Prints the error as one sentence on stderr. */
void complain(const struct error *err);

#endif
