/*
 * The records that decisions become: the packed outputs are taken apart, and
 * their values decoded.
 */

#include "consumer/emit.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

enum { OUTPUTS_MAX = 16, OFFSET = 17, PARTITION = 3, TIME_MS = 1234567 };

static struct scene s;
static struct codec *codec;
static struct emitter emitter;
static struct source source;
static struct buffer packed;
static struct output outputs[OUTPUTS_MAX];
static size_t count;

static int set_up(void **state)
{
	struct error err;

	(void)state;
	scene_open(&s);
	buffer_init(&packed);
	if (codec_new(&codec, &err))
		return -1;
	emitter = (struct emitter){ .codec = codec,
				    .outputs_max = SIZE_MAX,
				    .directory = s.directory,
				    .access_url = "https://x",
				    .partition = PARTITION,
				    .arena = &s.arena,
				    .packed = &packed };
	emitter_init(&emitter);
	source = (struct source){ .offset = OFFSET,
				  .time = TIME_MS,
				  .traceparent = bytes_of("trace") };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	emitter_done(&emitter);
	buffer_done(&packed);
	codec_free(&codec);
	scene_close(&s);
	return 0;
}

/* Emits the last decision. */
static void emit(int64_t version)
{
	struct consequence c = { workspace_ref(&s.workspace), version, { 0 } };
	struct error err = { 0 };

	audience_find(&s.world, &s.record, &s.decision, &c.audience);
	if (emit_decision(&emitter, &source, &s.decision, &c, &err))
		fail_msg("%s", err.text);
}

/* Takes the packed outputs apart, of which there must be so many. */
static void unpack(size_t wanted)
{
	struct bytes rest = buffer_bytes(&packed);

	for (count = 0; rest.len; count++) {
		assert_true(count < OUTPUTS_MAX);
		assert_true(output_take(&rest, &outputs[count]));
	}
	assert_int_equal(count, wanted);
}

/* Output i is the n-th of its command, on this topic, with the id of that name as key. */
static void assert_output(size_t i, enum topic topic, enum name key)
{
	const struct output *o = &outputs[i];
	struct uuid id = id_of(key);
	char text[UUID_TEXT_SIZE];

	uuid_format(text, &id);
	assert_int_equal(o->topic, topic);
	assert_int_equal(o->offset, OFFSET);
	assert_int_equal(o->n, i);
	assert_int_equal(o->time, TIME_MS);
	assert_true(bytes_equal_text(o->key, text));
	if (topic == TOPIC_GRANTS)
		assert_null(o->traceparent.data); /* it has no headers */
	else
		assert_true(bytes_equal_text(o->traceparent, "trace"));
	assert_null(o->headers.data);
}

/* Decodes output i, whose value must be a record of the type it names. */
static struct record decode(size_t i, enum record_type type)
{
	struct error err = { 0 };
	struct record r;

	assert_int_equal(outputs[i].type, type);
	if (codec_decode(codec, outputs[i].value, &s.arena, &r, &err))
		fail_msg("%s", err.text);
	assert_int_equal(r.type, type);
	return r;
}

static void change_is_an_event_and_its_notifications(void **state)
{
	struct record r;

	(void)state;
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	emit(2);
	unpack(3);
	assert_output(0, TOPIC_EVENTS, DEV);
	assert_output(1, TOPIC_NOTIFICATIONS, BOB);
	assert_output(2, TOPIC_NOTIFICATIONS, ALICE);
	assert_int_equal(source.n, 3);
	r = decode(1, RECORD_NOTIFICATION);
	assert_int_equal(r.as.notification.kind, NOTIFY_WORKSPACE_SHARED);
	assert_int_equal(r.as.notification.recipient_id.bytes[15], BOB);
	assert_true(bytes_equal_text(r.as.notification.event_id, "3-17-0"));
	assert_int_equal(r.as.notification.at, TIME_MS);
	assert_true(bytes_equal_text(r.as.notification.actions[0].url, "https://x/@alice/dev"));
	r = decode(2, RECORD_NOTIFICATION);
	assert_int_equal(r.as.notification.kind, NOTIFY_OWNER_NOTICE);
	assert_true(bytes_equal_text(r.as.notification.event_id, "3-17-0"));
}

