#ifndef SB_SUPPORT_PATIENCE_H
#define SB_SUPPORT_PATIENCE_H

/*
 * For how long somebody who asks a server bears with one that is only just coming
 * up: the question is asked again until it is answered or the time is up. A
 * struct of zeros bears with nothing. Whoever fills one keeps it for as long as
 * it is used.
 */

#include <stdbool.h>
#include <stdint.h>

/* Says that the answer to a question is waited for; what is NULL when it no longer is. */
typedef void patience_fn(void *context, const char *what);

struct patience {
	int64_t deadline_ms; /* by clock_monotonic_ms() */
	patience_fn *tell;   /* may be NULL */
	void *context;       /* handed to tell */
	bool waiting;        /* tell() was last told what is waited for */
};

/* May a question whose result was rc be asked again at now_ms? Only if another answer can come. */
bool patience_allows(const struct patience *p, int rc, int64_t now_ms);

/*
 * The condition of a loop that asks until it has an answer: pauses and returns
 * true when the question is to be asked again. `what` is a text such as "Kafka";
 * p may be NULL.
 */
bool patience_lasts(struct patience *p, const char *what, int rc);

#endif
