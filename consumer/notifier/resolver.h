#ifndef SB_CONSUMER_NOTIFIER_RESOLVER_H
#define SB_CONSUMER_NOTIFIER_RESOLVER_H

/*
 * Names of hosts to addresses, by the system's resolver in threads of ours, and
 * whether these may be connected to. Answers are kept for a few seconds. The loop's
 * thread.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "ops/support/waker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { RESOLVER_ADDRESSES_MAX = 16, RESOLVER_KEPT_MS = 10000, RESOLVER_FAILED_MS = 1000 };

/* What is known of a host. */
struct resolved {
	struct sockaddr_storage list[RESOLVER_ADDRESSES_MAX];
	size_t count;        /* 0: it has none, or we could not ask */
	bool own;            /* we could not ask: our own resolver does not answer */
	char why[128];       /* if there is none */
	char forbidden[128]; /* "": all are public; else which is not, and why */
};

struct resolver;

MUST_USE int resolver_open(struct resolver **out, const struct waker *waker, struct error *err);
void resolver_close(struct resolver **r); /* sets *r to NULL; accepts NULL */

/*
 * What is known of the host now, borrowed until the next call; NULL: it is being looked
 * up, and the waker will be woken.
 */
const struct resolved *resolver_ask(struct resolver *r, const char *host, int64_t now_ms);

/* Takes the answers that have come. Returns whether there were any. */
bool resolver_step(struct resolver *r, int64_t now_ms);

#endif