/* The event is never left out, and nothing that takes access away is refused. */
static void notifications_end_at_their_bound(void **state)
{
	struct subject both[] = { user(BOB), user(CAROL) };

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	grant(&s, user(CAROL), ROLE_USE, ABSENT);
	(void)unshare(&s, actor(ALICE), REASON_COMMAND, both, 2);
	emitter.outputs_max = 1;
	emit(2);
	unpack(2);
	assert_output(0, TOPIC_EVENTS, DEV);
	assert_output(1, TOPIC_NOTIFICATIONS, BOB);
	assert_int_equal(emitter.untold, 1);
}

static void event_says_what_changed(void **state)
{
	struct grant_wish w = wish_until(user(BOB), ROLE_ADMIN, NOW_MS + 5);
	const struct sharing_changed *e;
	struct record r;

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share(&s, actor(ALICE), &w, 1);
	emit(8);
	unpack(2);
	r = decode(0, RECORD_SHARING_CHANGED);
	e = &r.as.sharing_changed;
	assert_int_equal(e->workspace.id.bytes[15], DEV);
	assert_int_equal(e->workspace.owner_id.bytes[15], ALICE);
	assert_int_equal(e->workspace.organization_id.bytes[15], ACME);
	assert_true(bytes_equal_text(e->workspace.name, "dev"));
	assert_int_equal(e->version, 8);
	assert_int_equal(e->actor.id.bytes[15], ALICE);
	assert_int_equal(e->command_id.bytes[15], COMMAND);
	assert_int_equal(e->reason, REASON_COMMAND);
	assert_int_equal(e->at, TIME_MS);
	assert_int_equal(e->change_count, 1);
	assert_int_equal(e->changes[0].subject.id.bytes[15], BOB);
	assert_int_equal(e->changes[0].before, ROLE_USE);
	assert_int_equal(e->changes[0].after, ROLE_ADMIN);
	assert_int_equal(e->changes[0].expires_at, NOW_MS + 5);
}

/* A command that has emitted something before has an event with a higher number. */
static void notifications_name_their_event(void **state)
{
	struct record r;

	(void)state;
	source.n = 4;
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	emit(2);
	unpack(2);
	assert_int_equal(outputs[0].n, 4);
	assert_int_equal(outputs[1].n, 5);
	r = decode(1, RECORD_NOTIFICATION);
	assert_true(bytes_equal_text(r.as.notification.event_id, "3-17-4"));
}

static void rejection_is_one_event(void **state)
{
	struct grant_wish wishes[] = { wish(user(NOBODY), ROLE_USE), wish(user(OLGA), ROLE_USE) };
	const struct command_rejected *e;
	struct record r;

	(void)state;
	(void)share(&s, actor(ALICE), wishes, 2);
	emit(1);
	unpack(1);
	assert_output(0, TOPIC_EVENTS, DEV);
	r = decode(0, RECORD_COMMAND_REJECTED);
	e = &r.as.command_rejected;
	assert_int_equal(e->command_id.bytes[15], COMMAND);
	assert_int_equal(e->actor.id.bytes[15], ALICE);
	assert_int_equal(e->workspace_id.bytes[15], DEV);
	assert_true(bytes_equal_text(e->code, "unknown_subject"));
	assert_true(bytes_equal(e->message, s.decision.rejection));
	assert_int_equal(e->detail_count, 2);
	assert_true(bytes_equal(e->details[1], s.decision.details[1]));
	assert_int_equal(e->at, TIME_MS);
}

static void events_name_the_key_that_signed(void **state)
{
	static const struct key key = { .id = "gateway" };
	struct record r;

	(void)state;
	(void)share_one(&s, actor(ALICE), user(NOBODY), ROLE_USE);
	emit(1);
	s.world.author.key = &key;
	(void)share_one(&s, actor(ALICE), user(NOBODY), ROLE_USE);
	emit(1);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
	emit(2);
	unpack(4);
	r = decode(0, RECORD_COMMAND_REJECTED);
	assert_null(r.as.command_rejected.signed_by.data);
	r = decode(1, RECORD_COMMAND_REJECTED);
	assert_true(bytes_equal_text(r.as.command_rejected.signed_by, "gateway"));
	r = decode(2, RECORD_SHARING_CHANGED);
	assert_true(bytes_equal_text(r.as.sharing_changed.signed_by, "gateway"));
}

