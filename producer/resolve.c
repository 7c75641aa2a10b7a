#include "producer/resolve.h"

#include <stdio.h>

#define TEXT(b) (int)(b).len, (const char *)(b).data

static int load_workspace(struct session *s, const struct uuid *id, const char *text,
			  struct workspace *out, struct error *err)
{
	int rc = lookup_workspaces(s->reader, id, 1, out, err);

	if (rc || out->registered)
		return rc;
	workspace_done(out);
	return error_set(err, ERROR_INPUT, "there is no workspace %s", text);
}

static int find_owned(struct session *s, const struct user_changed *owner, struct bytes name,
		      const char *text, struct uuid *out, struct error *err)
{
	struct uuid_list found;
	int rc = lookup_owned_by_name(s->reader, &owner->id, name, &s->arena, &found, err);

	if (rc)
		return rc;
	if (!found.count)
		return error_set(err, ERROR_INPUT, "there is no workspace %s owned by %.*s", text,
				 TEXT(owner->username));
	if (found.count > 1)
		return error_set(err, ERROR_INPUT,
				 "%.*s owns %zu workspaces %s; give the id of one",
				 TEXT(owner->username), found.count, text);
	*out = found.list[0];
	return 0;
}

static int find_by_owner(struct session *s, const char *text, const char *slash, struct uuid *out,
			 struct error *err)
{
	struct bytes owner = { (const uint8_t *)text, (size_t)(slash - text) };
	struct user_changed user;
	struct uuid id;
	int rc = lookup_usernames(s->reader, &owner, 1, &id, err);

	if (!rc && uuid_is_nil(&id))
		rc = error_set(err, ERROR_INPUT, "there is no user %.*s", TEXT(owner));
	if (!rc)
		rc = lookup_users(s->reader, &id, 1, &s->arena, &user, err);
	return rc ? rc : find_owned(s, &user, bytes_of(slash + 1), slash + 1, out, err);
}

int resolve_workspace(struct session *s, const char *text, struct workspace *out, struct error *err)
{
	const char *slash = strchr(text, '/');
	struct uuid id;
	int rc = session_reader(s, err);

	if (rc)
		return rc;
	if (!uuid_parse(&id, bytes_of(text)))
		return load_workspace(s, &id, text, out, err);
	if (slash)
		rc = find_by_owner(s, text, slash, &id, err);
	else
		rc = session_me(s, err);
	if (!rc && !slash)
		rc = find_owned(s, &s->me, bytes_of(text), text, &id, err);
	return rc ? rc : load_workspace(s, &id, text, out, err);
}

/* Looks the names of one kind up, in one question. */
static int look_up_kind(struct session *s, struct named_subjects *subjects, enum subject_kind kind,
			const struct uuid *organization_id, struct error *err)
{
	struct bytes *names = arena_alloc(&s->arena, (subjects->count + 1) * sizeof(*names));
	struct uuid *ids = arena_alloc(&s->arena, (subjects->count + 1) * sizeof(*ids));
	size_t count = 0;
	int rc;

	for (size_t i = 0; i < subjects->count; i++)
		if (subjects->list[i].kind == kind)
			names[count++] = subjects->list[i].name;
	if (!count)
		return 0;
	rc = kind == SUBJECT_USER
		     ? lookup_usernames(s->reader, names, count, ids, err)
		     : lookup_groupnames(s->reader, organization_id, names, count, ids, err);
	if (rc)
		return rc;
	count = 0;
	for (size_t i = 0; i < subjects->count; i++) {
		struct named_subject *one = &subjects->list[i];

		if (one->kind != kind)
			continue;
		if (uuid_is_nil(&one->id))
			one->id = ids[count];
		if (uuid_is_nil(&one->id) && kind == SUBJECT_GROUP &&
		    bytes_equal_text(one->name, "Everyone"))
			one->id = *organization_id;
		count++;
	}
	return 0;
}

/* "there is no user zoe", or all of them in one sentence. */
static int report_unknown(struct session *s, const struct named_subjects *subjects,
			  struct error *err)
{
	enum { SHOWN = 10 };
	struct bytes text = bytes_of("");
	size_t unknown = 0;

	for (size_t i = 0; i < subjects->count; i++) {
		const struct named_subject *one = &subjects->list[i];

		if (!uuid_is_nil(&one->id))
			continue;
		if (unknown++ < SHOWN)
			text = arena_printf(
				&s->arena, "%.*s%s%s %.*s", TEXT(text), unknown > 1 ? ", " : "",
				one->kind == SUBJECT_USER ? "user" : "group", TEXT(one->name));
	}
	if (!unknown)
		return 0;
	if (unknown > SHOWN)
		text = arena_printf(&s->arena, "%.*s and %zu more", TEXT(text), unknown - SHOWN);
	return error_set(err, ERROR_INPUT, "there is no %.*s; nothing was changed", TEXT(text));
}

int resolve_subjects(struct session *s, struct named_subjects *subjects,
		     const struct uuid *organization_id, struct error *err)
{
	int rc = look_up_kind(s, subjects, SUBJECT_USER, organization_id, err);

	if (!rc)
		rc = look_up_kind(s, subjects, SUBJECT_GROUP, organization_id, err);
	return rc ? rc : report_unknown(s, subjects, err);
}

int resolve_user(struct session *s, const char *name, struct uuid *out, struct error *err)
{
	struct bytes names[1] = { bytes_of(name) };
	int rc = session_reader(s, err);

	if (rc || !uuid_parse(out, names[0]))
		return rc;
	if (strcmp(name, "me") == 0) {
		rc = session_me(s, err);
		*out = s->me.id;
		return rc;
	}
	rc = lookup_usernames(s->reader, names, 1, out, err);
	if (!rc && uuid_is_nil(out))
		rc = error_set(err, ERROR_INPUT, "there is no user %s", name);
	return rc;
}

/* Looks for the group in each of these organizations; one must have it. */
static int find_group(struct session *s, const struct named_list *organizations, struct bytes name,
		      struct uuid *out, struct error *err)
{
	size_t found = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < organizations->count; i++) {
		struct uuid id;

		rc = lookup_groupnames(s->reader, &organizations->list[i].id, &name, 1, &id, err);
		if (rc || uuid_is_nil(&id))
			continue;
		*out = id;
		found++;
	}
	if (!rc && !found)
		rc = error_set(err, ERROR_INPUT, "there is no group %.*s", TEXT(name));
	if (!rc && found > 1)
		rc = error_set(err, ERROR_INPUT,
			       "%zu organizations have a group %.*s; give organization/group",
			       found, TEXT(name));
	return rc;
}

int resolve_group(struct session *s, const char *name, struct uuid *out, struct error *err)
{
	const char *slash = strchr(name, '/');
	struct named_list organizations;
	struct bytes organization;
	struct named one = { 0 };
	int rc = session_reader(s, err);

	if (rc || !uuid_parse(out, bytes_of(name)))
		return rc;
	if (!slash) {
		rc = lookup_all_organizations(s->reader, &s->arena, &organizations, err);
		return rc ? rc : find_group(s, &organizations, bytes_of(name), out, err);
	}
	organization = (struct bytes){ (const uint8_t *)name, (size_t)(slash - name) };
	rc = lookup_organization_names(s->reader, &organization, 1, &one.id, err);
	if (!rc && uuid_is_nil(&one.id))
		rc = error_set(err, ERROR_INPUT, "there is no organization %.*s",
			       TEXT(organization));
	return rc ? rc
		  : find_group(s, &(struct named_list){ &one, 1 }, bytes_of(slash + 1), out, err);
}
