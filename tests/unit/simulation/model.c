#include "tests/unit/simulation/model.h"

#include "schemas/bounds.h"
#include "schemas/murmur2.h"
#include "tests/unit/simulation/memory.h"
#include "tests/unit/simulation/schedule.h"
#include "tests/unit/simulation/wrapped.h"

#include <assert.h>
#include <stdio.h>

enum {
	ORGANIZATION = 100,
	GROUP = 101,
	DRAWN_LEAST = 4,
	EXPIRES_CHANCE = 400,
	HANDOFF_CHANCE = 350,
	HOLE_CHANCE = 50,
	LONG_CHANCE = 100,
	LARGE_CHANCE = 300,
	LARGE_MIN = 1000, /* of garbage: some is kept whole as a dead letter, some is not */
	LARGE_MAX = 12000,
	SOON_MS = 2000,
	LATE_MS = 40000,
	BUSY_CHANCE = 100,
	BUSY_PAUSE_MS = 20 * 60 * 1000, /* at most, between two commands of a busy schedule */
	HOUR_MS = 60 * 60 * 1000,
	MINUTE_MS = 60 * 1000,
	REMEMBERED_LEAST = 16,
};

struct model model;

static struct directory
	*directories[1 + SUBJECTS];                /* complete; then without each of the subjects */
static struct directory *partial[DIRECTORY_WHOLE]; /* empty; with two users and no group */
static struct codec *codec;
static struct arena arena;
static struct buffer scratch;
static struct uuid workspace_ids[PARTITIONS][WORKSPACES];
static const char *const usernames[USERS] = { "olivia", "bob", "carol", "dave" };
static const int members[] = { 1, 2 };

static struct uuid id_of(uint8_t kind, int number)
{
	struct uuid id = { { 0x01, 0x90, kind } };

	id.bytes[14] = (uint8_t)(number >> 8);
	id.bytes[15] = (uint8_t)number;
	return id;
}

/* The n-th command's id, of version 7. */
static struct uuid command_id(int64_t made, int number)
{
	struct uuid id = id_of(0, number);

