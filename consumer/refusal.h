#ifndef SB_CONSUMER_REFUSAL_H
#define SB_CONSUMER_REFUSAL_H

/*
 * Why a partition ("it") cannot go on until a person has decided: the sentences. Each
 * function sets ERROR_REFUSED and returns it. Pure.
 */

#include "consumer/finding.h"
#include "ops/support/attributes.h"

/* RECOVERY_UNCLEAR. keys: the prefix of the partition's keys in Redis. */
MUST_USE int refusal_unclear(const struct finding *f, const char *keys, struct error *err);

/* The commands from `reached` to where the log begins are lost. */
MUST_USE int refusal_lost(const struct finding *f, int64_t reached, struct error *err);

/* The log is not, or may not be, the one that was applied; the verdict is not LOG_SAME. */
MUST_USE int refusal_log(const struct applied_log *applied, const struct log_view *view,
			 enum log_verdict verdict, struct error *err);

#endif
