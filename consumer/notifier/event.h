#ifndef SB_CONSUMER_NOTIFIER_EVENT_H
#define SB_CONSUMER_NOTIFIER_EVENT_H

/*
 * What is told, as JSON: the part that all of our own forms share.
 *
 * A notification to a person has the type "<category>.<kind>", in the words of
 * preferences: "sharing.workspace_shared", "sharing.access_removed",
 * "handoff.handoff_offered". A step of a handoff has the type "handoff.<state>":
 * "handoff.offered", "handoff.returned".
 *
 * The data of a notification:
 *
 *	id source kind category recipient_id title body body_markdown message
 *	actions [{label, url}]  actor {id, kind, name}
 *	workspace {id, name, owner_id, owner_name, organization_id, url}
 *	group {id, name}  role expires_at  handoff {id, step}  event_id
 *
 * and that of a step of a handoff:
 *
 *	id source handoff_id step state previous kind workspace {as above}
 *	offered_by {id, kind, name}  to {kind, id, name}  accepted_by {id, name}
 *	actor {id, kind, name}  summary question task {system, id, url}  note
 *	artifacts [{name, url}]  answer_schema role expires_at command_id
 *
 * All members are always there; what is absent is null. id and source are those of the
 * CloudEvent; event_id is that of the SharingChanged. Names and addresses of people are
 * nobody's business but theirs: only names by which the others know them are in it.
 */

#include "consumer/notifier/telling.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

struct json_t;

/*
 * The id of this telling as a UUID, of version 5: that of "<source> <id>" within the
 * namespace of sharebus. ERROR_REFUSED where the system forbids SHA-1.
 */
MUST_USE int event_uuid(const struct telling *t, struct arena *arena, struct uuid *out,
			struct error *err);

/* The type, in the arena. */
struct bytes event_type(const struct telling *t, struct arena *arena);

/* The data; the caller's. */
struct json_t *event_data(const struct telling *t, struct arena *arena);

/* The whole: {"data", "timestamp", "type"}; the caller's. */
struct json_t *event_object(const struct telling *t, struct arena *arena);

/* What the recipient can do next: [{"label", "url"}]; the caller's. */
struct json_t *event_actions(const struct telling *t, struct arena *arena);

/* The workspace that it is about. */
const struct workspace_ref *event_workspace(const struct telling *t);

/* What a person is called: the display name, else the username, else the id; "The system". */
struct bytes event_actor_name(const struct telling *t, const struct actor *a, struct arena *arena);

/* The username of the workspace's owner; the id when unknown. */
struct bytes event_owner_name(const struct telling *t, struct arena *arena);

#endif
