#ifndef SB_CONSUMER_SLOT_H
#define SB_CONSUMER_SLOT_H

/*
 * The name of a consumer that was not given one. It must be its own among those that
 * run, and the same when it is started again, so that it settles what it has left
 * open: host.1 is the first consumer of a group on that host, host.2 the second.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stddef.h>

enum { SLOTS_MAX = 64 };

/*
 * Takes the first slot of the group on this host that no process holds, until this
 * one ends, whatever ends it, and writes its name to `out`. Holders are those of the
 * same network namespace. ERROR_REFUSED: all are taken, or the system gives none.
 */
MUST_USE int slot_take(const char *group, char *out, size_t size, struct error *err);

#endif
