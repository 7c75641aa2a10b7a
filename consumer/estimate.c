#include "consumer/estimate.h"

#include "consumer/prose.h"
#include "schemas/bounds.h"

enum {
	/*
	 * A Notification but for its texts: frame, ids as text, enums, lengths,
	 * event_id, time.
	 */
	NOTIFICATION_BYTES = 384,
	/*
	 * The words around the names, with dates: of a title, of both forms of a body
	 * about access, of one about a handoff, and of each change that an owner is told
	 * of. phrases.c, notice_text.c and handoff_text.c have them.
	 */
	TITLE_BYTES = 64,
	BODY_BYTES = 656,
	STEP_BYTES = 880,
	SUMMARY_BYTES = 166,
	/* How many changes an owner is told of. */
	SUMMARIES = 5,
	/* "- and … more" in both forms. */
	MORE_BYTES = 64,
	/* "- task …: <…>" in both forms, with the lengths of the lines. */
	LISTED_BYTES = 32,
	/* A link to a handoff but for the deployment's address, and its label. */
	STEP_LINK_BYTES = 80,
	/* A link to a workspace has three bytes for one that a URL does not take. */
	ESCAPED_BYTES = 3,
};

static size_t max_of(size_t a, size_t b)
{
	return a > b ? a : b;
}

static struct bytes name_of(const struct world *w, const struct subject *s)
{
	return directory_subject_name(w->directory, s, w->arena);
}

static struct bytes user_name(const struct world *w, const struct uuid *id)
{
	return directory_display_name(w->directory, id, w->arena);
}

static size_t user_bytes(const struct world *w, const struct uuid *id)
{
	return prose_put_max(user_name(w, id));
}

/* The system has no name, and is not quoted. */
static size_t actor_bytes(const struct world *w, const struct actor *a)
{
	return a->kind == ACTOR_SYSTEM ? 0 : user_bytes(w, &a->id);
}

/* What an owner is told of the changes: the first, and how many more there are. */
static size_t summary_bytes(const struct world *w, const struct decision *d)
{
	size_t bytes = d->change_count > SUMMARIES ? MORE_BYTES : 0;

	for (size_t i = 0; i < d->change_count && i < SUMMARIES; i++)
		bytes += SUMMARY_BYTES + prose_put_max(name_of(w, &d->changes[i].subject));
	return bytes;
}

static size_t group_bytes(const struct world *w, const struct subject *s)
{
	return s->kind == SUBJECT_GROUP ? prose_put_max(name_of(w, s)) : 0;
}

/* A body names the group through which somebody has access, which any grant may be about. */
static size_t longest_group(const struct world *w, const struct decision *d)
{
	size_t longest = 0;

	for (size_t i = 0; i < w->workspace->grant_count; i++)
		longest = max_of(longest, group_bytes(w, &w->workspace->grants[i].subject));
	for (size_t i = 0; i < d->change_count; i++)
		longest = max_of(longest, group_bytes(w, &d->changes[i].subject));
	return longest;
}

static size_t artifacts_bytes(const struct handoff_changed *h)
{
	size_t bytes = 0;

	if (h->task)
		bytes += LISTED_BYTES + prose_put_max(h->task->id) + prose_put_max(h->task->url);
	for (size_t i = 0; i < h->artifact_count; i++)
		bytes += LISTED_BYTES + prose_put_max(h->artifacts[i].name) +
			 prose_put_max(h->artifacts[i].url);
	return bytes;
}

/* What a step of a handoff adds to a notification; the actor is named three times. */
static size_t handoff_bytes(const struct world *w, const struct decision *d,
			    const struct handoff_changed *h)
{
	return STEP_BYTES + name_of(w, &h->to).len + user_bytes(w, &h->offered_by.id) +
	       3 * actor_bytes(w, &d->actor) + prose_quote_max(h->summary) +
	       prose_quote_max(h->question) + prose_quote_max(h->note) + artifacts_bytes(h) +
	       STEP_LINK_BYTES + w->limits.access_url_bytes;
}

