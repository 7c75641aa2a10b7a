#ifndef SB_CONSUMER_DECISION_H
#define SB_CONSUMER_DECISION_H

/*
 * What a decision may depend on, what it says, and how it is carried out on the
 * workspace. decide() makes decisions. No I/O, no clock.
 */

#include "cache/outcomes.h"
#include "cache/workspace.h"
#include "consumer/author.h"
#include "consumer/directory.h"

/* What a command may not exceed. The sizes are those of records, in bytes. */
struct limits {
	size_t grants_per_workspace;
	size_t event_bytes;        /* what sharing.events takes */
	size_t notification_bytes; /* what sharing.notifications takes */
	size_t state_bytes;        /* what sharing.grants takes */
	size_t dead_letter_bytes;  /* what sharing.deadletter takes */
	size_t outputs_bytes;      /* all that one command makes known */
	size_t access_url_bytes;   /* of the deployment's address, which notifications repeat */
};

enum { GRANTS_PER_WORKSPACE_DEFAULT = 1000 };

/* The limits of a deployment whose topics are set up as schemas/topics.h says. */
struct limits limits_default(void);

/* All that a decision may depend on besides the record. */
struct world {
	const struct workspace *workspace;
	const struct directory *directory;
	int64_t directory_position; /* the view has everything before this offset */
	struct limits limits;
	int64_t now; /* the record's timestamp, ms since 1970 */
	struct arena *arena;
	struct author author; /* of the record */
};

struct decision {
	enum outcome outcome;
	enum reject_code code;  /* of the first problem */
	struct bytes rejection; /* all problems, for people; absent unless rejected */
	struct bytes *details;  /* the same, one text for each problem */
	size_t detail_count;
	struct actor actor;
	struct uuid command_id; /* nil: a fact */
	struct bytes signed_by; /* the id of the key; absent: none */
	enum reason reason;
	struct uuid previous_owner_id; /* nil: the owner does not change */
	struct bytes message;          /* from the actor to those who are notified; may be absent */
	struct change *changes;
	size_t change_count;
	struct handoff_changed *handoffs; /* steps that handoffs take; without workspace and `at` */
	size_t handoff_count;
	struct handoff *kept; /* handoffs as they are afterwards; one whose state is final goes */
	size_t kept_count;
	enum answer answer; /* to a handoff; 0: none */
};

/*
 * Is it about a removal of the system that must prove itself: that the grant or
 * the offer has expired, or that the directory holds the subject as deleted? Such
 * a command does no harm however often and late it comes. So its id is derived
 * from what it removes, says no time, and is not remembered.
 */
bool decision_proves_itself(const struct decision *d);

/* Is it the fact that the workspace was deleted? */
bool decision_deletes(const struct decision *d);

/*
 * Does it change who may use the workspace: the grants, the owner, or that there is
 * one? Then it is an event, and people are notified.
 */
bool decision_is_told(const struct decision *d);

/*
 * Carries the decision out on the workspace: its grants, its handoffs, its version, the fields
 * that a fact sets, and the memory of recent commands. Returns whether it changed
 * anything that the index must hold.
 *
 * A rejected command is not remembered. So it is decided anew when it is
 * repeated, and nobody without rights can push other commands out of the memory.
 */
bool decision_fold(const struct decision *d, const struct record *r, int64_t now,
		   struct workspace *w);

#endif
