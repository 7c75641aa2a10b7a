#ifndef SB_CONSUMER_NOTICE_H
#define SB_CONSUMER_NOTICE_H

/*
 * Whom to tell of a change, and in what words. Pure: a function of the
 * decision, the workspace after it and the directory.
 */

#include "consumer/decision.h"

/* One person to be told. */
struct notice {
	struct uuid recipient;
	enum notification_kind kind;
	const struct change *change; /* NULL: the owner's notice, of all changes */
	struct uuid group_id;        /* through which it concerns the recipient; nil: directly */
};

/*
 * The people concerned, each once and never the actor: those a change names;
 * the members of groups it names; the owner when somebody else changed the
 * sharing. Somebody named directly is not told again for a group; of several
 * groups, that with the smallest id counts. The array is
 * in the arena; its length is returned.
 */
size_t notice_list(const struct decision *d, const struct workspace_ref *ws,
		   const struct directory *dir, struct arena *arena, struct notice **out);

/* What the words are made of. */
struct notice_scene {
	const struct decision *decision;
	struct workspace_ref workspace;
	const struct directory *directory;
	const char *access_url; /* of the deployment, without a slash at the end; "" when unknown */
	struct arena *arena;
};

/* Fills kind, recipient, title, body, actions, group, role and message. */
void notice_write(const struct notice *n, const struct notice_scene *scene,
		  struct notification *out);

#endif
