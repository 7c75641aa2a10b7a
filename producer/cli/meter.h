#ifndef SB_CLI_METER_H
#define SB_CLI_METER_H

/*
 * Shows the progress of something that takes longer than a second: one line on
 * stderr, written over and over. If stderr is no terminal, it shows nothing.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct meter {
	bool terminal;
	int64_t begun_ms;
	int64_t shown_ms; /* when the line was last written; 0: there is none */
};

void meter_begin(struct meter *m);

/* Shows "what: done of total", or only "what …" if total is 0. It is cheap: call it often. */
void meter_show(struct meter *m, const char *what, size_t done, size_t total);

/* Clears the line. Call it before anything else is printed. */
void meter_end(struct meter *m);

#endif