static void unchanged_and_duplicate_emit_nothing(void **state)
{
	struct uuid command = id_of(COMMAND);

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ERIN), user(BOB), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_UNCHANGED);
	emit(1);
	recent_add(&s.workspace.recent, &command, NOW_MS);
	(void)share_one(&s, actor(ERIN), user(CAROL), ROLE_USE);
	assert_int_equal(s.decision.outcome, OUTCOME_DUPLICATE);
	emit(1);
	unpack(0);
	assert_int_equal(source.n, 0);
}

static void fact_without_a_change_of_access_emits_nothing(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	fact.name = bytes_of("prod");
	(void)workspace_fact(&s, &fact);
	assert_int_equal(s.decision.outcome, OUTCOME_APPLIED);
	emit(2);
	unpack(0);
}

static void deletion_is_an_event_of_the_system(void **state)
{
	struct uuid nil = id_of(NIL);
	struct record r;

	(void)state;
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)deletion(&s);
	emit(2);
	unpack(3);
	r = decode(0, RECORD_SHARING_CHANGED);
	assert_int_equal(r.as.sharing_changed.actor.kind, ACTOR_SYSTEM);
	assert_true(uuid_equal(&r.as.sharing_changed.actor.id, &nil));
	assert_true(uuid_is_nil(&r.as.sharing_changed.command_id));
	assert_int_equal(r.as.sharing_changed.reason, REASON_WORKSPACE_DELETED);
	assert_int_equal(r.as.sharing_changed.changes[0].after, ROLE_NONE);
	r = decode(1, RECORD_NOTIFICATION);
	assert_int_equal(r.as.notification.kind, NOTIFY_WORKSPACE_DELETED);
	assert_int_equal(r.as.notification.recipient_id.bytes[15], BOB);
	assert_int_equal(r.as.notification.role, ROLE_NONE);
	r = decode(2, RECORD_NOTIFICATION);
	assert_int_equal(r.as.notification.kind, NOTIFY_WORKSPACE_DELETED);
	assert_int_equal(r.as.notification.recipient_id.bytes[15], ALICE);
}

/* Whoever shared it with nobody loses it all the same. */
static void deletion_is_an_event_without_any_grant(void **state)
{
	struct record r;

	(void)state;
	(void)deletion(&s);
	emit(2);
	unpack(2);
	r = decode(0, RECORD_SHARING_CHANGED);
	assert_int_equal(r.as.sharing_changed.change_count, 0);
	r = decode(1, RECORD_NOTIFICATION);
	assert_int_equal(r.as.notification.recipient_id.bytes[15], ALICE);
}

static void first_fact_of_a_workspace_emits_nothing(void **state)
{
	struct workspace_changed fact = as_it_is();

	(void)state;
	workspace_clear(&s.workspace);
	(void)workspace_fact(&s, &fact);
	assert_int_equal(s.decision.outcome, OUTCOME_APPLIED);
	emit(1);
	unpack(0);
}

static void change_of_owner_is_an_event_without_any_grant(void **state)
{
	struct workspace_changed fact = as_it_is();
	struct record r;

	(void)state;
	fact.owner_id = id_of(BOB);
	(void)workspace_fact(&s, &fact);
	s.workspace.owner_id = id_of(BOB);
	emit(2);
	unpack(3);
	r = decode(0, RECORD_SHARING_CHANGED);
	assert_int_equal(r.as.sharing_changed.reason, REASON_OWNER_CHANGED);
	assert_int_equal(r.as.sharing_changed.change_count, 0);
	assert_int_equal(r.as.sharing_changed.workspace.owner_id.bytes[15], BOB);
	assert_int_equal(r.as.sharing_changed.previous_owner_id.bytes[15], ALICE);
	assert_output(1, TOPIC_NOTIFICATIONS, ALICE);
	assert_output(2, TOPIC_NOTIFICATIONS, BOB);
	for (size_t i = 1; i < 3; i++) {
		r = decode(i, RECORD_NOTIFICATION);
		assert_int_equal(r.as.notification.kind, NOTIFY_OWNERSHIP_CHANGED);
		assert_int_equal(r.as.notification.actor.kind, ACTOR_SYSTEM);
		assert_true(bytes_equal_text(r.as.notification.event_id, "3-17-0"));
	}
}

