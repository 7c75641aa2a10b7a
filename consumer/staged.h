#ifndef SB_CONSUMER_STAGED_H
#define SB_CONSUMER_STAGED_H

/*
 * The messages of one partition that were fetched and are not yet applied, in
 * the order of the log. The list owns them. Begins with zeros.
 */

#include "consumer/message.h"

struct staged {
	struct message *list;
	size_t count;
	size_t cap;
};

/* Appends a message, which becomes the list's. Its offset must be above those in the list. */
void staged_add(struct staged *s, const struct message *m);

/* Drops the first `count` messages and gives them back to the client. */
void staged_drop(struct staged *s, size_t count);

/* Drops all messages and keeps the list's memory. */
void staged_clear(struct staged *s);

/* Drops all messages and frees the list's memory. */
void staged_done(struct staged *s);

/*
 * How many messages from the front make one run: up to `max`, and no more once
 * their values have `bytes` bytes together. At least one, if there is one and
 * neither bound is 0.
 */
size_t staged_portion(const struct staged *s, size_t max, size_t bytes);

#endif
