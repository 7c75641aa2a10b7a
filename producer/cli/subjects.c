#include "producer/cli/subjects.h"

#include "producer/cli/name.h"

#include <string.h>

static const char *noun_of(enum sharebus_subject_kind kind)
{
	return kind == SHAREBUS_USER ? "user" : "group";
}

/* A name, or an id; of a group also "organization/name". */
static bool is_name(struct bytes name, enum sharebus_subject_kind kind)
{
	const uint8_t *slash = name.len ? memchr(name.data, '/', name.len) : NULL;
	struct bytes before = { name.data, slash ? (size_t)(slash - name.data) : 0 };
	struct bytes after = name;

	if (kind == SHAREBUS_GROUP && slash)
		after = (struct bytes){ slash + 1, name.len - before.len - 1 };
	return name_is_plain(after) && (after.len == name.len || name_is_plain(before));
}

static int bad_format(struct error *err, const struct sharebus_subject *s, struct bytes item,
		      enum subjects_syntax syntax)
{
	const char *what = s->kind == SHAREBUS_USER ? "username" : "group";

	if (syntax == SUBJECTS_ONLY)
		return error_set(err, ERROR_INPUT,
				 "invalid %s \"%.*s\": give a name without a role",
				 noun_of(s->kind), BYTES_ARG(item));
	return error_set(err, ERROR_INPUT,
			 "invalid %s format \"%.*s\": must match pattern '%s:role'",
			 noun_of(s->kind), BYTES_ARG(item), what);
}

static struct bytes split_role(struct bytes item, struct bytes *role)
{
	const uint8_t *colon = item.len ? memchr(item.data, ':', item.len) : NULL;

	if (!colon)
		return item;
	*role = (struct bytes){ colon + 1, (size_t)(item.data + item.len - colon - 1) };
	return (struct bytes){ item.data, (size_t)(colon - item.data) };
}

static int parse_role(struct sharebus_subject *s, struct bytes role, struct error *err)
{
	static const enum sharebus_role grantable[] = { SHAREBUS_ROLE_USE, SHAREBUS_ROLE_ADMIN };

	for (size_t i = 0; i < sizeof(grantable) / sizeof(grantable[0]); i++) {
		if (!bytes_equal_text(role, sharebus_role_name(grantable[i])))
			continue;
		s->role = grantable[i];
		return 0;
	}
	return error_set(err, ERROR_INPUT,
			 "invalid role \"%.*s\" for %s %s: expected \"%s\" or \"%s\"",
			 BYTES_ARG(role), noun_of(s->kind), s->name,
			 sharebus_role_name(grantable[0]), sharebus_role_name(grantable[1]));
}

static int add_subject(struct subject_list *out, const struct sharebus_subject *s,
		       struct arena *arena, struct error *err)
{
	for (size_t i = 0; i < out->count; i++) {
		const struct sharebus_subject *old = &out->list[i];

		if (old->kind != s->kind || strcmp(old->name, s->name) != 0)
			continue;
		if (old->role == s->role)
			return 0;
		return error_set(err, ERROR_INPUT, "%s %s is given twice, as %s and as %s",
				 noun_of(s->kind), s->name, sharebus_role_name(old->role),
				 sharebus_role_name(s->role));
	}
	out->list = arena_grow(arena, out->list, &out->cap, out->count + 1, sizeof(*out->list));
	out->list[out->count++] = *s;
	return 0;
}

static int parse_item(struct subject_list *out, struct sharebus_subject *s, struct bytes item,
		      enum subjects_syntax syntax, struct arena *arena, struct error *err)
{
	struct bytes role = { 0 };
	struct bytes name = split_role(item, &role);

	if (!is_name(name, s->kind) || (role.data && (!role.len || syntax == SUBJECTS_ONLY)))
		return bad_format(err, s, item, syntax);
	s->name = text_of(arena_copy(arena, name));
	s->role = syntax == SUBJECTS_ONLY ? SHAREBUS_ROLE_NONE : SHAREBUS_ROLE_USE;
	if (role.data && parse_role(s, role, err))
		return ERROR_INPUT;
	if (sharebus_parse_id(&s->id, s->name))
		s->id = (struct sharebus_id){ { 0 } };
	return add_subject(out, s, arena, err);
}

int subjects_parse(struct subject_list *out, enum sharebus_subject_kind kind,
		   enum subjects_syntax syntax, const char *value, struct arena *arena,
		   struct error *err)
{
	struct bytes rest = bytes_of(value);
	int rc = 0;

	if (!rest.len)
		return error_set(err, ERROR_INPUT, "--%s is empty: give at least one %s",
				 noun_of(kind), noun_of(kind));
	for (bool more = true; !rc && more;) {
		const uint8_t *comma = rest.len ? memchr(rest.data, ',', rest.len) : NULL;
		size_t len = comma ? (size_t)(comma - rest.data) : rest.len;
		struct sharebus_subject s = { .kind = kind };

		rc = parse_item(out, &s, (struct bytes){ rest.data, len }, syntax, arena, err);
		more = comma != NULL;
		if (more)
			rest = (struct bytes){ comma + 1, rest.len - len - 1 };
	}
	return rc;
}
