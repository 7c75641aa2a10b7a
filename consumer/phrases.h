#ifndef SB_CONSUMER_PHRASES_H
#define SB_CONSUMER_PHRASES_H

/*
 * The phrases that notifications are made of: who, which workspace, what a role
 * allows, until when. Names come from the directory; names and times are bold in
 * Markdown. Pure.
 */

#include "consumer/audience.h"
#include "consumer/prose.h"

/* What a notification may mention, and where its texts go. */
struct notice_scene {
	const struct decision *decision;
	struct workspace_ref workspace; /* as events show it */
	const struct directory *directory;
	const char *access_url; /* of the deployment, without a slash at the end; "" when unknown */
	struct arena *arena;
	struct prose *title;
	struct prose *body;
};

/* "Alice Archer", else "alice"; the id of somebody unknown. */
void phrase_user(struct prose *p, const struct notice_scene *s, const struct uuid *id);

/* The same of the decision's actor; "The system". */
void phrase_actor(struct prose *p, const struct notice_scene *s);

/* "bob", "the group team", "everyone in acme": as lists of grants name them. */
void phrase_subject(struct prose *p, const struct notice_scene *s, const struct subject *subject);

/* "alice/dev"; to its owner "dev". */
void phrase_workspace(struct prose *p, const struct notice_scene *s, const struct uuid *reader);

/* "3 December 2026, 18:00 UTC" */
void phrase_moment(struct prose *p, int64_t unix_ms);

/*
 * Sentences, each with a blank before it unless it begins the text: what the role
 * allows, through which group it comes, and when it ends; nothing is said of what
 * there is not.
 */
void phrase_rights(struct prose *p, enum role role);
void phrase_path(struct prose *p, const struct notice_scene *s, const struct uuid *group_id);
void phrase_end(struct prose *p, const struct entitlement *after);

/* " You had the role use, because it was shared with the group team."; until when, if it expired. */
void phrase_former_role(struct prose *p, const struct notice_scene *s,
			const struct entitlement *before);

/* A list of the first changes, as the owner reads them, and how many more there are. */
void phrase_changes(struct prose *p, const struct notice_scene *s);

/* A paragraph that quotes a text: "Alice Archer writes:". Nothing if there is none. */
void phrase_quoted(struct prose *p, const struct notice_scene *s, const struct uuid *author,
		   struct bytes text);

/* "View workspace", to /@owner/name as in Coder, with what a URL does not take as "%20". */
void phrase_view(const struct notice_scene *s, struct notification_action *out);

#endif
