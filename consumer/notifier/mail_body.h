#ifndef SB_CONSUMER_NOTIFIER_MAIL_BODY_H
#define SB_CONSUMER_NOTIFIER_MAIL_BODY_H

/*
 * The two texts of a mail: plain, and HTML that says the same and loads nothing from
 * elsewhere. Both are made of the notification's plain body, in which what others have
 * written stands quoted ("> "), and of the actions. In HTML every text is escaped, and
 * only addresses of the web are links. Lines end with CR LF, as MIME wants before it
 * encodes them.
 */

#include "consumer/notifier/telling.h"
#include "ops/support/arena.h"
#include "ops/support/buffer.h"

/* t has a notification. */
void mail_append_plain(struct buffer *out, const struct telling *t, struct arena *arena);
void mail_append_html(struct buffer *out, const struct telling *t, struct arena *arena);

#endif
