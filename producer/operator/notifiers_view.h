#ifndef SB_OPERATOR_NOTIFIERS_VIEW_H
#define SB_OPERATOR_NOTIFIERS_VIEW_H

/* The notifiers as `sharebus status` shows them, and what is wrong with them. */

#include "producer/operator/notifiers.h"
#include "producer/operator/verdict.h"

struct json_t;

/* Adds what is wrong, in sentences. */
void notifiers_judge(const struct notifiers *n, struct verdict *v);

/* Prints a table of notifiers and one of endpoints, each after an empty line; none without rows. */
void notifiers_print(const struct notifiers *n);

/* The value of "notifiers" for -o json; see commands.h. */
struct json_t *notifiers_json(const struct notifiers *n);

#endif
