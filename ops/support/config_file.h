#ifndef SB_SUPPORT_CONFIG_FILE_H
#define SB_SUPPORT_CONFIG_FILE_H

/*
 * The form of a configuration file, over its bytes alone. A line is
 *
 *   key = value     the key has letters, digits, dots, hyphens and underscores;
 *                   the value is all that follows, without the blanks around it
 *   [kafka]         the lines after it belong to librdkafka
 *   [endpoint NAME] the lines after it say of an endpoint of the notifier what it is;
 *                   the name has 1 to CONFIG_ENDPOINT_NAME_MAX of the same characters
 *   # or ;          a comment, if it is the first character
 *
 * or empty. Blanks before a line mean nothing. There are no quotes, no escapes and no
 * continued lines, and a comment has a line of its own: what stands in a value is
 * the value. Whatever is anything else is an error, so nothing is passed over.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"

enum { CONFIG_ENDPOINT_NAME_MAX = 64 };

/* A line `key = value`. Both are borrowed from the file. */
struct config_pair {
	struct bytes key;
	struct bytes value;
	bool in_kafka;         /* after [kafka] */
	struct bytes endpoint; /* after [endpoint NAME]: the name; else absent */
	int line;              /* the first is 1 */
};

struct config_file {
	struct bytes rest;
	bool in_kafka;
	struct bytes endpoint;
	int line; /* the last that was read */
};

/* Begins a file with that content, which must stay. A UTF-8 byte order mark is left out. */
void config_file_init(struct config_file *f, struct bytes content);

/*
 * The next pair: 1 and *out, or 0 at the end. ERROR_INPUT says which line is
 * wrong, but nothing of what it has, which may be a password.
 */
MUST_USE int config_file_next(struct config_file *f, struct config_pair *out, struct error *err);

#endif
