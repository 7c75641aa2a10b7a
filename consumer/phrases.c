#include "consumer/phrases.h"

#include "consumer/link.h"

#include "ops/support/clock.h"

#include <stdio.h>

/* ---- names ---- */

static struct bytes subject_name(const struct notice_scene *s, enum subject_kind kind,
				 const struct uuid *id)
{
	return directory_subject_name(s->directory, &(struct subject){ kind, *id }, s->arena);
}

void phrase_user(struct prose *p, const struct notice_scene *s, const struct uuid *id)
{
	prose_put_strong(p, directory_display_name(s->directory, id, s->arena));
}

void phrase_actor(struct prose *p, const struct notice_scene *s)
{
	if (s->decision->actor.kind == ACTOR_SYSTEM)
		prose_say(p, "The system");
	else
		phrase_user(p, s, &s->decision->actor.id);
}

void phrase_subject(struct prose *p, const struct notice_scene *s, const struct subject *subject)
{
	const struct organization_changed *o;

	if (subject->kind == SUBJECT_USER) {
		prose_put_strong(p, subject_name(s, SUBJECT_USER, &subject->id));
		return;
	}
	o = directory_group(s->directory, &subject->id)
		    ? NULL
		    : directory_organization(s->directory, &subject->id);
	prose_say(p, o ? "everyone in " : "the group ");
	prose_put_strong(p, o ? o->name : subject_name(s, SUBJECT_GROUP, &subject->id));
}

void phrase_workspace(struct prose *p, const struct notice_scene *s, const struct uuid *reader)
{
	struct bytes path[] = { { 0 }, bytes_of("/"), s->workspace.name };

	if (uuid_equal(&s->workspace.owner_id, reader)) {
		prose_put_strong(p, s->workspace.name);
		return;
	}
	path[0] = subject_name(s, SUBJECT_USER, &s->workspace.owner_id);
	prose_put_strong(p, arena_join(s->arena, path, 3));
}

void phrase_moment(struct prose *p, int64_t unix_ms)
{
	char words[WORDS_SIZE];

	clock_format_words(words, unix_ms);
	prose_say_strong(p, words);
}

/* ---- what somebody may do ---- */

static bool begins_paragraph(const struct prose *p)
{
	return !p->plain.len || p->plain.data[p->plain.len - 1] == '\n';
}

static void begin_sentence(struct prose *p)
{
	if (!begins_paragraph(p))
		prose_say(p, " ");
}

void phrase_rights(struct prose *p, enum role role)
{
	const char *what = begins_paragraph(p) ? "the workspace" : "it";

	begin_sentence(p);
	prose_say(p, role == ROLE_ADMIN ? "You can use and manage " : "You can use ");
	prose_say(p, what);
	if (role == ROLE_ADMIN)
		prose_say(p, ": open it by SSH and in its apps, start and stop it, read its logs, "
			     "rename it, update it at any time, and let others use it.");
	else
		prose_say(p, ": open it by SSH and in its apps, start and stop it, and read its "
			     "logs.");
}

void phrase_path(struct prose *p, const struct notice_scene *s, const struct uuid *group_id)
{
	if (uuid_is_nil(group_id))
		return;
	begin_sentence(p);
	prose_say(p, "It is shared with ");
	phrase_subject(p, s, &(struct subject){ SUBJECT_GROUP, *group_id });
	prose_say(p, ".");
}

/* If a lesser role outlasts it, only the role ends; there is but one that is less. */
void phrase_end(struct prose *p, const struct entitlement *after)
{
	if (after->until == ABSENT)
		return;
	begin_sentence(p);
	if (after->until == after->access_until) {
		prose_say(p, "Your access ends on ");
		phrase_moment(p, after->until);
	} else {
		prose_say(p, "You can manage it until ");
		phrase_moment(p, after->until);
		prose_say(p, ", and still use it after that");
	}
	prose_say(p, ".");
}

void phrase_former_role(struct prose *p, const struct notice_scene *s,
			const struct entitlement *before)
{
	begin_sentence(p);
	prose_say(p, before->role == ROLE_ADMIN ? "You could use and manage the workspace"
						: "You could use the workspace");
	if (s->decision->reason == REASON_EXPIRED && before->until != ABSENT) {
		prose_say(p, " until ");
		phrase_moment(p, before->until);
	}
	if (!uuid_is_nil(&before->group_id)) {
		prose_say(p, ", because it was shared with ");
		phrase_subject(p, s, &(struct subject){ SUBJECT_GROUP, before->group_id });
	}
	prose_say(p, ".");
}

/* ---- what changes of the sharing ---- */

static const char *what_subject_can(const struct change *c)
{
	if (c->after == ROLE_NONE)
		return " no longer has access";
	if (c->before == c->after)
		return c->after == ROLE_ADMIN ? " can still use and manage it"
					      : " can still use it";
	if (c->after == ROLE_ADMIN)
		return c->before ? " can now manage it, too" : " can use and manage it";
	return c->before ? " can only use it now" : " can use it";
}

static void put_change(struct prose *p, const struct notice_scene *s, const struct change *c)
{
	prose_item(p);
	phrase_subject(p, s, &c->subject);
	prose_say(p, what_subject_can(c));
	if (c->after == ROLE_NONE)
		return;
	if (c->expires_at != ABSENT) {
		prose_say(p, c->before == c->after ? ", now until " : ", until ");
		phrase_moment(p, c->expires_at);
	} else if (c->before == c->after) {
		prose_say(p, ", now without an end");
	}
}

void phrase_changes(struct prose *p, const struct notice_scene *s)
{
	enum { SHOWN = 5, ROOM = 48 };
	const struct decision *d = s->decision;
	char more[ROOM];

	for (size_t i = 0; i < d->change_count && i < SHOWN; i++)
		put_change(p, s, &d->changes[i]);
	if (d->change_count <= SHOWN)
		return;
	(void)snprintf(more, sizeof(more), "and %zu more", d->change_count - SHOWN);
	prose_item(p);
	prose_say(p, more);
}

void phrase_quoted(struct prose *p, const struct notice_scene *s, const struct uuid *author,
		   struct bytes text)
{
	if (!text.len)
		return;
	prose_paragraph(p);
	phrase_user(p, s, author);
	prose_say(p, " writes:");
	prose_quote(p, text);
}

/* ---- links ---- */

void phrase_view(const struct notice_scene *s, struct notification_action *out)
{
	struct bytes owner = subject_name(s, SUBJECT_USER, &s->workspace.owner_id);

	out->label = bytes_of("View workspace");
	out->url = link_workspace(s->access_url, owner, s->workspace.name, s->arena);
}
