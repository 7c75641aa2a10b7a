#ifndef SB_CONSUMER_NOTICE_TEXT_H
#define SB_CONSUMER_NOTICE_TEXT_H

/*
 * What a notification says: who did it, in which workspace, what the recipient may do
 * now and until when, what to do next, and, set apart, what the actor writes. Pure.
 */

#include "consumer/notice.h"
#include "consumer/phrases.h"

/*
 * Fills all of *out but event_id and `at`. The title and the two forms of the body
 * are in the scene's proses, until the next call; other texts are in its arena or
 * borrowed from it.
 */
void notice_write(const struct notice *n, const struct notice_scene *s, struct notification *out);

#endif
