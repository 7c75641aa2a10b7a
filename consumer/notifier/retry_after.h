#ifndef SB_CONSUMER_NOTIFIER_RETRY_AFTER_H
#define SB_CONSUMER_NOTIFIER_RETRY_AFTER_H

/* The header Retry-After (RFC 9110, section 10.2.3): seconds, or a date. Pure. */

#include "ops/support/bytes.h"

/* An answer that asks for more is obeyed this long. */
enum { RETRY_AFTER_MAX_MS = 60 * 60 * 1000 };

/*
 * For how long the header's value asks to wait, in ms from now_ms (since 1970), 0 to
 * RETRY_AFTER_MAX_MS. Takes whole seconds and the date in the form that senders must
 * use ("Sun, 06 Nov 1994 08:49:37 GMT"). -1: it is neither, or absent.
 */
int64_t retry_after_ms(struct bytes value, int64_t now_ms);

#endif
