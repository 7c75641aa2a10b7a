#ifndef SB_SCHEMAS_PREFERENCES_H
#define SB_SCHEMAS_PREFERENCES_H

/*
 * What somebody wants to be told. Everything is on; a rule that is off switches
 * off what it names, and no other rule brings it back; so does a muted workspace.
 * Two kinds always reach the inbox, because something must be known or done:
 * access_removed and handoff_offered. Pure.
 */

#include "schemas/records.h"

/* The keys of preferences on sharing.directory: this, then the user's id. */
#define PREFERENCES_KEY "preferences:"

enum {
	PREFERENCE_RULES_MAX = 256,
	MUTED_WORKSPACES_MAX = 1000,
	PREFERENCES_KEY_SIZE = sizeof(PREFERENCES_KEY) + UUID_TEXT_LEN,
};

/* The category that a kind belongs to. */
enum category notification_category(enum notification_kind kind);

/* Can nothing switch this kind off in this channel? */
bool preferences_protect(enum channel channel, enum notification_kind kind);

/*
 * May that kind of notification about the workspace be told through the channel?
 * Without preferences, NULL, it may.
 */
bool preferences_allow(const struct preferences_changed *p, enum channel channel,
		       enum notification_kind kind, const struct uuid *workspace_id);

/* The key of the user's preferences, "preferences:<id>", and a NUL. */
void preferences_key(char out[static PREFERENCES_KEY_SIZE], const struct uuid *user_id);

/*
 * Is it such a key, with the id in its one form, 36 characters in lower case?
 * Sets *user_id then; else it is untouched.
 */
bool preferences_parse_key(struct bytes key, struct uuid *user_id);

#endif
