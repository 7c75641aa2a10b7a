#ifndef SB_CONSUMER_NOTIFIER_SHORTEN_H
#define SB_CONSUMER_NOTIFIER_SHORTEN_H

/*
 * A delivery as it is kept where sharing.deliveries takes less than it should: what
 * happened to whom stays, long texts are cut. Pure.
 */

#include "ops/support/arena.h"
#include "schemas/records.h"

/* How many bytes of a text are kept, at most. */
enum { SHORTEN_TEXT_MAX = 160 };

/*
 * Makes *out a shorter form of the delivery: its texts are cut at SHORTEN_TEXT_MAX
 * bytes, between characters, and its actions, artifacts and schema are left out. Borrows
 * from *d, and is in the arena besides.
 */
void shorten_delivery(struct delivery *out, const struct delivery *d, struct arena *arena);

#endif
