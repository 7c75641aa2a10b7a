#include "consumer/notifier/filter.h"

#include "schemas/preferences.h"

#include <string.h>

static const char USER[] = "user:";
static const char GROUP[] = "group:";

void filter_init(struct filter *f, const struct endpoint *e)
{
	*f = (struct filter){ .endpoint = e, .position = -1 };
}

/* What a record is about. */
struct about {
	enum notification_kind kind;
	const struct workspace_ref *workspace;
	struct subject recipient;
};

static struct about about_record(const struct record *r)
{
	const struct notification *n = &r->as.notification;
	const struct handoff_changed *h = &r->as.handoff_changed;

	if (r->type == RECORD_HANDOFF_CHANGED)
		return (struct about){ handoff_notification(h->state), &h->workspace, h->to };
	return (struct about){ n->kind, &n->workspace, { SUBJECT_USER, n->recipient_id } };
}

static bool is_named(const char *name, const struct uuid *id, struct bytes known_as)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return bytes_equal_text(known_as, name) || strcmp(text, name) == 0;
}

static bool wants_organization(const struct endpoint *e, const struct uuid *id,
			       const struct directory *d)
{
	const struct organization_changed *o = directory_organization(d, id);

	for (char **name = e->organizations; name && *name; name++)
		if (is_named(*name, id, o ? o->name : (struct bytes){ 0 }))
			return true;
	return !e->organizations;
}

/* ---- recipients ---- */

static void find_groups(struct filter *f, const struct directory *d, int64_t position)
{
	if (f->position == position)
		return;
	f->position = position;
	f->group_count = 0;
	for (char **one = f->endpoint->recipients; one && *one; one++) {
		struct bytes name = bytes_of(*one + sizeof(GROUP) - 1);

		if (strncmp(*one, GROUP, sizeof(GROUP) - 1) != 0)
			continue;
		if (f->group_count < FILTER_GROUPS_MAX &&
		    !uuid_parse(&f->groups[f->group_count], name))
			f->group_count++;
		else
			f->group_count +=
				directory_groups_named(d, name, f->groups + f->group_count,
						       FILTER_GROUPS_MAX - f->group_count);
	}
}

/* A group is meant if it is named, a user also if one of their groups is. */
static bool is_in_groups(const struct filter *f, const struct subject *s, const struct directory *d)
{
	for (size_t i = 0; i < f->group_count; i++)
		if (s->kind == SUBJECT_GROUP ? uuid_equal(&f->groups[i], &s->id)
					     : directory_in_group(d, &s->id, &f->groups[i]))
			return true;
	return false;
}

static bool wants_recipient(struct filter *f, const struct subject *s, const struct directory *d,
			    int64_t position)
{
	const struct user_changed *u = s->kind == SUBJECT_USER ? directory_user(d, &s->id) : NULL;

	if (!f->endpoint->recipients)
		return true;
	for (char **one = f->endpoint->recipients; *one; one++)
		if (s->kind == SUBJECT_USER && strncmp(*one, USER, sizeof(USER) - 1) == 0 &&
		    is_named(*one + sizeof(USER) - 1, &s->id,
			     u ? u->username : (struct bytes){ 0 }))
			return true;
	find_groups(f, d, position);
	return is_in_groups(f, s, d);
}

/* ---- persons ---- */

static enum channel channel_of(const struct endpoint *e)
{
	switch (e->kind) {
	case ENDPOINT_WEBHOOK:
		return CHANNEL_WEBHOOK;
	case ENDPOINT_SMTP:
		return CHANNEL_MAIL;
	case ENDPOINT_INBOX:
		return CHANNEL_INBOX;
	case ENDPOINT_EXEC:
		return CHANNEL_EXEC;
	}
	return CHANNEL_WEBHOOK;
}

/* Whoever is suspended or deleted is told nothing, and whoever is not known no mail. */
static bool may_tell_person(const struct endpoint *e, const struct about *a,
			    const struct directory *d)
{
	const struct user_changed *u = directory_user(d, &a->recipient.id);

	if (u ? u->status != USER_ACTIVE : directory_deleted(d, &a->recipient))
		return false;
	if (e->kind == ENDPOINT_SMTP && !(u && u->email.len))
		return false;
	return preferences_allow(directory_preferences(d, &a->recipient.id), channel_of(e), a->kind,
				 &a->workspace->id);
}

bool filter_wants(struct filter *f, const struct record *r, const struct directory *d,
		  int64_t position)
{
	const struct endpoint *e = f->endpoint;
	const struct about a = about_record(r);
	bool step = r->type == RECORD_HANDOFF_CHANGED;

	if (!(step ? e->handoffs : e->notifications))
		return false;
	if (e->kinds && !(e->kinds & 1U << a.kind))
		return false;
	if (!wants_organization(e, &a.workspace->organization_id, d) ||
	    !wants_recipient(f, &a.recipient, d, position))
		return false;
	return step || may_tell_person(e, &a, d);
}
