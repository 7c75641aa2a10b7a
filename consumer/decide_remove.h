#ifndef SB_CONSUMER_DECIDE_REMOVE_H
#define SB_CONSUMER_DECIDE_REMOVE_H

/* Decides RemoveSharing by rules 1, 3, 4, 7, 8 and 11 to 13 of ARCHITECTURE.md. */

#include "consumer/deciding.h"

void decide_remove(struct deciding *d, const struct remove_sharing *c);

#endif
