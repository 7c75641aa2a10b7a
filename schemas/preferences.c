#include "schemas/preferences.h"

#include <stdio.h>

enum { PREFIX_LEN = sizeof(PREFERENCES_KEY) - 1 };

enum category notification_category(enum notification_kind kind)
{
	return kind >= NOTIFY_HANDOFF_OFFERED ? CATEGORY_HANDOFF : CATEGORY_SHARING;
}

bool preferences_protect(enum channel channel, enum notification_kind kind)
{
	return channel == CHANNEL_INBOX &&
	       (kind == NOTIFY_ACCESS_REMOVED || kind == NOTIFY_HANDOFF_OFFERED);
}

static bool rule_names(const struct preference_rule *r, enum channel channel,
		       enum notification_kind kind)
{
	return (!r->channel || r->channel == channel) && (!r->kind || r->kind == kind) &&
	       (!r->category || r->category == notification_category(kind));
}

bool preferences_allow(const struct preferences_changed *p, enum channel channel,
		       enum notification_kind kind, const struct uuid *workspace_id)
{
	if (!p || preferences_protect(channel, kind))
		return true;
	for (size_t i = 0; i < p->rule_count; i++)
		if (!p->rules[i].on && rule_names(&p->rules[i], channel, kind))
			return false;
	for (size_t i = 0; i < p->muted_workspace_count; i++)
		if (uuid_equal(&p->muted_workspaces[i], workspace_id))
			return false;
	return true;
}

void preferences_key(char out[static PREFERENCES_KEY_SIZE], const struct uuid *user_id)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, user_id);
	(void)snprintf(out, PREFERENCES_KEY_SIZE, "%s%s", PREFERENCES_KEY, id);
}

bool preferences_parse_key(struct bytes key, struct uuid *user_id)
{
	char right[PREFERENCES_KEY_SIZE];
	struct uuid id;

	if (key.len != PREFIX_LEN + UUID_TEXT_LEN ||
	    memcmp(key.data, PREFERENCES_KEY, PREFIX_LEN) != 0 ||
	    uuid_parse(&id, (struct bytes){ key.data + PREFIX_LEN, UUID_TEXT_LEN }))
		return false;
	preferences_key(right, &id);
	if (!bytes_equal_text(key, right) || uuid_is_nil(&id))
		return false;
	*user_id = id;
	return true;
}
