#ifndef SB_CONSUMER_PROBER_H
#define SB_CONSUMER_PROBER_H

/*
 * Finds where a batch ends that the client cannot unpack. The brokers send a
 * batch whole wherever in it the client begins, and the client tells only where
 * a bad one begins. So we ask: begin at an offset, and see whether the same batch
 * comes again. The steps double until one leads past the batch, and then halve: a
 * batch of n records takes at most 2 log2 n questions.
 *
 * The prober has a client of its own, so that the group's is not moved about. It
 * does not wait. The loop's thread.
 */

#include "ops/support/attributes.h"
#include "ops/support/config.h"
#include "ops/support/error.h"
#include "ops/support/waker.h"
#include "schemas/topics.h"

#include <stdint.h>

/* ---- the search, which is pure ---- */

struct probe_search {
	int64_t inside;  /* the batch holds this offset */
	int64_t outside; /* and not this one */
	int64_t step;
};

/* The batch begins at `first`, and ends at or before `end`, which is after `first`. */
struct probe_search probe_search_begin(int64_t first, int64_t end);

/* Is the end known? Then it is s->outside. */
bool probe_search_is_over(const struct probe_search *s);

/* The next offset to ask about. The search must not be over. */
int64_t probe_search_next(const struct probe_search *s);

/* Notes the answer about `asked`, which probe_search_next() has given. */
void probe_search_note(struct probe_search *s, int64_t asked, bool is_inside);

/* ---- asking ---- */

struct prober;

/*
 * Opens a prober for that topic, which can search one batch after another.
 * Settings from config: "brokers". The waker is woken when there is an answer; it
 * must outlive the prober. ERROR_UNAVAILABLE, ERROR_USAGE.
 */
MUST_USE int prober_open(struct prober **out, const struct config *config, enum topic topic,
			 const struct waker *waker, struct error *err);
void prober_close(struct prober **p); /* sets *p to NULL; accepts NULL */

/*
 * Begins to search the batch of that partition whose first offset is `first`,
 * instead of any that was searched before. Blocks while it asks where the log
 * ends: ERROR_UNAVAILABLE.
 */
MUST_USE int prober_begin(struct prober *p, int partition, int64_t first, struct error *err);

enum probed {
	PROBED_LATER = 0, /* an answer is yet to come */
	PROBED_END,       /* *end is the offset after the batch */
};

/* Takes the answers that have come, and asks on. Needs prober_begin(). Negative: ERROR_UNAVAILABLE. */
MUST_USE int prober_step(struct prober *p, int64_t *end, struct error *err);

#endif
