#ifndef SB_CONSUMER_DECIDE_SHARE_H
#define SB_CONSUMER_DECIDE_SHARE_H

/* Decides ShareWorkspace by rules 1 to 13 of ARCHITECTURE.md; those on its grants are here. */

#include "consumer/deciding.h"

void decide_share(struct deciding *d, const struct share_workspace *c);

#endif