static size_t longest_handoff(const struct world *w, const struct decision *d)
{
	size_t longest = 0;

	for (size_t i = 0; i < d->handoff_count; i++)
		longest = max_of(longest, handoff_bytes(w, d, &d->handoffs[i]));
	return longest;
}

static size_t title_bytes(const struct world *w, const struct decision *d, size_t link)
{
	size_t actor = d->actor.kind == ACTOR_SYSTEM ? 0 : user_name(w, &d->actor.id).len;

	return TITLE_BYTES + actor + link;
}

/* Of both forms. Whoever owns the workspace may read of a handoff and of the changes in one. */
static size_t body_bytes(const struct world *w, const struct decision *d)
{
	size_t access = BODY_BYTES + longest_group(w, d) + 2 * actor_bytes(w, &d->actor) +
			user_bytes(w, &w->workspace->owner_id);
	size_t changes = summary_bytes(w, d);

	if (d->handoff_count)
		return access + changes + longest_handoff(w, d);
	return max_of(access, changes);
}

static size_t notification_bytes(const struct world *w, const struct decision *d)
{
	const struct subject owner = { SUBJECT_USER, w->workspace->owner_id };
	size_t workspace = w->workspace->name.len;
	size_t path = name_of(w, &owner).len + workspace;

	return NOTIFICATION_BYTES + title_bytes(w, d, path) + body_bytes(w, d) + workspace +
	       w->limits.access_url_bytes + ESCAPED_BYTES * path + d->message.len +
	       (d->message.len ? prose_quote_max(d->message) : 0);
}

static size_t count_people(const struct world *w, const struct subject *s)
{
	return s->kind == SUBJECT_USER ? 1 : directory_member_count(w->directory, &s->id);
}

/*
 * How many people are notified, each counted once for each group that they are in: the
 * owner, those whom changes and handoffs name, and whoever has offered or accepted one.
 */
static size_t count_notified(const struct world *w, const struct decision *d)
{
	size_t notified = 1;

	for (size_t i = 0; i < d->change_count; i++)
		notified += count_people(w, &d->changes[i].subject);
	for (size_t i = 0; i < d->handoff_count; i++)
		notified += count_people(w, &d->handoffs[i].to) + 2;
	return notified;
}

static size_t handoff_events(const struct world *w, const struct decision *d)
{
	size_t bytes = 0;

	for (size_t i = 0; i < d->handoff_count; i++)
		bytes += ENVELOPE_BYTES +
			 bounds_handoff_event(w->workspace->name.len, &d->handoffs[i]);
	return bytes;
}

/* The handoffs in the state; what the decision replaces is counted, too. */
static size_t handoff_states(const struct world *w, const struct decision *d)
{
	const struct handoffs *all = &w->workspace->handoffs;
	size_t bytes = 0;

	for (size_t i = 0; i < all->count; i++)
		bytes += bounds_handoff(&all->list[i]);
	for (size_t i = 0; i < d->kept_count; i++)
		bytes += bounds_handoff(&d->kept[i]);
	return bytes;
}

struct estimate estimate_outputs(const struct world *w, const struct decision *d)
{
	size_t name = w->workspace->name.len;
	size_t grants = w->workspace->grant_count + d->change_count;
	struct estimate e = {
		.event = ENVELOPE_BYTES + bounds_event(name, d->change_count),
		.handoffs = handoff_events(w, d),
		.state = ENVELOPE_BYTES +
			 bounds_state(name, grants, w->workspace->recent.count + 1) +
			 handoff_states(w, d),
	};

	if (!d->change_count && !d->handoff_count)
		return e;
	e.notification = ENVELOPE_BYTES + notification_bytes(w, d);
	e.notified = count_notified(w, d);
	e.total = e.event + e.handoffs + e.state +
		  e.notified * (e.notification - ENVELOPE_BYTES + PACKED_BYTES);
	return e;
}