static void state_is_the_whole_workspace(void **state)
{
	const struct workspace_grants *g;
	struct error err;
	struct record r;

	(void)state;
	grant(&s, user(BOB), ROLE_USE, NOW_MS + 9);
	grant(&s, group(TEAM), ROLE_ADMIN, ABSENT);
	s.workspace.status = WORKSPACE_DORMANT;
	assert_int_equal(emit_state(&emitter, &source, &s.workspace, &err), 0);
	unpack(1);
	assert_output(0, TOPIC_GRANTS, DEV);
	r = decode(0, RECORD_WORKSPACE_GRANTS);
	g = &r.as.workspace_grants;
	assert_int_equal(g->workspace.owner_id.bytes[15], ALICE);
	assert_true(bytes_equal_text(g->workspace.name, "dev"));
	assert_int_equal(g->status, WORKSPACE_DORMANT);
	assert_int_equal(g->version, 1);
	assert_int_equal(g->source_offset, OFFSET);
	assert_int_equal(g->grant_count, 2);
	assert_int_equal(g->grants[0].subject.id.bytes[15], BOB);
	assert_int_equal(g->grants[0].granted_by.bytes[15], ALICE);
	assert_int_equal(g->grants[0].granted_at, 1);
	assert_int_equal(g->grants[0].expires_at, NOW_MS + 9);
	assert_int_equal(g->grants[1].subject.kind, SUBJECT_GROUP);
	assert_int_equal(g->grants[1].role, ROLE_ADMIN);
	assert_true(g->grants[1].expires_at == ABSENT);
	assert_int_equal(g->recent_command_count, 0);
}

static void state_has_the_memory_of_commands(void **state)
{
	const struct workspace_grants *g;
	struct error err;
	struct record r;

	(void)state;
	for (unsigned i = 1; i <= RECENT_MIN + 3; i++) {
		struct uuid id = made_at(i, i);

		recent_add(&s.workspace.recent, &id, 90000);
	}
	s.workspace.recent.forgotten = 7;
	assert_int_equal(emit_state(&emitter, &source, &s.workspace, &err), 0);
	unpack(1);
	r = decode(0, RECORD_WORKSPACE_GRANTS);
	g = &r.as.workspace_grants;
	assert_int_equal(g->forgotten_until, 7);
	assert_int_equal(g->recent_command_count, RECENT_MIN + 3);
	for (unsigned i = 0; i < g->recent_command_count; i++) {
		assert_int_equal(g->recent_commands[i].id.bytes[15], i + 1);
		assert_int_equal(g->recent_commands[i].late_minutes, 2);
	}
}

static void state_of_a_deleted_workspace_is_a_tombstone(void **state)
{
	struct error err;

	(void)state;
	workspace_clear(&s.workspace);
	assert_int_equal(emit_state(&emitter, &source, &s.workspace, &err), 0);
	unpack(1);
	assert_int_equal(outputs[0].topic, TOPIC_GRANTS);
	assert_int_equal(outputs[0].n, 0);
	assert_int_equal(outputs[0].key.len, UUID_TEXT_LEN);
	assert_null(outputs[0].value.data);
	assert_int_equal(source.n, 1);
}

static void progress_has_a_key_of_its_own(void **state)
{
	struct error err;
	struct record r;

	(void)state;
	assert_int_equal(emit_progress(&emitter, &source,
				       &(struct progress){ 18, 1, 17, 1795512600007, 42 }, &err),
			 0);
	unpack(1);
	assert_int_equal(outputs[0].topic, TOPIC_GRANTS);
	assert_true(bytes_equal_text(outputs[0].key, "progress"));
	assert_null(outputs[0].traceparent.data);
	r = decode(0, RECORD_PROGRESS);
	assert_int_equal(r.as.progress.applied, 18);
	assert_int_equal(r.as.progress.log, 1);
	assert_int_equal(r.as.progress.last_offset, 17);
	assert_true(r.as.progress.last_time == 1795512600007);
	assert_int_equal(r.as.progress.last_hash, 42);
}