	for (int i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(made >> (40 - 8 * i));
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80;
	return id;
}

struct uuid model_user(int user)
{
	return id_of(1, user + 1);
}

struct uuid model_organization(void)
{
	return id_of(1, ORGANIZATION);
}

struct subject model_subject(int subject)
{
	if (subject < USERS)
		return (struct subject){ SUBJECT_USER, model_user(subject) };
	return (struct subject){ SUBJECT_GROUP, id_of(1, GROUP) };
}

int model_user_of(const struct uuid *id)
{
	int user = id->bytes[15] - 1;
	struct uuid expected = model_user(user);

	return user >= 0 && user < USERS && uuid_equal(&expected, id) ? user : -1;
}

int model_subject_of(const struct subject *s)
{
	struct subject group = model_subject(USERS);

	if (s->kind == SUBJECT_GROUP)
		return uuid_equal(&s->id, &group.id) ? USERS : -1;
	return model_user_of(&s->id);
}

struct uuid model_workspace_id(int partition, int workspace)
{
	return workspace_ids[partition][workspace];
}

int64_t model_directory_end(void)
{
	return model.gone == NO_ONE ? model.directory : DIRECTORY_END;
}

const struct directory *model_directory(int64_t position)
{
	if (position < DIRECTORY_WHOLE)
		return partial[position];
	return directories[position < DIRECTORY_END ? 0 : 1 + model.gone];
}

int64_t model_time(void)
{
	return schedule.now_ms - schedule.lag_ms;
}

/* ---- one workspace by the rules ---- */

/* A command in the making. */
struct wish {
	int actor;
	int subject;
	enum role role; /* ROLE_NONE: remove */
	int64_t expires_at;
	struct uuid command_id;
	int64_t made;  /* the time in the command's id */
	bool is_long;  /* it has so long a message that notifications do not take it */
	bool is_offer; /* its grant is offered with a handoff, which ends then: */
	int64_t offer_until;
	enum answer answer; /* it is an answer, to which the subject is whom it is reassigned to */
};

static bool is_member(int user)
{
	return user == members[0] || user == members[1];
}

static bool has_expired(const struct model_grant *g, int64_t time)
{
	return g->expires_at != ABSENT && g->expires_at <= time;
}

static bool has_admin(const struct model_grant *g, int64_t time)
{
	return g->role == ROLE_ADMIN && !has_expired(g, time);
}

static bool is_admin(const struct model_workspace *w, int user, int64_t time)
{
	return has_admin(&w->grants[user], time) ||
	       (is_member(user) && has_admin(&w->grants[USERS], time));
}

static bool may(const struct model_workspace *w, const struct wish *c, int64_t time)
{
	bool owner = c->actor == w->owner;
	bool self = c->subject == c->actor;
	bool touches_admin = c->role == ROLE_ADMIN || has_admin(&w->grants[c->subject], time);

	if (c->role == ROLE_NONE && self)
		return true;
	if (!owner && !is_admin(w, c->actor, time))
		return false;
	if (c->role != ROLE_NONE &&
	    (c->subject == w->owner || self || (c->expires_at != ABSENT && c->expires_at <= time)))
		return false;
	return owner || !touches_admin;
}

/* An admin whose own grants end gives nothing that lasts longer. */
static bool outlasts_giver(const struct model_workspace *w, const struct wish *c, int64_t time)
{
	const int reaching[] = { c->actor, is_member(c->actor) ? USERS : c->actor };
	int64_t until = 0;

	if (c->role == ROLE_NONE || c->actor == w->owner)
		return false;
	for (int i = 0; i < 2; i++) {
		const struct model_grant *g = &w->grants[reaching[i]];

		if (has_admin(g, time) && (g->expires_at == ABSENT || g->expires_at > until))
			until = g->expires_at == ABSENT ? INT64_MAX : g->expires_at;
	}
	return until != INT64_MAX && (c->expires_at == ABSENT || c->expires_at > until);
}

static bool saw(const struct model_workspace *w, const struct uuid *command_id)
{
	for (int i = 0; i < w->recent_count; i++)
		if (uuid_equal(&w->recent[i].id, command_id))
			return true;
	return false;
}

/* Does the id say a time at which it may have been made, and that the memory reaches? */
static bool is_timely(const struct model_workspace *w, const struct wish *c, int64_t time)
{
	return c->made <= time + HOUR_MS && c->made > w->forgotten;
}

static void forget_oldest(struct model_workspace *w)
{
	if (w->recent[0].made > w->forgotten)
		w->forgotten = w->recent[0].made;
	w->recent_count--;
	memmove(w->recent, w->recent + 1, (size_t)w->recent_count * sizeof(*w->recent));
}

/* An id is remembered for an hour after its record, to the minute, or after its own time. */
static void remember(struct model_workspace *w, const struct wish *c, int64_t time)
{
	int64_t late = time > c->made ? time - c->made : 0;
	int64_t until = c->made + (late + MINUTE_MS - 1) / MINUTE_MS * MINUTE_MS + HOUR_MS;

	while (w->recent_count >= REMEMBERED_LEAST && w->recent[0].until <= time)
		forget_oldest(w);
	w->recent[w->recent_count++] = (struct model_command){ c->command_id, c->made, until };
}

/* ---- who is told ---- */

/* What grants allow a user, and until when. */
struct access_of_user {
	enum role role;
	int64_t until;
};

static bool lasts_longer(int64_t a, int64_t b)
{
	return b != ABSENT && (a == ABSENT || a > b);
}

/* Nobody may use a dormant workspace but its owner, and a deleted group has no members. */
static struct access_of_user access_of(const struct input *in, const struct model_workspace *w,
				       int user, bool before)
{
	struct access_of_user out = { ROLE_NONE, ABSENT };
	const int reaching[] = { user, is_member(user) && model.gone != USERS ? USERS : user };

	for (int i = 0; w->registered && !w->dormant && i < 2; i++) {
		const struct model_grant *g = &w->grants[reaching[i]];
		bool goes = before && in->changed & 1U << reaching[i] &&
			    in->after[reaching[i]] == ROLE_NONE;

		if (g->role < out.role || (has_expired(g, in->time) && !goes))
			continue;
		if (g->role > out.role || lasts_longer(g->expires_at, out.until))
			out.until = g->expires_at;
		out.role = g->role;
	}
	return out;
}

static bool is_concerned(const struct input *in, int user)
{
	return in->changed & 1U << user || (in->changed & 1U << USERS && is_member(user));
}

static void leave_out(unsigned *told, int user)
{
	if (user != NO_ONE && user < USERS)
		*told &= ~(1U << user);
}

/* before: the workspace before the input; actor NO_ONE: a fact or the system. */
static void tell_people(struct input *in, const struct model_workspace *before,
			const struct model_workspace *after, int owner, int actor)
{
	for (int user = 0; user < USERS; user++) {
		struct access_of_user was = access_of(in, before, user, true);
		struct access_of_user is = access_of(in, after, user, false);

		if (is_concerned(in, user) && user != owner && user != actor &&
		    user != model.gone &&
		    (was.role != is.role || (is.role != ROLE_NONE && was.until != is.until)))
			in->told |= 1U << user;
	}
	if (in->changed && actor != NO_ONE && actor != owner)
		in->told |= 1U << owner;
	leave_out(&in->told_of_step, actor);
	leave_out(&in->told_of_step, model.gone);
	/* A handoff's notification says what changes of the access, too. */
	in->told &= ~in->told_of_step | in->told_of_workspace;
}

/* ---- what becomes of a workspace ---- */

/* Changes the subject's grant as the actor wishes; NO_ONE: a fact or the system. */
static void change(struct input *in, struct model_workspace *w, const struct wish *c)
{
	struct model_grant *g = &w->grants[c->subject];

	in->event = EXPECT_CHANGED;
	in->changed |= 1U << c->subject;
	/* A subject whose grant has expired counts as having none when it is given a role. */
	in->before[c->subject] =
		c->role != ROLE_NONE && has_expired(g, in->time) ? ROLE_NONE : g->role;
	in->after[c->subject] = c->role;
	*g = c->role == ROLE_NONE ? (struct model_grant){ .expires_at = ABSENT }
				  : (struct model_grant){ c->role, model_user(c->actor), in->time,
							  c->expires_at };
}

static void take_away(struct input *in, struct model_workspace *w, int subject, enum reason reason)
{
	in->reason = reason;
	change(in, w,
	       &(struct wish){ .actor = NO_ONE,
			       .subject = subject,
			       .role = ROLE_NONE,
			       .expires_at = ABSENT });
}

/* ---- handoffs ---- */

bool model_is_note(struct bytes text, const struct uuid *answer)
{
	char id[UUID_TEXT_SIZE];

	uuid_format(id, answer);
	return uuid_is_nil(answer) ? !text.data : bytes_equal_text(text, id);
}

int model_holder(const struct model_handoff *h)
{
	return h->accepter == NO_ONE ? h->to : h->accepter;
}

static bool is_waiting(const struct model_handoff *h)
{
	return h->state == HANDOFF_OFFERED || h->state == HANDOFF_ACCEPTED;
}

static bool is_over(const struct model_handoff *h, int64_t time)
{
	return is_waiting(h) && h->expires_at != ABSENT && h->expires_at <= time;
}

/* Those who are told of the step that the handoff has taken, whoever took it. */
static unsigned people_of_step(const struct model_handoff *h)
{
	unsigned people = 1U << h->author;
	bool ends = h->state == HANDOFF_WITHDRAWN || h->state == HANDOFF_EXPIRED;

	if (h->state != HANDOFF_OFFERED && !ends)
		return people;
	if (ends && h->accepter != NO_ONE)
		return people | 1U << h->accepter;
	if (h->to < USERS)
		return people | 1U << h->to;
	for (int user = 0; model.gone != USERS && user < USERS; user++)
		if (is_member(user))
			people |= 1U << user;
	return people;
}

/* Takes the step, without a note; a final state leaves no handoff. */
static void take_step(struct input *in, struct model_workspace *w, enum handoff_state state)
{
	in->handoff = state;
	in->step = ++w->handoff.step;
	in->note = (struct uuid){ { 0 } };
	w->handoff.state = state;
	w->handoff.note = in->note;
	in->told_of_step |= people_of_step(&w->handoff);
	if (state > HANDOFF_RETURNED)
		w->handoff = (struct model_handoff){ .accepter = NO_ONE };
}

/* Changes a grant for the handoff, in the name of whoever takes the step. */
static void give(struct input *in, struct model_workspace *w, int actor, int subject,
		 enum role role, int64_t expires_at)
{
	change(in, w,
	       &(struct wish){ .actor = actor,
			       .subject = subject,
			       .role = role,
			       .expires_at = expires_at });
	if (actor == NO_ONE && role != ROLE_NONE)
		w->grants[subject].by = (struct uuid){ { 0 } };
}

static bool covers(const struct model_grant *g, enum role role, int64_t until, int64_t time)
{
	if (g->role < role || has_expired(g, time))
		return false;
	return g->role > role || !lasts_longer(until, g->expires_at);
}

/* The holder's grant is as it was before the offer. */
static void take_back(struct input *in, struct model_workspace *w, int actor)
{
	struct model_handoff *h = &w->handoff;
	int holder = model_holder(h);
	bool back = h->had_role != ROLE_NONE && (h->had_until == ABSENT || h->had_until > in->time);

	if (h->own && w->grants[holder].role != ROLE_NONE)
		give(in, w, actor, holder, back ? h->had_role : ROLE_NONE,
		     back ? h->had_until : ABSENT);
	h->own = false;
}

/* The holder gets that, unless they have it. */
static void hand_over(struct input *in, struct model_workspace *w, int actor, enum role role,
		      int64_t until)
{
	struct model_handoff *h = &w->handoff;
	int holder = model_holder(h);
	struct model_grant had = w->grants[holder];
	bool live = had.role != ROLE_NONE && !has_expired(&had, in->time);

	h->own = !covers(&had, role, until, in->time);
	h->had_role = h->own && live ? had.role : ROLE_NONE;
	h->had_until = h->had_role == ROLE_NONE ? ABSENT : had.expires_at;
	if (h->own)
		give(in, w, actor, holder, role, until);
}

/* Is the handoff carried by the grant of that subject? */
static bool rests_on(const struct model_workspace *w, int subject)
{
	int holder = model_holder(&w->handoff);

	return subject == holder ||
	       (w->grants[holder].role == ROLE_NONE && subject == w->handoff.to);
}

/* The subject is about to lose its grant, or to become the owner. */
static void lose_ground(struct input *in, struct model_workspace *w, int subject,
			enum handoff_state state)
{
	if (is_waiting(&w->handoff) && rests_on(w, subject))
		take_step(in, w, state);
	else if (w->handoff.state && subject == model_holder(&w->handoff))
		w->handoff.own = false;
}

static bool may_offer(const struct model_workspace *w, const struct wish *c, int64_t time)
{
	bool owner = c->actor == w->owner;
	bool has = covers(&w->grants[c->subject], c->role, c->expires_at, time);
	bool touches_admin = c->role == ROLE_ADMIN || has_admin(&w->grants[c->subject], time);

	if (!owner && !is_admin(w, c->actor, time))
		return false;
	if (c->subject == w->owner || c->subject == c->actor ||
	    (c->expires_at != ABSENT && c->expires_at <= time) ||
	    (c->offer_until != ABSENT && c->offer_until <= time))
		return false;
	if (w->handoff.state &&
	    (w->handoff.state != HANDOFF_RETURNED || w->handoff.author != c->actor))
		return false;
	return has || ((owner || !touches_admin) && !outlasts_giver(w, c, time));
}

static void offer_again(struct input *in, struct model_workspace *w, const struct wish *c)
{
	struct model_handoff before = w->handoff;
	bool same = before.state && model_holder(&before) == c->subject;

	if (before.state && !same)
		take_back(in, w, c->actor);
	w->handoff.to = c->subject;
	w->handoff.accepter = NO_ONE;
	if (same && covers(&w->grants[c->subject], c->role, c->expires_at, in->time))
		return;
	hand_over(in, w, c->actor, c->role, c->expires_at);
	if (same && before.own) {
		w->handoff.had_role = before.had_role;
		w->handoff.had_until = before.had_until;
	}
}

static void apply_offer(struct input *in, struct model_workspace *w, const struct wish *c)
{
	if (!may_offer(w, c, in->time)) {
		in->event = EXPECT_REJECTED;
		return;
	}
	in->version = ++w->version;
	offer_again(in, w, c);
	w->handoff.author = c->actor;
	w->handoff.role = c->role;
	w->handoff.expires_at = c->offer_until;
	take_step(in, w, HANDOFF_OFFERED);
}

static void accept_offer(struct input *in, struct model_workspace *w, int actor)
{
	struct model_handoff *h = &w->handoff;
	struct model_grant group = w->grants[h->to];
	bool turns = h->to == USERS && h->own && group.role != ROLE_NONE &&
		     !has_expired(&group, in->time);

	if (turns)
		take_back(in, w, actor);
	if (h->to == USERS)
		h->own = false;
	h->accepter = actor;
	if (turns && actor != w->owner)
		hand_over(in, w, actor, h->role, group.expires_at);
	take_step(in, w, HANDOFF_ACCEPTED);
}

static bool reassign(struct input *in, struct model_workspace *w, const struct wish *c)
{
	struct model_handoff *h = &w->handoff;
	const struct model_grant *g =
		&w->grants[w->grants[c->actor].role != ROLE_NONE ? c->actor : h->to];
	bool has = g->role != ROLE_NONE && !has_expired(g, in->time);
	int64_t until = has ? g->expires_at : ABSENT;

	if (c->subject == w->owner || c->subject == c->actor || (!has && c->actor != w->owner))
		return false;
	if (c->actor != w->owner && g->role < h->role)
		h->role = g->role;
	take_back(in, w, c->actor);
	h->to = c->subject;
	h->accepter = NO_ONE;
	hand_over(in, w, c->actor, h->role, until);
	take_step(in, w, HANDOFF_OFFERED);
	return true;
}

/* Every other answer has a note, which is its own id. */
static bool has_note(const struct wish *c)
{
	return c->command_id.bytes[sizeof(c->command_id.bytes) - 1] & 1;
}

static void add_note(struct input *in, struct model_workspace *w, const struct wish *c)
{
	in->note = c->command_id;
	if (w->handoff.state)
		w->handoff.note = in->note;
}

/* Takes the step of the answer, if it may be taken. */
static bool take_answer(struct input *in, struct model_workspace *w, const struct wish *c)
{
	struct model_handoff *h = &w->handoff;
	bool offered = h->state == HANDOFF_OFFERED;
	bool accepter = h->state == HANDOFF_ACCEPTED && h->accepter == c->actor;

	if (!h->state || is_over(h, in->time))
		return false;
	if (c->answer == ANSWER_ACCEPT && offered &&
	    (h->to == c->actor || (h->to == USERS && is_member(c->actor)))) {
		accept_offer(in, w, c->actor);
		return true;
	}
	if (c->answer == ANSWER_REASSIGN && accepter)
		return reassign(in, w, c);
	if ((c->answer == ANSWER_DECLINE && offered && h->to == c->actor) ||
	    (c->answer == ANSWER_WITHDRAW && (h->author == c->actor || w->owner == c->actor))) {
		take_back(in, w, c->actor);
		take_step(in, w,
			  c->answer == ANSWER_DECLINE ? HANDOFF_DECLINED : HANDOFF_WITHDRAWN);
		return true;
	}
	if (!accepter || (c->answer != ANSWER_RETURN && c->answer != ANSWER_COMPLETE))
		return false;
	take_step(in, w, c->answer == ANSWER_RETURN ? HANDOFF_RETURNED : HANDOFF_COMPLETED);
	return true;
}

static void apply_answer(struct input *in, struct model_workspace *w, const struct wish *c)
{
	const struct model_handoff *h = &w->handoff;
	bool for_all = c->answer == ANSWER_DECLINE && h->state == HANDOFF_OFFERED &&
		       h->to == USERS && is_member(c->actor) && !is_over(h, in->time);

	in->reason = REASON_HANDOFF;
	if (for_all)
		return;
	if (!take_answer(in, w, c)) {
		in->event = EXPECT_REJECTED;
		return;
	}
	in->version = ++w->version;
	if (has_note(c))
		add_note(in, w, c);
}

static void apply_share(struct input *in, struct model_workspace *w, const struct wish *c)
{
	const struct model_grant *g = &w->grants[c->subject];
	bool same =
		g->role == c->role && g->expires_at == c->expires_at && !has_expired(g, in->time);

	if (!may(w, c, in->time) || (!same && outlasts_giver(w, c, in->time))) {
		in->event = EXPECT_REJECTED;
	} else if (same) {
		in->event = EXPECT_NOTHING;
	} else if (c->is_long) {
		in->event = EXPECT_REJECTED;
		in->too_large = true;
	} else {
		in->version = ++w->version;
		if (c->role == ROLE_NONE)
			lose_ground(in, w, c->subject, HANDOFF_WITHDRAWN);
		else if (w->handoff.state && c->subject == model_holder(&w->handoff))
			w->handoff.own = false;
		change(in, w, c);
	}
}

static void apply_wish(struct input *in, struct model_workspace *w, const struct wish *c)
{
	const struct model_workspace before = *w;

	if (w->registered && saw(w, &c->command_id))
		return;
	in->reason = REASON_COMMAND;
	if (!w->registered || !is_timely(w, c, in->time))
		in->event = EXPECT_REJECTED;
	else if (c->answer)
		apply_answer(in, w, c);
	else if (c->is_offer)
		apply_offer(in, w, c);
	else
		apply_share(in, w, c);
	tell_people(in, &before, w, w->owner, c->actor);
	if (in->event != EXPECT_REJECTED)
		remember(w, c, in->time);
}

/* Is the reason of a removal true of the subject? If not, the grant stays. */
static bool is_true(const struct model_workspace *w, int subject, enum reason reason, int64_t time)
{
	if (reason == REASON_EXPIRED)
		return has_expired(&w->grants[subject], time);
	return subject == model.gone &&
	       reason == (subject < USERS ? REASON_USER_DELETED : REASON_GROUP_DELETED);
}

static void apply_removal(struct input *in, struct model_workspace *w,
			  const struct remove_sharing *c)
{
	const struct model_workspace before = *w;
	int64_t version = w->version + 1;

	if (!w->registered)
		in->event = EXPECT_REJECTED;
	for (size_t i = 0; w->registered && i < c->subject_count; i++) {
		int subject = model_subject_of(&c->subjects[i]);

		if (subject < 0)
			broken_promise("a removal names an unknown subject");
		if (c->reason != REASON_EXPIRED && subject != model.gone)
			broken_promise("subject %d is to lose a grant, but nobody has deleted it",
				       subject);
		if (w->grants[subject].role == ROLE_NONE ||
		    !is_true(w, subject, c->reason, in->time))
			continue;
		w->version = version;
		in->version = version;
		lose_ground(in, w, subject,
			    c->reason == REASON_EXPIRED ? HANDOFF_EXPIRED : HANDOFF_WITHDRAWN);
		take_away(in, w, subject, c->reason);
	}
	tell_people(in, &before, w, w->owner, NO_ONE);
}

/* The system says that the time of the handoff is over. */
static void apply_end(struct input *in, struct model_workspace *w)
{
	const struct model_workspace before = *w;

	in->reason = REASON_HANDOFF;
	if (!w->registered)
		in->event = EXPECT_REJECTED;
	if (!w->registered || !is_over(&w->handoff, in->time))
		return;
	in->version = ++w->version;
	take_back(in, w, NO_ONE);
	take_step(in, w, HANDOFF_EXPIRED);
	tell_people(in, &before, w, w->owner, NO_ONE);
}

/* A fact that takes the workspace from its owner is an event, whatever grants there are. */
static void tell_owners(struct input *in, enum reason reason, int before, int after)
{
	in->event = EXPECT_CHANGED;
	in->reason = reason;
	in->told_of_workspace =
		reason == REASON_WORKSPACE_DELETED ? ~0U : 1U << before | 1U << after;
	if (before != model.gone)
		in->told |= 1U << before;
	if (after != model.gone)
		in->told |= 1U << after;
}

static void apply_fact(struct input *in, struct model_workspace *w,
		       const struct model_workspace *fact)
{
	if (w->registered && w->owner == fact->owner && w->dormant == fact->dormant &&
	    strcmp(w->name, fact->name) == 0)
		return;
	in->version = ++w->version;
	if (w->registered && w->owner != fact->owner) {
		tell_owners(in, REASON_OWNER_CHANGED, w->owner, fact->owner);
		lose_ground(in, w, fact->owner, HANDOFF_WITHDRAWN);
	}
	w->registered = true;
	w->owner = fact->owner;
	w->dormant = fact->dormant;
	(void)snprintf(w->name, sizeof(w->name), "%s", fact->name);
	if (w->grants[w->owner].role != ROLE_NONE)
		take_away(in, w, w->owner, REASON_OWNER_CHANGED);
}

static void clear_workspace(struct model_workspace *w)
{
	*w = (struct model_workspace){ 0 };
	w->handoff.accepter = NO_ONE;
	for (int s = 0; s < SUBJECTS; s++)
		w->grants[s].expires_at = ABSENT;
}

static void apply_deletion(struct input *in, struct model_workspace *w)
{
	const struct model_workspace before = *w;

	in->version = w->version + 1;
	if (w->registered)
		tell_owners(in, REASON_WORKSPACE_DELETED, w->owner, w->owner);
	for (int s = 0; w->registered && s < SUBJECTS; s++)
		if (w->grants[s].role != ROLE_NONE)
			take_away(in, w, s, REASON_WORKSPACE_DELETED);
	if (w->registered && w->handoff.state)
		take_step(in, w, HANDOFF_WITHDRAWN);
	clear_workspace(w);
	tell_people(in, &before, w, before.owner, NO_ONE);
}

/* ---- the records ---- */

static struct bytes id_text(const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return world_copy(bytes_of(text));
}

static void write_record(struct input *in, const struct record *r)
{
	struct error err = { 0 };
	int rc;

	buffer_clear(&scratch);
	rc = codec_encode(codec, r, &scratch, &err);
	assert(!rc);
	in->value = world_copy(buffer_bytes(&scratch));
}

static struct command command_of(const struct wish *c, const struct uuid *id)
{
	return (struct command){ .command_id = c->command_id,
				 .issued_at = 1,
				 .actor = { model_user(c->actor), ACTOR_USER },
				 .workspace_id = *id,
				 .expected_version = ABSENT,
				 .directory_offset = ABSENT };
}

static struct bytes message_of(const struct wish *c)
{
	static uint8_t text[MESSAGE_MAX];

