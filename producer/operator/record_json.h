#ifndef SB_OPERATOR_RECORD_JSON_H
#define SB_OPERATOR_RECORD_JSON_H

#include "schemas/records.h"

struct json_t;

/* Any record as JSON, with the field names of its schema: ids and enums as text, times in ms. */
struct json_t *record_json(const struct record *r);

#endif
