/* Checks what a read_committed reader finds on the bus against the model. */

#include "tests/unit/simulation/check.h"

#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/schedule.h"

enum { OUTPUTS_MAX = 16 };

/* ---- the outputs ---- */

/* What has been seen of the outputs of one command. */
struct seen {
	bool n[OUTPUTS_MAX];
	bool event;
	bool handoff;
	unsigned told;
	unsigned told_of_step;
};

/* By offset; the first is that before the log, where a new log is begun at 0. */
static struct seen seen[PARTITIONS][1 + INPUTS_MAX];

static void check_changes(const struct logged *r, const struct input *in,
			  const struct sharing_changed *event)
{
	enum role after[SUBJECTS] = { ROLE_NONE };
	enum role before[SUBJECTS] = { ROLE_NONE };

	for (size_t i = 0; i < event->change_count; i++) {
		int subject = model_subject_of(&event->changes[i].subject);

		if (subject < 0)
			broken_promise("an event names an unknown subject");
		before[subject] = event->changes[i].before;
		after[subject] = event->changes[i].after;
	}
	if (event->reason != in->reason)
		broken_promise("the event of %d-%lld gives another reason", r->source_partition,
			       (long long)r->source_offset);
	if (event->version != in->version || memcmp(after, in->after, sizeof(after)) != 0 ||
	    memcmp(before, in->before, sizeof(before)) != 0)
		broken_promise("the event of %d-%lld says version %lld, not %lld, or other changes",
			       r->source_partition, (long long)r->source_offset,
			       (long long)event->version, (long long)in->version);
}

static void check_event(const struct logged *r, const struct input *in, struct seen *s)
{
	enum expected_event event =
		r->type == RECORD_SHARING_CHANGED ? EXPECT_CHANGED : EXPECT_REJECTED;
	struct record decoded;

	if (in->event != event || s->event)
		broken_promise("command %d-%lld has an event that it should not have",
			       r->source_partition, (long long)r->source_offset);
	s->event = true;
	if (!model_decode(r->value, &decoded) || decoded.type != r->type)
		broken_promise("an event cannot be read");
	if (in->too_large && !bytes_equal_text(decoded.as.command_rejected.code, "too_large"))
		broken_promise("command %d-%lld is rejected, but not because of its size",
			       r->source_partition, (long long)r->source_offset);
	if (event == EXPECT_CHANGED)
		check_changes(r, in, &decoded.as.sharing_changed);
}

static void check_notification(const struct logged *r, const struct input *in, struct seen *s)
{
	struct uuid id;
	int user = uuid_parse(&id, r->key) ? -1 : model_user_of(&id);
	struct record decoded;
	unsigned expected;
	unsigned *told;

	if (!model_decode(r->value, &decoded) || decoded.type != RECORD_NOTIFICATION)
		broken_promise("a notification cannot be read");
	told = decoded.as.notification.handoff_step == ABSENT ? &s->told : &s->told_of_step;
	expected = told == &s->told ? in->told : in->told_of_step;
	if (user < 0 || !(expected & 1U << user) || *told & 1U << user)
		broken_promise("command %d-%lld tells user %d, who should not be told, or twice",
			       r->source_partition, (long long)r->source_offset, user);
	*told |= 1U << user;
}

static void check_handoff(const struct logged *r, const struct input *in, struct seen *s)
{
	const struct handoff_changed *h;
	struct record decoded;

	if (!model_decode(r->value, &decoded) || decoded.type != RECORD_HANDOFF_CHANGED)
		broken_promise("a step of a handoff cannot be read");
	h = &decoded.as.handoff_changed;
	if (s->handoff || h->state != in->handoff || h->step != in->step)
		broken_promise("command %d-%lld makes a handoff %d by step %lld, not %d by %lld, "
			       "or twice",
			       r->source_partition, (long long)r->source_offset, (int)h->state,
			       (long long)h->step, (int)in->handoff, (long long)in->step);
	if (!model_is_note(h->note, &in->note))
		broken_promise("command %d-%lld makes a handoff with another note",
			       r->source_partition, (long long)r->source_offset);
	s->handoff = true;
}