	memset(text, 'x', sizeof(text));
	return c->is_long ? (struct bytes){ text, sizeof(text) } : (struct bytes){ 0 };
}

struct uuid model_handoff_id(int partition, int workspace)
{
	struct uuid id = workspace_ids[partition][workspace];

	id.bytes[0] = 0xab;
	return id;
}

/* The handoff's id is made from the workspace's. */
static struct uuid handoff_of(const struct uuid *workspace_id)
{
	struct uuid id = *workspace_id;

	id.bytes[0] = 0xab;
	return id;
}

static void write_answer(struct input *in, const struct wish *c, const struct uuid *id)
{
	struct subject to = model_subject(c->subject);
	struct record r = { .type = RECORD_ANSWER_HANDOFF };
	char note[UUID_TEXT_SIZE];

	uuid_format(note, &c->command_id);
	r.as.answer_handoff = (struct answer_handoff){
		.command = command_of(c, id),
		.handoff_id = handoff_of(id),
		.expected_step = ABSENT,
		.answer = c->answer,
		.note = has_note(c) ? bytes_of(note) : (struct bytes){ 0 },
		.to = c->answer == ANSWER_REASSIGN ? &to : NULL,
	};
	write_record(in, &r);
}

static void write_wish(struct input *in, const struct wish *c, const struct uuid *id)
{
	struct subject subject = model_subject(c->subject);
	struct grant_wish grant = { subject, c->role, c->expires_at, false };
	struct handoff_offer offer = { .handoff_id = handoff_of(id),
				       .kind = HANDOFF_TAKEOVER,
				       .summary = bytes_of("done"),
				       .expires_at = c->offer_until,
				       .expected_step = ABSENT };
	struct record r = { .type = RECORD_SHARE_WORKSPACE };

	if (c->answer) {
		write_answer(in, c, id);
		return;
	}
	if (c->role == ROLE_NONE) {
		r.type = RECORD_REMOVE_SHARING;
		r.as.remove_sharing =
			(struct remove_sharing){ command_of(c, id), &subject, 1, REASON_COMMAND };
	} else {
		r.as.share_workspace =
			(struct share_workspace){ command_of(c, id), &grant, 1, message_of(c),
						  c->is_offer ? &offer : NULL };
	}
	write_record(in, &r);
}

static void write_fact(struct input *in, const struct model_workspace *fact, const struct uuid *id)
{
	struct record r = { .type = RECORD_WORKSPACE_CHANGED };

	r.as.workspace_changed = (struct workspace_changed){
		.workspace_id = *id,
		.organization_id = model_organization(),
		.owner_id = model_user(fact->owner),
		.name = bytes_of(fact->name),
		.status = fact->dormant ? WORKSPACE_DORMANT : WORKSPACE_ACTIVE,
		.changed_at = 1,
	};
	write_record(in, &r);
}

static void write_deletion(struct input *in, const struct uuid *id)
{
	struct record r = { .type = RECORD_WORKSPACE_DELETED };

	r.as.workspace_deleted = (struct workspace_deleted){ *id, 1 };
	write_record(in, &r);
}

/* ---- drawing them ---- */

static enum role draw_role(void)
{
	static const enum role roles[] = { ROLE_USE, ROLE_USE, ROLE_ADMIN, ROLE_NONE };

