#ifndef SB_CONSUMER_NOTICE_H
#define SB_CONSUMER_NOTICE_H

/*
 * Who is notified of a decision, and of what. Pure functions of the decision, of
 * what people may do before and after it, and of the directory. In what words:
 * consumer/notice_text.h.
 */

#include "consumer/audience.h"

/* One notification to one person. */
struct notice {
	struct uuid recipient;
	enum notification_kind kind;
	/* What the recipient may do before and after, if the decision changes that; else NULL. */
	const struct listener *listener;
	const struct handoff_changed *handoff; /* the step that it is about; NULL: none */
	bool as_offerer;    /* it is told to whoever offered the handoff, not offered to them */
	bool tells_sharing; /* it tells the owner what somebody else has changed of the sharing */
};

/*
 * Lists whom to notify of what:
 *
 *   - of the steps that handoffs take: whoever must act now, and whoever has waited
 *     for it. An offer, also when it is passed on, is told to those it is made to;
 *     what becomes of it, to whoever offered it; its withdrawal or end, to them and
 *     to whoever has it;
 *   - those in the audience for whom the decision as a whole makes a difference:
 *     another role than before, another end of the same role, or another owner in
 *     their place;
 *   - the owner: of a new workspace of theirs, of its deletion, and of changes that
 *     neither the owner nor the system has made.
 *
 * Nobody is told of what they do themselves. A decision's news of what somebody may
 * do comes with that of a handoff, if there is one for them, in one notification.
 * Sets *out to an array in the arena and returns its length; handoffs come first,
 * then people by their ids, then the owner.
 */
size_t notice_list(const struct decision *d, const struct audience *audience,
		   const struct uuid *owner_id, const struct directory *dir, struct arena *arena,
		   struct notice **out);

#endif
