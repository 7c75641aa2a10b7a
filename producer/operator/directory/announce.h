#ifndef SB_DIRECTORY_ANNOUNCE_H
#define SB_DIRECTORY_ANNOUNCE_H

/* Sends the changes of a directory to the bus, and waits until the index has them. */

#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/diff.h"

/*
 * Sends all changes in order: deletions of workspaces as commands, the rest to
 * the directory. Then waits until the index has the last of them, unless the
 * session does not wait. The bus and the reader of the session must be open.
 *
 * ERROR_UNAVAILABLE or ERROR_STALE when there is no progress for as long as the
 * session waits. ERROR_REFUSED, with nothing sent, when a record is too large for
 * its topic.
 */
MUST_USE int directory_announce(struct session *s, struct meter *m,
				const struct directory_diff *diff, struct error *err);

#endif