static void check_dead_letter(const struct logged *r, const struct input *in, struct seen *s)
{
	if (in->event != EXPECT_DEAD_LETTER || s->event)
		broken_promise("command %d-%lld has a dead letter that it should not have",
			       r->source_partition, (long long)r->source_offset);
	s->event = true;
}

static void check_output(enum topic topic, const struct logged *r)
{
	const struct input *in;
	struct seen *s = &seen[r->source_partition][1 + r->source_offset];

	if (r->n >= OUTPUTS_MAX || s->n[r->n])
		broken_promise("%s has %d-%lld-%u twice", topic_name(topic), r->source_partition,
			       (long long)r->source_offset, r->n);
	s->n[r->n] = true;
	if (r->source_offset < 0 && r->type != RECORD_PROGRESS)
		broken_promise("%s has an output of no record", topic_name(topic));
	in = &model.inputs[r->source_partition][r->source_offset < 0 ? 0 : r->source_offset];
	if (topic == TOPIC_EVENTS)
		check_event(r, in, s);
	else if (topic == TOPIC_NOTIFICATIONS)
		check_notification(r, in, s);
	else if (topic == TOPIC_HANDOFFS)
		check_handoff(r, in, s);
	else if (topic == TOPIC_DEADLETTER)
		check_dead_letter(r, in, s);
}

/* Checks that the log has each output once, and those of a source in its order. */
static void check_log(enum topic topic, int partition)
{
	const struct log *l = &broker.logs[topic][partition];
	int64_t last[PARTITIONS];

	for (int p = 0; p < PARTITIONS; p++)
		last[p] = -1;
	for (size_t i = 0; i < l->count; i++) {
		const struct logged *r = &l->list[i];

		if (!logged_is_visible(r) || r->former || r->empty)
			continue;
		check_output(topic, r);
		if (topic != TOPIC_GRANTS && r->source_offset < last[r->source_partition])
			broken_promise("%s partition %d: %d-%lld comes after %lld",
				       topic_name(topic), partition, r->source_partition,
				       (long long)r->source_offset,
				       (long long)last[r->source_partition]);
		last[r->source_partition] = r->source_offset;
	}
}

static void check_nothing_lost(void)
{
	for (int p = 0; p < PARTITIONS; p++)
		for (size_t i = 0; i < model.count[p]; i++) {
			const struct input *in = &model.inputs[p][i];
			const struct seen *s = &seen[p][1 + i];

			if (s->event != (in->event != EXPECT_NOTHING))
				broken_promise("command %d-%zu has no event", p, i);
			if (s->handoff != (in->handoff != 0))
				broken_promise("command %d-%zu has no step of a handoff", p, i);
			if (s->told != in->told || s->told_of_step != in->told_of_step)
				broken_promise(
					"command %d-%zu tells users %x and %x, not %x and %x", p, i,
					s->told, s->told_of_step, in->told, in->told_of_step);
		}
}

/* ---- the changelog ---- */

static const struct logged *last_of(int partition, struct bytes key)
{
	const struct log *l = &broker.logs[TOPIC_GRANTS][partition];

	for (size_t i = l->count; i > 0; i--)
		if (logged_is_visible(&l->list[i - 1]) && bytes_equal(l->list[i - 1].key, key))
			return &l->list[i - 1];
	return NULL;
}

