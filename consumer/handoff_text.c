#include "consumer/handoff_text.h"

#include <assert.h>

static bool is_passed_on(const struct handoff_changed *h)
{
	return h->state == HANDOFF_OFFERED && h->previous == HANDOFF_ACCEPTED;
}

/* ---- titles ---- */

static const char *what_is_asked(enum handoff_kind kind)
{
	switch (kind) {
	case HANDOFF_REVIEW:
		return " to review work in workspace ";
	case HANDOFF_TAKEOVER:
		return " to take over work in workspace ";
	case HANDOFF_INPUT:
		return " for input in workspace ";
	}
	assert(0);
	return "";
}

static void title_request(const struct notice *n, const struct notice_scene *s)
{
	const struct handoff_changed *h = n->handoff;

	phrase_actor(s->title, s);
	prose_say(s->title, " asks ");
	if (h->to.kind == SUBJECT_GROUP)
		phrase_subject(s->title, s, &h->to);
	else
		prose_say(s->title, "you");
	prose_say(s->title, what_is_asked(h->kind));
	phrase_workspace(s->title, s, &n->recipient);
}

static void title_step(const struct notice *n, const struct notice_scene *s, const char *verb,
		       const char *end)
{
	phrase_actor(s->title, s);
	prose_say(s->title, verb);
	prose_say(s->title,
		  n->as_offerer ? " your handoff in workspace " : " the handoff in workspace ");
	phrase_workspace(s->title, s, &n->recipient);
	prose_say(s->title, end);
}

static void title_end(const struct notice *n, const struct notice_scene *s, const char *end)
{
	prose_say(s->title,
		  n->as_offerer ? "Your handoff in workspace " : "The handoff in workspace ");
	phrase_workspace(s->title, s, &n->recipient);
	prose_say(s->title, end);
}

static void title_offer(const struct notice *n, const struct notice_scene *s)
{
	bool passed_on = is_passed_on(n->handoff);

	if (!n->as_offerer) {
		title_request(n, s);
		return;
	}
	title_step(n, s, passed_on ? " passed" : " offered", passed_on ? " on to " : " to ");
	phrase_subject(s->title, s, &n->handoff->to);
}

static void write_title(const struct notice *n, const struct notice_scene *s)
{
	switch (n->handoff->state) {
	case HANDOFF_OFFERED:
		title_offer(n, s);
		return;
	case HANDOFF_ACCEPTED:
		title_step(n, s, " accepted", "");
		return;
	case HANDOFF_RETURNED:
		title_step(n, s, " returned", " to you");
		return;
	case HANDOFF_DECLINED:
		title_step(n, s, " declined", "");
		return;
	case HANDOFF_COMPLETED:
		title_step(n, s, " completed", "");
		return;
	case HANDOFF_WITHDRAWN:
		if (s->decision->actor.kind == ACTOR_SYSTEM)
			title_end(n, s, " was withdrawn");
		else
			title_step(n, s, " withdrew", "");
		return;
	case HANDOFF_EXPIRED:
		title_end(n, s, " has expired");
		return;
	}
}

/* ---- bodies ---- */

/* What an offer is about, for those it is made to. */
static void begin_offer(const struct notice *n, const struct notice_scene *s)
{
	const struct handoff_changed *h = n->handoff;

	if (is_passed_on(h)) {
		phrase_user(s->body, s, &h->offered_by.id);
		prose_say(s->body, " offered it first, and ");
		phrase_actor(s->body, s);
		prose_say(s->body, " passes it on. ");
	}
	prose_say(s->body, "What has been done:");
	prose_quote(s->body, h->summary);
}

/* What has become of it, in a sentence, and a reminder of what it is. */
static void begin_step(const struct notice *n, const struct notice_scene *s, const char *sentence)
{
	prose_say(s->body, sentence);
	prose_paragraph(s->body);
	prose_say(s->body, n->as_offerer ? "What you handed over:" : "What was handed over:");
	prose_quote(s->body, n->handoff->summary);
}

static const char *what_follows(const struct notice *n)
{
	const struct handoff_changed *h = n->handoff;

	switch (h->state) {
	case HANDOFF_OFFERED:
		return "It waits to be accepted.";
	case HANDOFF_ACCEPTED:
		return "It is being worked on now.";
	case HANDOFF_RETURNED:
		return "It is your turn again.";
	case HANDOFF_DECLINED:
		return "Nobody has it now: offer it to somebody else, or go on yourself.";
	case HANDOFF_COMPLETED:
		return "The work is done.";
	case HANDOFF_WITHDRAWN:
		return "Nobody waits for it any more.";
	case HANDOFF_EXPIRED:
		if (!n->as_offerer)
			return "Nobody waits for it any more.";
		return uuid_is_nil(&h->accepted_by) ? "Nobody accepted it in time."
						    : "It was accepted, but not completed in time.";
	}
	assert(0);
	return "";
}

static void put_question(const struct notice_scene *s, struct bytes question)
{
	if (!question.len)
		return;
	prose_paragraph(s->body);
	prose_say(s->body, "The question:");
	prose_quote(s->body, question);
}