	return roles[draw(4)];
}

static int64_t draw_expiry(enum role role)
{
	int64_t at = model_time() + 1 + draw(chance(500) ? SOON_MS : LATE_MS);

	if (role == ROLE_NONE || !chance(EXPIRES_CHANCE))
		return ABSENT;
	if (at > model.last_expiry)
		model.last_expiry = at;
	return at;
}

/* Most ids are made just before they are sent; some come late, or from a clock that is ahead. */
static int64_t draw_made(void)
{
	int64_t now = model_time();

	if (chance(700))
		return now - draw(50);
	if (chance(500))
		return now - draw(900 * 1000);
	return chance(700) ? now + draw(HOUR_MS + 1) : now + HOUR_MS + 1 + draw(HOUR_MS);
}

/* The commands of a partition so far: some are sent again. */
static struct history {
	struct wish wishes[BUSY_COMMANDS];
	int workspaces[BUSY_COMMANDS];
	size_t count;
} histories[PARTITIONS];

/* Makes an offer of the share, or an answer, mostly of somebody who may take the step. */
static void draw_handoff(struct wish *c, const struct model_handoff *open)
{
	bool anybody = open->to == USERS && open->accepter == NO_ONE;

	c->answer = open->state && chance(700) ? (enum answer)(1 + draw(ANSWER_WITHDRAW)) : 0;
	if (c->answer) {
		c->role = ROLE_USE;
		if (chance(700))
			c->actor = anybody ? 1 + (int)draw(2) : model_holder(open);
		if (c->answer == ANSWER_DECLINE && chance(500))
			c->answer = open->state == HANDOFF_OFFERED ? ANSWER_ACCEPT : ANSWER_RETURN;
		return;
	}
	c->role = chance(700) ? ROLE_USE : ROLE_ADMIN;
	c->is_offer = true;
	c->offer_until = draw_expiry(c->role);
}

static void add_wish(struct input *in, struct model_workspace *all, int partition,
		     struct history *h)
{
	bool again = h->count && chance(200);
	size_t i = again ? draw((unsigned)h->count) : h->count++;
	struct uuid id;