static void compare_state(int partition, const struct workspace_grants *g,
			  const struct model_workspace *w)
{
	struct uuid owner = model_user(w->owner);
	size_t grants = 0;

	for (int s = 0; s < SUBJECTS; s++)
		grants += w->grants[s].role != ROLE_NONE;
	for (size_t i = 0; i < g->grant_count; i++) {
		int s = model_subject_of(&g->grants[i].subject);

		if (s < 0 || g->grants[i].role != w->grants[s].role ||
		    g->grants[i].expires_at != w->grants[s].expires_at)
			broken_promise("changelog %d: a grant is wrong", partition);
	}
	if (g->handoff_count != (w->handoff.state != 0) ||
	    (g->handoff_count &&
	     (g->handoffs[0].state != w->handoff.state || g->handoffs[0].step != w->handoff.step ||
	      g->handoffs[0].own_grant != w->handoff.own)))
		broken_promise("changelog %d: a handoff is wrong", partition);
	if (g->version != w->version || g->grant_count != grants ||
	    g->recent_command_count != (size_t)w->recent_count ||
	    g->forgotten_until != w->forgotten || !uuid_equal(&g->workspace.owner_id, &owner) ||
	    !bytes_equal_text(g->workspace.name, w->name))
		broken_promise("changelog %d: a workspace is not as it should be: version %lld, "
			       "not %lld",
			       partition, (long long)g->version, (long long)w->version);
}

static void check_state(int partition, int workspace)
{
	const struct model_workspace *w =
		&model.after[partition][model.count[partition]][workspace];
	struct uuid id = model_workspace_id(partition, workspace);
	char text[UUID_TEXT_SIZE];
	const struct logged *last;
	struct record r;

	uuid_format(text, &id);
	last = last_of(partition, bytes_of(text));
	if (!w->registered) {
		if (last && last->value.data)
			broken_promise("changelog %d: a deleted workspace is there", partition);
		return;
	}
	if (!last || !last->value.data || !model_decode(last->value, &r) ||
	    r.type != RECORD_WORKSPACE_GRANTS)
		broken_promise("changelog %d: a workspace is missing", partition);
	compare_state(partition, &r.as.workspace_grants, w);
}

/* The partition's last Progress in the changelog that is of its log; NO_OFFSET: there is none. */
static int64_t progress_of(int partition)
{
	const struct logged *last = last_of(partition, bytes_of(PROGRESS_KEY));
	struct record r;

	if (!last)
		return NO_OFFSET;
	if (!model_decode(last->value, &r) || r.type != RECORD_PROGRESS)
		broken_promise("changelog %d: its progress cannot be read", partition);
	return r.as.progress.log == model.log[partition] ? r.as.progress.applied : NO_OFFSET;
}

/* ---- the end ---- */

/* Offsets that were forgotten come back only with another transaction. */
bool is_partition_committed(int partition)
{
	int64_t end = model_end(partition);
	int64_t committed = broker.committed[partition];

	return (committed == end || committed == NO_OFFSET) && progress_of(partition) == end;
}

bool is_bus_settled(void)
{
	for (const struct transaction *t = broker.transactions; t; t = t->next)
		if (t->state != TRANSACTION_ENDED)
			return false;
	for (int p = 0; p < PARTITIONS; p++)
		if (!is_partition_committed(p))
			return false;
	return !broker.preparing;
}

void check_silence(int partition)
{
	for (int t = 0; t < TOPIC_COUNT; t++)
		for (int p = 0; p < PARTITIONS; p++)
			for (size_t i = 0; i < broker.logs[t][p].count; i++) {
				const struct logged *r = &broker.logs[t][p].list[i];

				if (logged_is_visible(r) && !r->former && !r->empty &&
				    r->source_partition == partition)
					broken_promise("%s has outputs of a log that nobody has "
						       "accepted",
						       topic_name((enum topic)t));
			}
}

void check_bus(void)
{
	memset(seen, 0, sizeof(seen));
	for (int t = 0; t < TOPIC_COUNT; t++)
		for (int p = 0; p < PARTITIONS; p++)
			check_log((enum topic)t, p);
	check_nothing_lost();
	for (int p = 0; p < PARTITIONS; p++)
		for (int i = 0; i < WORKSPACES; i++)
			check_state(p, i);
}
