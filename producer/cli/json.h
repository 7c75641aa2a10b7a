#ifndef SB_CLI_JSON_H
#define SB_CLI_JSON_H

/* Values for -o json. They are jansson's, and the caller's. */

#include "ops/support/bytes.h"
#include "producer/sharebus.h"

struct json_t;

/* A string, or null if the text is absent; "?" if it is not UTF-8. */
struct json_t *json_text(struct bytes text);

/* The id as text, or null if it is zero. */
struct json_t *id_json(const struct sharebus_id *id);

/* The time in RFC 3339, or null if it is 0. */
struct json_t *time_json(int64_t ms);

/* Prints the value, indented, and releases it. */
void json_print(struct json_t *value);

#endif
