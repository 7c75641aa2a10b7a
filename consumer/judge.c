#include "consumer/judge.h"

#include "schemas/bounds.h"
#include "schemas/preferences.h"

#include <string.h>

static const char DEPLOYMENT_KEY[] = "deployment";

int judge_key(struct bytes key, struct uuid *id, struct error *err)
{
	char text[UUID_TEXT_SIZE];
	struct uuid found;

	if (bytes_equal_text(key, DEPLOYMENT_KEY)) {
		*id = (struct uuid){ { 0 } };
		return 0;
	}
	if (uuid_parse(&found, key))
		return error_set(err, ERROR_INPUT,
				 "its key is neither an id nor \"%s\" nor \"" PREFERENCES_KEY
				 "\" and an id",
				 DEPLOYMENT_KEY);
	uuid_format(text, &found);
	if (!bytes_equal_text(key, text))
		return error_set(err, ERROR_INPUT, "its key is not written in lower case");
	if (uuid_is_nil(&found))
		return error_set(err, ERROR_INPUT,
				 "its key is the id of all zeros, which nobody has");
	*id = found;
	return 0;
}

enum { NAME_SHOWN = 64 };

/* What a fact of the directory is about. The id of the deployment's switch is nil. */
struct entry {
	struct uuid id;
	const char *kind; /* NULL: the fact does not belong in the directory */
	char name[NAME_SHOWN + 1];
};

/* The name goes into a log: it is cut, and what may not stand in a line is replaced. */
static struct entry entry_of(const struct uuid *id, const char *kind, struct bytes name)
{
	struct entry e = { .id = *id, .kind = kind };

	for (size_t i = 0; i < name.len && i < NAME_SHOWN; i++)
		e.name[i] = (char)(name.data[i] < ' ' || name.data[i] == 0x7f ? '?' : name.data[i]);
	return e;
}

static struct entry entry_of_fact(const struct record *r)
{
	const struct user_changed *u = &r->as.user_changed;
	const struct group_changed *g = &r->as.group_changed;
	const struct organization_changed *o = &r->as.organization_changed;

	if (r->type == RECORD_USER_CHANGED)
		return entry_of(&u->id, "user", u->username);
	if (r->type == RECORD_GROUP_CHANGED)
		return entry_of(&g->id, "group", g->name);
	if (r->type == RECORD_ORGANIZATION_CHANGED)
		return entry_of(&o->id, "organization", o->name);
	return (struct entry){ .kind = r->type == RECORD_DEPLOYMENT_CHANGED ? "deployment" : NULL };
}

/* What has the id in the directory; its kind is NULL if nothing has. */
static struct entry holder_of(const struct directory *d, const struct uuid *id)
{
	const struct user_changed *u = directory_user(d, id);
	const struct group_changed *g = directory_group(d, id);
	const struct organization_changed *o = directory_organization(d, id);

	if (u)
		return entry_of(id, "user", u->username);
	if (g)
		return entry_of(id, "group", g->name);
	if (o)
		return entry_of(id, "organization", o->name);
	return (struct entry){ .kind = NULL };
}

static bool is_everyone(const struct record *r)
{
	return r->type == RECORD_GROUP_CHANGED &&
	       uuid_equal(&r->as.group_changed.id, &r->as.group_changed.organization_id);
}

enum verdict judge_fact(const struct directory *d, const struct uuid *key,
			const struct record *fact, struct error *why)
{
	const struct entry it = entry_of_fact(fact);
	const struct entry holder = holder_of(d, key);
	char id[UUID_TEXT_SIZE];

	if (it.kind && bounds_check_directory(fact, why))
		return VERDICT_PASS_OVER;
	uuid_format(id, &it.id);
	if (fact->type == RECORD_PREFERENCES_CHANGED)
		(void)error_set(why, ERROR_INPUT,
				"preferences belong under a key of their own, " PREFERENCES_KEY
				" and the user's id");
	else if (!it.kind)
		(void)error_set(why, ERROR_INPUT, "%s does not belong on this topic",
				record_name(fact->type));
	else if (!uuid_equal(key, &it.id))
		(void)error_set(why, ERROR_INPUT, "its key is not %s, the id of %s %s", id, it.kind,
				it.name);
	else if (is_everyone(fact))
		return VERDICT_EVERYONE;
	else if (holder.kind && strcmp(holder.kind, it.kind) != 0)
		(void)error_set(why, ERROR_INPUT,
				"it gives %s %s the id %s of %s %s, which keeps it", it.kind,
				it.name, id, holder.kind, holder.name);
	else
		return VERDICT_TAKE;
	return VERDICT_PASS_OVER;
}

enum verdict judge_preferences(const struct uuid *user_id, const struct record *fact,
			       struct error *why)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, user_id);
	if (fact->type != RECORD_PREFERENCES_CHANGED)
		(void)error_set(why, ERROR_INPUT, "%s does not belong under its key",
				record_name(fact->type));
	else if (!uuid_equal(user_id, &fact->as.preferences_changed.user_id))
		(void)error_set(why, ERROR_INPUT,
				"its key names the user %s, and its value another one", id);
	else if (!bounds_check_directory(fact, why))
		return VERDICT_TAKE;
	return VERDICT_PASS_OVER;
}