	if (!again) {
		int number = partition * BUSY_COMMANDS + (int)i + 1;
		int64_t made = draw_made();

		h->wishes[i] = (struct wish){ .actor = (int)draw(USERS),
					      .subject = (int)draw(SUBJECTS),
					      .role = draw_role(),
					      .command_id = command_id(made, number),
					      .made = made,
					      .offer_until = ABSENT };
		h->wishes[i].expires_at = draw_expiry(h->wishes[i].role);
		h->wishes[i].is_long = h->wishes[i].role != ROLE_NONE && chance(LONG_CHANCE);
		h->workspaces[i] = model.busy ? 0 : (int)draw(WORKSPACES);
		if (chance(600) || model.busy)
			h->wishes[i].actor = all[h->workspaces[i]].owner;
		if (!h->wishes[i].is_long && chance(HANDOFF_CHANCE))
			draw_handoff(&h->wishes[i], &all[h->workspaces[i]].handoff);
	}
	id = workspace_ids[partition][h->workspaces[i]];
	in->key = id_text(&id);
	write_wish(in, &h->wishes[i], &id);
	apply_wish(in, &all[h->workspaces[i]], &h->wishes[i]);
}

/* There are few names, so that workspaces of one owner often have the same. */
static void add_fact(struct input *in, struct model_workspace *w, int partition, int workspace)
{
	struct uuid id = workspace_ids[partition][workspace];
	struct model_workspace fact = { .owner = (int)draw(2), .dormant = chance(200) };

	(void)snprintf(fact.name, sizeof(fact.name), "w%d%s", partition, chance(300) ? "x" : "");
	in->key = id_text(&id);
	write_fact(in, &fact, &id);
	apply_fact(in, w, &fact);
}

static void add_deletion(struct input *in, struct model_workspace *w, int partition, int workspace)
{
	struct uuid id = workspace_ids[partition][workspace];

	in->key = id_text(&id);
	write_deletion(in, &id);
	apply_deletion(in, w);
}

static void add_garbage(struct input *in)
{
	in->key = world_copy(bytes_of("somebody"));
	in->value = world_copy(bytes_of("garbage"));
	if (chance(LARGE_CHANCE)) {
		size_t len = LARGE_MIN + draw(LARGE_MAX - LARGE_MIN);

		in->value = (struct bytes){ world_alloc(len), len };
	}
	in->event = EXPECT_DEAD_LETTER;
}

/* The next record of the log, and a copy of the workspaces before it, for it to change. */
static struct input *begin_input(int partition, struct model_workspace **all)
{
	size_t offset = model.count[partition];
	struct input *in = &model.inputs[partition][offset];
	char id[32];

