#ifndef SB_TESTS_UNIT_CACHE_COMMANDS_H
#define SB_TESTS_UNIT_CACHE_COMMANDS_H

/*
 * Reads a pipeline back into commands and compares them one by one. The tests
 * use ids of 16 letters, so that keys and fields are text.
 */

#include "cache/resp.h"
#include "schemas/uuid.h"

enum { COMMANDS_MAX = 64, ARGUMENTS_MAX = 64 };

struct command_line {
	struct bytes arguments[ARGUMENTS_MAX]; /* the name first */
	size_t count;
};

struct commands {
	struct command_line list[COMMANDS_MAX];
	size_t count;
};

/* Fails the test when the bytes are not whole commands, as many as the pipeline counted. */
void commands_parse(struct commands *out, const struct pipeline *p);

/* Fails unless command i consists of these texts; the list ends with NULL. */
void assert_command(const struct commands *c, size_t i, ...) __attribute__((sentinel));

/* The id whose bytes are the 16 letters of the text. */
struct uuid letters(const char *text);

/* The n-th id of version 7 that was made at that time, ms since 1970. */
struct uuid made_at(int64_t unix_ms, unsigned n);

#endif
