#ifndef SB_CONSUMER_NOTIFIER_CIRCUIT_H
#define SB_CONSUMER_NOTIFIER_CIRCUIT_H

/*
 * Whether an endpoint is tried. One that has failed several times in a row is left
 * alone for a while, then tried with a single delivery, and resumes slowly. Pure; time
 * is in ms of CLOCK_MONOTONIC.
 */

#include "consumer/notifier/reply.h"

#include <stdbool.h>
#include <stdint.h>

enum { CIRCUIT_FAILURES = 5, CIRCUIT_WINDOW_MAX = 8 };

enum circuit_state {
	CIRCUIT_CLOSED = 1, /* it works, as far as is known */
	CIRCUIT_OPEN,       /* it is left alone until until_ms */
	CIRCUIT_TRIAL,      /* one delivery may try it */
	CIRCUIT_DISABLED,   /* it is left alone until a person opens it */
};

struct circuit {
	enum circuit_state state;
	int64_t failures; /* in a row, while closed; then how often it has opened in a row */
	int64_t until_ms; /* while open; while closed: it has asked not to be told before */
	int window;       /* how many deliveries may be on their way at once */
};

/* Closed, with the whole window. */
void circuit_init(struct circuit *c);

/* How many deliveries may be on their way at once now; 0: none. An open circuit whose time is up becomes a trial. */
int circuit_window(struct circuit *c, int64_t now_ms);

/* When circuit_window() may say something else: INT64_MAX if only a reply or a person changes it. */
int64_t circuit_due_ms(const struct circuit *c, int64_t now_ms);

/*
 * Takes note of a reply; wait_ms is what the endpoint asked for, or -1; chance is a
 * random number. Returns whether the state has changed.
 */
bool circuit_note(struct circuit *c, enum reply reply, int64_t wait_ms, uint64_t chance,
		  int64_t now_ms);

/*
 * A person, or what another notifier has found, disables or opens it. One that was left
 * alone or has asked for a pause is then tried at once. Returns whether that is news.
 */
bool circuit_disable(struct circuit *c);
bool circuit_enable(struct circuit *c);

#endif