	if (offset == INPUTS_MAX)
		broken_promise("removals without end");
	*all = model.after[partition][offset + 1];
	memcpy(*all, model.after[partition][offset], sizeof(model.after[partition][offset]));
	(void)snprintf(id, sizeof(id), "c-%d-%zu", partition, offset);
	*in = (struct input){ .ce_id = world_copy(bytes_of(id)), .time = model_time() };
	return in;
}

/* A batch that cannot be unpacked: one dead letter stands for all its offsets. */
static void add_hole(int partition)
{
	int64_t begin = (int64_t)model.count[partition];
	int64_t count = 1 + draw(HOLE_MAX);

	for (int64_t i = 0; i < count; i++) {
		struct model_workspace *all;
		struct input *in = begin_input(partition, &all);

		in->hole = count;
		in->hole_begin = begin;
		in->event = i ? EXPECT_NOTHING : EXPECT_DEAD_LETTER;
		model.count[partition]++;
	}
}

static void end_transaction(int partition)
{
	struct model_workspace *all;

	if (!model.marked)
		return;
	begin_input(partition, &all)->marker = true;
	model.count[partition]++;
}

void model_send(int partition)
{
	unsigned kind = draw(100);
	int workspace = (int)draw(WORKSPACES);
	struct model_workspace *all;
	struct input *in;

	if (!model.left[partition])
		return;
	model.left[partition]--;
	if (model.sent[partition] >= WORKSPACES && !model.replaced[partition] &&
	    chance(HOLE_CHANCE)) {
		model.sent[partition]++;
		add_hole(partition);
		end_transaction(partition);
		return;
	}
	if (model.busy) {
		kind = kind < 18 ? 0 : kind;
		workspace = 1;
		schedule.now_ms += draw(BUSY_PAUSE_MS);
	}
	in = begin_input(partition, &all);
	if (model.sent[partition] < WORKSPACES) {
		kind = 0;
		workspace = (int)model.sent[partition];
	}
	model.sent[partition]++;
	model.replaced[partition] = false;
	if (kind < 10)
		add_fact(in, &all[workspace], partition, workspace);
	else if (kind < 14)
		add_deletion(in, &all[workspace], partition, workspace);
	else if (kind < 18)
		add_garbage(in);
	else
		add_wish(in, all, partition, &histories[partition]);
	model.count[partition]++;
	end_transaction(partition);
}

/* The last record that could be read, by which the consumer knows the log; -1: none. */
static int64_t tip_of_log(int partition)
{
	const struct input *in = model.inputs[partition];
	int64_t tip = model_end(partition) - 1;

	while (tip >= 0 && (in[tip].hole || in[tip].marker))
		tip--;
	return tip;
}

/* How much of the log comes back: less than its tip, and only whole batches. */
static size_t draw_kept(int partition)
{
	const struct input *in = model.inputs[partition];
	size_t kept = draw((unsigned)(tip_of_log(partition) + 1));

	return in[kept].hole ? (size_t)in[kept].hole_begin : kept;
}

/* The time of the tip: the consumer goes on after it in another log. */
static int64_t tip_time(int partition)
{
	int64_t tip = tip_of_log(partition);

	return tip < 0 ? -1 : model.inputs[partition][tip].time;
}

/*
 * What was decided in the log before is not told again; but a hole after the last
 * record that could be read is met again, for nothing remembers it.
 */
static void forget_kept(int partition, size_t kept)
{
	int64_t after = tip_time(partition);

	for (size_t i = 0; i < kept; i++) {
		struct input *in = &model.inputs[partition][i];

		if (!in->hole || in->time <= after)
			in->event = EXPECT_NOTHING;
		in->told = 0;
		in->told_of_step = 0;
		in->handoff = 0;
	}
}

void model_replace_log(int partition)
{
	size_t count = model.count[partition];
	size_t kept = draw_kept(partition);

	model.log[partition]++;
	model.former_count[partition] = count;
	memcpy(model.former[partition], model.after[partition], sizeof(model.after[partition]));
	memcpy(model.after[partition][kept], model.former[partition][count],
	       sizeof(model.after[partition][kept]));
	forget_kept(partition, kept);
	model.count[partition] = kept;
	model.replaced[partition] = true;
	/* At least one: until a record of it is applied, nothing tells this log from others. */
	model.left[partition] = 1 + draw(DRAWN_LEAST * 2);
	for (unsigned i = draw((unsigned)model.left[partition] + 1); i > 0; i--)
		model_send(partition);
}

const struct model_workspace *model_after(int partition, int64_t log, int64_t applied)
{
	bool former = log < model.log[partition];
	size_t count = former ? model.former_count[partition] : model.count[partition];

	if (applied < 0 || applied > (int64_t)count || log > model.log[partition])
		return NULL;
	return former ? model.former[partition][applied] : model.after[partition][applied];
}

int64_t model_end(int partition)
{
	size_t end = model.count[partition];

	while (end && model.inputs[partition][end - 1].marker)
		end--;
	return (int64_t)end;
}

static int workspace_of(int partition, const struct uuid *id)
{
	int workspace = 0;

	while (workspace < WORKSPACES && !uuid_equal(&workspace_ids[partition][workspace], id))
		workspace++;
	if (workspace == WORKSPACES)
		broken_promise("a removal of no workspace of partition %d", partition);
	return workspace;
}

size_t model_take(int partition, struct bytes value)
{
	struct model_workspace *all;
	struct input *in = begin_input(partition, &all);
	const struct command *c;
	struct model_workspace *w;
	struct record r;

	if (!model_decode(value, &r) ||
	    (r.type != RECORD_REMOVE_SHARING &&
	     (r.type != RECORD_ANSWER_HANDOFF || r.as.answer_handoff.answer != ANSWER_EXPIRE)))
		broken_promise("a consumer has sent a command that is not a removal");
	c = record_command(&r);
	w = &all[workspace_of(partition, &c->workspace_id)];
	in->key = id_text(&c->workspace_id);
	in->value = world_copy(value);
	in->removal_id = c->command_id;
	if (r.type == RECORD_REMOVE_SHARING)
		apply_removal(in, w, &r.as.remove_sharing);
	else
		apply_end(in, w);
	return model.count[partition]++;
}

void model_fill_directory(int64_t position)
{
	model.directory = position;
}

void model_delete(int subject)
{
	model.gone = subject;
}

/* Has the workspace grants that the system will remove? */
static bool has_stale(const struct model_workspace *w)
{
	for (int s = 0; s < SUBJECTS; s++)
		if (w->grants[s].role != ROLE_NONE &&
		    (w->grants[s].expires_at != ABSENT || s == model.gone))
			return true;
	return is_waiting(&w->handoff) && w->handoff.expires_at != ABSENT;
}

bool model_is_quiet(void)
{
	for (int p = 0; p < PARTITIONS; p++) {
		if (model.left[p])
			return false;
		for (int i = 0; i < WORKSPACES; i++)
			if (has_stale(&model.after[p][model.count[p]][i]))
				return false;
	}
	return true;
}

/* One that came too early, by the brokers' clock, is sent again under its id. */
static void check_removal(int partition, size_t offset)
{
	const struct input *in = &model.inputs[partition][offset];

	for (size_t i = 0; i < offset; i++)
		if (model.inputs[partition][i].event == EXPECT_CHANGED &&
		    uuid_equal(&model.inputs[partition][i].removal_id, &in->removal_id))
			broken_promise("the removal %d-%zu was there before, as %d-%zu", partition,
				       offset, partition, i);
}

void model_check_once(void)
{
	for (int p = 0; schedule.calm && p < PARTITIONS; p++)
		for (size_t i = 0; i < model.count[p]; i++)
			if (!uuid_is_nil(&model.inputs[p][i].removal_id))
				check_removal(p, i);
}

void model_begin(void)
{
	model.gone = NO_ONE;
	model.directory = DIRECTORY_WHOLE;
	model.last_expiry = 0;
	model.marked = chance(300);
	model.busy = chance(BUSY_CHANCE);
	for (int p = 0; p < PARTITIONS; p++) {
		histories[p].count = 0;
		model.log[p] = 0;
		model.count[p] = 0;
		model.sent[p] = 0;
		model.left[p] = model.busy ? BUSY_COMMANDS
					   : DRAWN_LEAST + draw(DRAWN_MAX - DRAWN_LEAST + 1);
		for (int i = 0; i < WORKSPACES; i++)
			clear_workspace(&model.after[p][0][i]);
	}
}

bool model_decode(struct bytes value, struct record *out)
{
	struct error err = { 0 };

	arena_reset(&arena);
	return !codec_decode(codec, value, &arena, out, &err);
}

/* ---- lifecycle ---- */

static void put_fact(struct directory *d, const struct record *fact)
{
	bool taken = directory_put(d, fact, NULL);

	assert(taken);
}

static void put_organization(struct directory *d)
{
	struct record r = { .type = RECORD_ORGANIZATION_CHANGED };

	r.as.organization_changed =
		(struct organization_changed){ model_organization(), bytes_of("acme"),
					       SHARING_EVERYONE, ABSENT };
	put_fact(d, &r);
}

static void put_user(struct directory *d, int user, enum user_status status)
{
	struct membership home = { model_organization(), ORGANIZATION_MEMBER };
	struct record r = { .type = RECORD_USER_CHANGED };

	r.as.user_changed = (struct user_changed){
		.id = model_user(user),
		.username = bytes_of(usernames[user]),
		.name = bytes_of(""),
		.email = bytes_of("somebody@example.com"),
		.status = status,
		.kind = USER_PERSON,
		.site_role = SITE_MEMBER,
		.organizations = &home,
		.organization_count = 1,
	};
	put_fact(d, &r);
}

/* A deleted user has that status; a deleted group has a tombstone. */
static struct directory *make_directory(int gone)
{
	struct directory *d = directory_new();
	struct uuid group[] = { model_user(members[0]), model_user(members[1]) };
	struct record r = { .type = RECORD_GROUP_CHANGED };

