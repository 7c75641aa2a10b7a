#ifndef SB_CONSUMER_NOTIFIER_VALUE_H
#define SB_CONSUMER_NOTIFIER_VALUE_H

/*
 * Values of JSON (jansson's) for the bodies of notifications. Making one never
 * fails: a process without memory for it aborts (memory.h). The caller owns what is
 * returned, and gives it to an object, an array or value_print().
 */

#include "ops/support/arena.h"
#include "ops/support/bytes.h"
#include "schemas/uuid.h"

struct json_t;

/* An object or an array that is empty. */
struct json_t *value_object(void);
struct json_t *value_array(void);

/* A string; null if the text is absent, "?" if it is not UTF-8. */
struct json_t *value_text(struct bytes text);
struct json_t *value_string(const char *text); /* the same of a C string */

/* The id as text, or null if it is nil. */
struct json_t *value_uuid(const struct uuid *id);

/* The time in RFC 3339, or null if it is ABSENT. */
struct json_t *value_time(int64_t ms);

/* The number, or null if it is ABSENT. */
struct json_t *value_number(int64_t number);

/* Put the value into an object or at the end of an array. */
void value_set(struct json_t *object, const char *name, struct json_t *value);
void value_append(struct json_t *array, struct json_t *value);

/* The value as text: no blanks, members in the order of their names, UTF-8. Releases it. */
struct bytes value_print(struct json_t *value, struct arena *arena);

#endif
