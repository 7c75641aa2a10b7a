#ifndef SB_CLI_METER_H
#define SB_CLI_METER_H

/*
 * How far something long is, for whoever sits at a terminal: one line on stderr
 * that is written over, from the second second on. Elsewhere it says nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter {
	bool terminal;
	int64_t begun_ms;
	int64_t told_ms; /* 0: not yet */
};

void meter_begin(struct meter *m);

/* Says "what: done of total", or only "what …" when total is 0. Cheap: call it often. */
void meter_tell(struct meter *m, const char *what, size_t done, size_t total);

/* Takes the line away, before anything else is said. */
void meter_end(struct meter *m);

#endif
