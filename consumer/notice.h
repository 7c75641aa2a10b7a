#ifndef SB_CONSUMER_NOTICE_H
#define SB_CONSUMER_NOTICE_H

/*
 * Who is notified of a change, and in what words. Pure functions of the decision,
 * the workspace after it and the directory.
 */

#include "consumer/decision.h"

/* One notification to one person. */
struct notice {
	struct uuid recipient;
	enum notification_kind kind;
	const struct change *change; /* NULL: the notice to the owner, which is about all changes */
	struct uuid group_id; /* through which the change concerns the recipient; nil: directly */
};

/*
 * Lists the people to notify, each once: users whom a change names, members of
 * groups that a change names, and the owner, unless the system made the changes.
 * The actor and deleted users are left out, and the owner is not notified of a
 * grant. A user who is named directly is not notified again for a group; of
 * several groups, the one with the smallest id counts. Sets *out to an array in
 * the arena and returns its length.
 */
size_t notice_list(const struct decision *d, const struct workspace_ref *ws,
		   const struct directory *dir, struct arena *arena, struct notice **out);

/* What the text of a notice may mention. */
struct notice_scene {
	const struct decision *decision;
	struct workspace_ref workspace;
	const struct directory *directory;
	const char *access_url; /* of the deployment, without a slash at the end; "" when unknown */
	struct arena *arena;
};

/* Fills all of *out but event_id and `at`. Texts are in the arena or borrowed from the scene. */
void notice_write(const struct notice *n, const struct notice_scene *scene,
		  struct notification *out);

#endif