static void put_link(const struct notice_scene *s, struct bytes name, struct bytes url)
{
	prose_put(s->body, name);
	if (!url.len)
		return;
	prose_say(s->body, ": ");
	prose_address(s->body, url);
}

/* The task, and what was made. */
static void put_artifacts(const struct notice_scene *s, const struct handoff_changed *h)
{
	if (!h->task && !h->artifact_count)
		return;
	prose_paragraph(s->body);
	prose_say(s->body, "See also:");
	if (h->task) {
		prose_item(s->body);
		prose_say(s->body, "task ");
		prose_say(s->body, symbol_name(task_system_symbols, (int)h->task->system));
		prose_say(s->body, ":");
		put_link(s, h->task->id, h->task->url);
	}
	for (size_t i = 0; i < h->artifact_count; i++) {
		prose_item(s->body);
		put_link(s, h->artifacts[i].name, h->artifacts[i].url);
	}
}

static void put_access(const struct notice *n, const struct notice_scene *s)
{
	const struct entitlement *after = &n->listener->after;

	prose_paragraph(s->body);
	if (after->role == ROLE_NONE) {
		prose_say(s->body, "With it, your access to the workspace has ended.");
		return;
	}
	prose_say(s->body, n->kind == NOTIFY_HANDOFF_OFFERED
				   ? "The workspace is shared with you for this."
				   : "What you may do in the workspace has changed.");
	phrase_rights(s->body, after->role);
	phrase_path(s->body, s, &after->group_id);
	phrase_end(s->body, after);
}

static void put_command(const struct notice_scene *s, const char *verb, const char *id)
{
	prose_say_code(s->body,
		       text_of(arena_printf(s->arena, "sharebus handoff %s %s", verb, id)));
}

/* A member cannot decline for the whole group. */
static void put_answer(const struct notice_scene *s, const struct handoff_changed *h)
{
	bool to_group = h->to.kind == SUBJECT_GROUP;
	char id[UUID_TEXT_SIZE];

	uuid_format(id, &h->handoff_id);
	prose_paragraph(s->body);
	if (h->expires_at != ABSENT) {
		prose_say(s->body, "The offer ends on ");
		phrase_moment(s->body, h->expires_at);
		prose_say(s->body, ". ");
	}
	prose_say(s->body, to_group ? "Whoever of the group accepts it first has it: "
				    : "Accept or decline it: ");
	put_command(s, "accept", id);
	if (to_group)
		return;
	prose_say(s->body, " or ");
	put_command(s, "decline", id);
}

static void put_sharing(const struct notice_scene *s)
{
	prose_paragraph(s->body);
	prose_say(s->body, "Who can use your workspace has changed:");
	phrase_changes(s->body, s);
}

static void write_body(const struct notice *n, const struct notice_scene *s)
{
	const struct handoff_changed *h = n->handoff;
	bool is_offer = h->state == HANDOFF_OFFERED && !n->as_offerer;

	if (is_offer)
		begin_offer(n, s);
	else
		begin_step(n, s, what_follows(n));
	if (is_offer)
		put_question(s, h->question);
	phrase_quoted(s->body, s, &s->decision->actor.id, h->note);
	if (is_offer)
		phrase_quoted(s->body, s, &s->decision->actor.id, s->decision->message);
	put_artifacts(s, h);
	if (n->listener)
		put_access(n, s);
	if (is_offer)
		put_answer(s, h);
	if (n->tells_sharing)
		put_sharing(s);
}

/* ---- the rest ---- */

/* Where a person can act on it: an offer, or what comes back. */
static const char *label_of_page(const struct notice *n)
{
	if (n->handoff->state == HANDOFF_RETURNED)
		return "View handoff";
	if (n->handoff->state != HANDOFF_OFFERED || n->as_offerer)
		return NULL;
	return n->handoff->to.kind == SUBJECT_GROUP ? "Accept" : "Accept or decline";
}

static void write_actions(const struct notice *n, const struct notice_scene *s,
			  struct notification *out)
{
	const char *label = label_of_page(n);
	char id[UUID_TEXT_SIZE];

	out->actions = arena_alloc(s->arena, 2 * sizeof(*out->actions));
	if (label) {
		struct notification_action *page = &out->actions[out->action_count++];

		uuid_format(id, &n->handoff->handoff_id);
		page->label = bytes_of(label);
		page->url = arena_printf(s->arena, "%s/handoffs/%s", s->access_url, id);
	}
	if (!n->listener || n->listener->after.role != ROLE_NONE)
		phrase_view(s, &out->actions[out->action_count++]);
}

void handoff_text_write(const struct notice *n, const struct notice_scene *s,
			struct notification *out)
{
	const struct handoff_changed *h = n->handoff;

	write_title(n, s);
	write_body(n, s);
	write_actions(n, s, out);
	out->handoff_id = h->handoff_id;
	out->handoff_step = h->step;
	if (n->listener) {
		out->role = n->listener->after.role;
		out->group_id = n->listener->after.group_id;
	}
	if (h->state != HANDOFF_OFFERED || n->as_offerer)
		return;
	out->role = h->role;
	out->expires_at = h->expires_at;
	out->message = s->decision->message;
	if (h->to.kind == SUBJECT_GROUP)
		out->group_id = h->to.id;
}
