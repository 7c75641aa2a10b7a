#ifndef SB_CONSUMER_DECIDE_HANDOFF_H
#define SB_CONSUMER_DECIDE_HANDOFF_H

/* The rules of handing over: an answer, and the offer in a share. For decide.c and decide_share.c. */

#include "consumer/deciding.h"

/* Decides an AnswerHandoff, whose author has been checked. */
void decide_answer(struct deciding *d, const struct answer_handoff *a);

/*
 * Decides the offer of a share whose actor may share, in place of its one wish:
 * the step, and the grant unless the recipient had as much already. There must be
 * room for two changes.
 */
void decide_offer(struct deciding *d, const struct share_workspace *c);

#endif
