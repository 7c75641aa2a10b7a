#include "consumer/estimate.h"

#include "schemas/bounds.h"

enum {
	/*
	 * A Notification but for its texts: frame, ids as text, enums, lengths,
	 * event_id, time.
	 */
	NOTIFICATION_BYTES = 384,
	/* The words of a title and of a body around the names, with an expiry; notice.c has them. */
	TITLE_BYTES = 64,
	BODY_BYTES = 320,
	/* What an owner is told of each change besides the name, and how many changes they are told. */
	SUMMARY_BYTES = 24,
	SUMMARIES = 5,
	/* A body names the group through which somebody has access, which any grant may be about. */
	GROUP_BYTES_MAX = NAME_BYTES_MAX + 12, /* "everyone in " an organization */
};

static size_t max_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

static size_t name_bytes(const struct world *w, const struct subject *s)
{
	return directory_subject_name(w->directory, s, w->arena).len;
}

/* The actor's name in a notification: the display name, where there is one. */
static size_t actor_bytes(const struct world *w, const struct actor *a)
{
	const struct user_changed *u = directory_user(w->directory, &a->id);
	const struct subject s = { SUBJECT_USER, a->id };

	return max_of(u ? u->name.len : 0, name_bytes(w, &s));
}

/* The longest name among the subjects that an owner is told of. */
static size_t longest_subject(const struct world *w, const struct decision *d)
{
	size_t longest = 0;

	for (size_t i = 0; i < d->change_count && i < SUMMARIES; i++)
		longest = max_of(longest, name_bytes(w, &d->changes[i].subject));
	return longest;
}

static size_t notification_bytes(const struct world *w, const struct decision *d)
{
	const struct subject owner = { SUBJECT_USER, w->workspace->owner_id };
	size_t subject = longest_subject(w, d);
	size_t workspace = w->workspace->name.len;
	size_t body = max_of(BODY_BYTES + GROUP_BYTES_MAX, SUMMARIES * (SUMMARY_BYTES + subject));
	size_t title = TITLE_BYTES + actor_bytes(w, &d->actor) + workspace;
	size_t link = w->limits.access_url_bytes + name_bytes(w, &owner) + workspace;

	return NOTIFICATION_BYTES + title + body + link + workspace + d->message.len;
}

/* How many people are notified, each counted once for each group that they are in. */
static size_t count_notified(const struct world *w, const struct decision *d)
{
	size_t notified = 1; /* the owner */

	for (size_t i = 0; i < d->change_count; i++) {
		const struct subject *s = &d->changes[i].subject;

		notified +=
			s->kind == SUBJECT_USER ? 1 : directory_member_count(w->directory, &s->id);
	}
	return notified;
}

struct estimate estimate_outputs(const struct world *w, const struct decision *d)
{
	size_t name = w->workspace->name.len;
	size_t grants = w->workspace->grant_count + d->change_count;
	struct estimate e = {
		.event = ENVELOPE_BYTES + bounds_event(name, d->change_count),
		.state =
			ENVELOPE_BYTES + bounds_state(name, grants, w->workspace->recent.count + 1),
	};

	if (!d->change_count)
		return e;
	e.notification = ENVELOPE_BYTES + notification_bytes(w, d);
	e.notified = count_notified(w, d);
	e.total = e.event + e.state + e.notified * (e.notification - ENVELOPE_BYTES + PACKED_BYTES);
	return e;
}
