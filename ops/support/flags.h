#ifndef SB_SUPPORT_FLAGS_H
#define SB_SUPPORT_FLAGS_H

/*
 * The command line of a program. Each setting of its configuration (config.h)
 * has a flag, and so have --help and --config; a program lists in tables what
 * other flags it has. How flags are read and what the help says of them follows
 * from the tables.
 */

#include "ops/support/attributes.h"
#include "ops/support/config.h"

/* A row of such a table; a NULL name ends the table. */
struct flag {
	const char *name; /* `--name` */
	int id;           /* > 0, comes back when it is read; if it is a letter, `-x` is the same */
	const char *value; /* what the help calls its value; NULL: it takes none */
	const char *help;  /* one line */
};

/* Takes a flag; value is NULL if it has none. A result other than 0 ends the reading and is returned. */
typedef int flag_fn(void *context, int id, const char *value, struct error *err);

struct flags {
	const char *command;              /* as in "sharebus list": messages refer to its --help */
	const struct flag *const *tables; /* ends with NULL */
	struct config *config;            /* takes the settings */
	flag_fn *take;                    /* takes the other flags, in order */
	void *context;                    /* handed to take */
	bool bare; /* no setting counts: neither environment nor file are read */
};

/*
 * Reads the flags in argv, and then fills the configuration from the
 * environment, the file that --config names or else config_place() finds, and the
 * defaults. Flags and operands may be mixed: argv is sorted so that the operands
 * are last, and *operands is where they begin.
 *
 * Returns 0; 1, with nothing loaded, when --help was met; ERROR_USAGE for a flag
 * that is unknown, lacks its value or takes none; or what take or config_load()
 * returned. One thread at a time: getopt_long() keeps its state to itself.
 */
MUST_USE int flags_read(const struct flags *f, int argc, char **argv, int *operands,
			struct error *err);

/*
 * Prints a line for each flag; for a setting also its environment variable and its
 * default. Between two tables is an empty line.
 */
void flags_print(const struct flags *f);

#endif
