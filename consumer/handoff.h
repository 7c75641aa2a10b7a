#ifndef SB_CONSUMER_HANDOFF_H
#define SB_CONSUMER_HANDOFF_H

/*
 * What may become of a handoff: the table of states in ARCHITECTURE.md, as one
 * table. Pure.
 */

#include "schemas/records.h"

/* In the place of a state and of an answer: there is no handoff yet; it is offered. */
#define HANDOFF_NONE ((enum handoff_state)0)
#define ANSWER_OFFER ((enum answer)0)

/* Who somebody is to a handoff: bits, for one person may be several. */
enum party {
	PARTY_RECIPIENT = 1 << 0, /* the user whom it is offered to */
	PARTY_MEMBER = 1 << 1,    /* a member of the group that it is offered to */
	PARTY_ACCEPTER = 1 << 2,  /* who accepted it */
	PARTY_AUTHOR = 1 << 3,    /* who offered it */
	PARTY_AUTHORITY = 1 << 4, /* owner, admin of the organization, site owner, system */
	PARTY_SHARER = 1 << 5,    /* who may share the workspace */
	PARTY_SYSTEM = 1 << 6,
};

/* What becomes of the grant that is there because of the offer. */
enum offer_grant {
	OFFER_GRANT_STAYS,
	OFFER_GRANT_GIVEN,     /* to whom it is offered */
	OFFER_GRANT_TO_MEMBER, /* a group's turns into one for the member who accepts */
	OFFER_GRANT_MOVES,     /* to whom it is offered now */
	OFFER_GRANT_GOES,
};

/* A row of the table. A step that becomes the state it is in changes nothing. */
struct handoff_step {
	enum handoff_state state;
	enum answer answer;
	unsigned by; /* any of these parties */
	enum handoff_state becomes;
	enum offer_grant grant;
};

enum handoff_verdict {
	HANDOFF_MAY,
	HANDOFF_NOT_NOW,   /* nobody can take this step in this state */
	HANDOFF_NOT_YOURS, /* somebody else can, or the parties have no part in the handoff */
};

/* Sets *out to the row for whoever is these parties (bits), if the verdict is HANDOFF_MAY. */
enum handoff_verdict handoff_find_step(enum handoff_state state, enum answer answer,
				       unsigned parties, const struct handoff_step **out);

#endif