	put_organization(d);
	for (int i = 0; i < USERS; i++)
		put_user(d, i, i == gone ? USER_DELETED : USER_ACTIVE);
	r.as.group_changed = (struct group_changed){ id_of(1, GROUP), bytes_of("team"),
						     model_organization(), group, 2 };
	put_fact(d, &r);
	if (gone == USERS)
		directory_forget(d, &r.as.group_changed.id, NULL);
	return d;
}

/* Finds ids that the partitioner sends to each partition. */
static void find_workspaces(void)
{
	int found[PARTITIONS] = { 0 };

	for (int i = 0; i < 1000; i++) {
		struct uuid id = id_of(2, i);
		char text[UUID_TEXT_SIZE];
		int p;

		uuid_format(text, &id);
		p = partition_of(bytes_of(text), PARTITIONS);
		if (found[p] < WORKSPACES)
			workspace_ids[p][found[p]++] = id;
	}
}

void model_open(void)
{
	struct error err = { 0 };
	int rc = __real_codec_new(&codec, &err);

	assert(!rc);
	arena_init(&arena);
	buffer_init(&scratch);
	for (int gone = NO_ONE; gone < SUBJECTS; gone++)
		directories[1 + gone] = make_directory(gone);
	partial[DIRECTORY_EMPTY] = directory_new();
	partial[DIRECTORY_HALF] = directory_new();
	put_organization(partial[DIRECTORY_HALF]);
	put_user(partial[DIRECTORY_HALF], 0, USER_ACTIVE);
	put_user(partial[DIRECTORY_HALF], 1, USER_ACTIVE);
	find_workspaces();
}

void model_close(void)
{
	for (int i = 0; i <= SUBJECTS; i++)
		directory_free(&directories[i]);
	for (int i = 0; i < DIRECTORY_WHOLE; i++)
		directory_free(&partial[i]);
	arena_done(&arena);
	buffer_done(&scratch);
	__real_codec_free(&codec);
}
