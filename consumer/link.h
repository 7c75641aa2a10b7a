#ifndef SB_CONSUMER_LINK_H
#define SB_CONSUMER_LINK_H

/* Addresses of the deployment's own pages, for people. Pure. */

#include "ops/support/arena.h"

/*
 * That of a workspace, /@owner/name as in Coder, after the deployment's address, which
 * may be empty. What a URL does not take is in percent-encoding (RFC 3986).
 */
struct bytes link_workspace(const char *access_url, struct bytes owner, struct bytes name,
			    struct arena *arena);

#endif
