#ifndef SB_OPERATOR_ENDPOINTS_H
#define SB_OPERATOR_ENDPOINTS_H

#include "ops/support/attributes.h"
#include "producer/cli/session.h"

/* ERROR_INPUT when the configuration has no endpoint of that name. */
MUST_USE int endpoints_require(const struct session *s, const char *name, struct error *err);

#endif
