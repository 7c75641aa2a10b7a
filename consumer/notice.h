#ifndef SB_CONSUMER_NOTICE_H
#define SB_CONSUMER_NOTICE_H

/*
 * Who is notified of a change, and in what words. Pure functions of the decision,
 * of what people may do before and after it, and of the directory.
 */

#include "consumer/audience.h"

/* One notification to one person. */
struct notice {
	struct uuid recipient;
	enum notification_kind kind;
	/* What the recipient may do before and after; NULL: the notice to the owner. */
	const struct listener *listener;
};

/*
 * Lists whom to notify, each once, by their ids: those in the audience for whom
 * the decision as a whole makes a difference, and at the end the owner, unless
 * the system or the owner made the changes. A difference is another role than
 * before, or another end of the same role. Sets *out to an array in the arena
 * and returns its length.
 */
size_t notice_list(const struct decision *d, const struct audience *audience,
		   const struct uuid *owner_id, const struct directory *dir, struct arena *arena,
		   struct notice **out);

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