static void dead_letter_is_the_record_with_headers_that_say_why(void **state)
{
	(void)state;
	emit_dead_letter(&emitter, &source,
			 &(struct dead_letter){ bytes_of("key"), bytes_of("nonsense"),
						bytes_of("headers") });
	emit_dead_letter(&emitter, &source,
			 &(struct dead_letter){ { 0 }, { 0 }, bytes_of("headers") });
	unpack(2);
	assert_int_equal(outputs[0].topic, TOPIC_DEADLETTER);
	assert_int_equal(outputs[0].offset, OFFSET);
	assert_true(bytes_equal_text(outputs[0].key, "key"));
	assert_true(bytes_equal_text(outputs[0].value, "nonsense"));
	assert_true(bytes_equal_text(outputs[0].headers, "headers"));
	assert_null(outputs[1].key.data);
	assert_null(outputs[1].value.data);
	assert_int_equal(outputs[1].n, 1);
}

/* So whoever sees an output twice can tell that it is the same one. */
static void same_input_gives_the_same_bytes(void **state)
{
	struct buffer first;
	struct source again = source;

	(void)state;
	(void)share_one(&s, actor(ERIN), group(CREW), ROLE_USE);
	emit(2);
	first = packed;
	buffer_init(&packed);
	source = again;
	emit(2);
	assert_true(bytes_equal(buffer_bytes(&first), buffer_bytes(&packed)));
	buffer_done(&first);
}

static void steps_come_before_the_change(void **state)
{
	struct record r;

	(void)state;
	(void)offer(&s, actor(ALICE), user(BOB), ROLE_USE);
	emit(2);
	unpack(3);
	assert_output(0, TOPIC_HANDOFFS, DEV);
	assert_output(1, TOPIC_EVENTS, DEV);
	assert_output(2, TOPIC_NOTIFICATIONS, BOB);
	r = decode(0, RECORD_HANDOFF_CHANGED);
	assert_int_equal(r.as.handoff_changed.at, TIME_MS);
	assert_int_equal(r.as.handoff_changed.workspace.id.bytes[15], DEV);
	assert_true(bytes_equal_text(r.as.handoff_changed.workspace.name, "dev"));
	assert_int_equal(r.as.handoff_changed.state, HANDOFF_OFFERED);
	assert_int_equal(r.as.handoff_changed.step, 1);
	assert_int_equal(r.as.handoff_changed.command_id.bytes[15], COMMAND);
	(void)decode(1, RECORD_SHARING_CHANGED);
}

static void state_has_the_open_handoffs(void **state)
{
	struct error err = { 0 };
	struct record r;

	(void)state;
	(void)offer(&s, actor(ALICE), user(BOB), ROLE_USE);
	carry_out(&s);
	assert_int_equal(emit_state(&emitter, &source, &s.workspace, &err), 0);
	unpack(1);
	r = decode(0, RECORD_WORKSPACE_GRANTS);
	assert_int_equal(r.as.workspace_grants.handoff_count, 1);
	assert_true(bytes_equal_text(r.as.workspace_grants.handoffs[0].summary,
				     "the migration is written"));
	assert_true(r.as.workspace_grants.handoffs[0].own_grant);
}

static void rejected_offer_is_no_step(void **state)
{
	(void)state;
	(void)offer(&s, actor(ALICE), user(OLGA), ROLE_USE);
	emit(1);
	unpack(1);
	assert_output(0, TOPIC_EVENTS, DEV);
	(void)decode(0, RECORD_COMMAND_REJECTED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(change_is_an_event_and_its_notifications),
		TEST(event_says_what_changed),
		TEST(notifications_end_at_their_bound),
		TEST(notifications_name_their_event),
		TEST(rejection_is_one_event),
		TEST(events_name_the_key_that_signed),
		TEST(unchanged_and_duplicate_emit_nothing),
		TEST(fact_without_a_change_of_access_emits_nothing),
		TEST(deletion_is_an_event_of_the_system),
		TEST(deletion_is_an_event_without_any_grant),
		TEST(first_fact_of_a_workspace_emits_nothing),
		TEST(change_of_owner_is_an_event_without_any_grant),
		TEST(state_is_the_whole_workspace),
		TEST(state_has_the_memory_of_commands),
		TEST(state_of_a_deleted_workspace_is_a_tombstone),
		TEST(progress_has_a_key_of_its_own),
		TEST(dead_letter_is_the_record_with_headers_that_say_why),
		TEST(same_input_gives_the_same_bytes),
		TEST(steps_come_before_the_change),
		TEST(state_has_the_open_handoffs),
		TEST(rejected_offer_is_no_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
