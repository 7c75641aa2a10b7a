#ifndef SB_CONSUMER_NOTIFIER_ENDPOINTS_H
#define SB_CONSUMER_NOTIFIER_ENDPOINTS_H

/* All endpoints, as the sections [endpoint NAME] of the configuration have them. */

#include "consumer/notifier/endpoint.h"
#include "ops/support/attributes.h"
#include "ops/support/config.h"

struct endpoints {
	struct endpoint *list;
	size_t count;
};

/*
 * Reads all of them, with their files of secrets. ERROR_INPUT names the file, the line
 * and the endpoint: a setting that it must have, or cannot have, or that has a wrong
 * value; *out is all zero then.
 */
MUST_USE int endpoints_read(struct endpoints *out, const struct config *config, struct error *err);

/* Frees all and wipes the secrets; a struct of zeros has none. */
void endpoints_done(struct endpoints *e);

#endif
