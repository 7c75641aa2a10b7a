#ifndef SB_CONSUMER_HANDOFF_TEXT_H
#define SB_CONSUMER_HANDOFF_TEXT_H

/*
 * What the notification of a handoff's step says: what is asked of whom, or what has
 * become of it; set apart, what was done, the question, the note and what was made;
 * and what the recipient may do in the workspace for it. Pure.
 */

#include "consumer/notice.h"
#include "consumer/phrases.h"

/*
 * Writes the title and the body of n, which has a handoff, into the scene's proses, and
 * sets what else depends on the handoff in *out. notice_write() calls it.
 */
void handoff_text_write(const struct notice *n, const struct notice_scene *s,
			struct notification *out);

#endif
