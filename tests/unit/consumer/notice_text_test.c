/*
 * What notifications say. All kinds of them stand in notices.txt, side by side, for
 * people to read; the test holds what is written against that file.
 */

#include "consumer/notice_text.h"

#include "ops/support/file.h"
#include "tests/unit/consumer/world.h"
#include "tests/unit/unit.h"

static struct scene s;
static struct prose title;
static struct prose body;
static struct notice *list;
static size_t count;
static struct notification written;

static int set_up(void **state)
{
	(void)state;
	scene_open(&s);
	prose_init(&title, true);
	prose_init(&body, false);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	prose_done(&title);
	prose_done(&body);
	scene_close(&s);
	return 0;
}

/* Lists who is notified of the last decision, after which that person owns the workspace. */
static void tell(enum name owner)
{
	struct uuid owner_id = id_of(owner);
	struct audience audience;

	audience_find(&s.world, &s.record, &s.decision, &audience);
	count = notice_list(&s.decision, &audience, &owner_id, s.directory, &s.arena, &list);
}

static void write_notice(size_t i, enum name owner)
{
	struct workspace_ref ref = workspace_ref(&s.workspace);

	assert_true(i < count);
	ref.owner_id = id_of(owner);
	notice_write(&list[i],
		     &(struct notice_scene){ &s.decision, ref, s.directory,
					     "https://coder.example.com", &s.arena, &title, &body },
		     &written);
}

/* ---- what happens ---- */

static const int64_t THEN = 1795512600007;  /* 24 November 2026 */
static const int64_t LATER = 1796320800000; /* 3 December 2026 */

static struct task task;
static struct artifact artifacts[2];
static struct handoff_changed step;
static struct change changes[7];

static void share_until(struct actor who, struct subject subject, enum role role, int64_t until)
{
	struct grant_wish w = wish_until(subject, role, until);

	(void)share(&s, who, &w, 1);
}

static void shared(void)
{
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
}

static void shared_by_another_with_a_group_until(void)
{
	share_until(actor(ERIN), group(TEAM), ROLE_ADMIN, LATER);
}

static void shared_with_everyone(void)
{
	s.message = (struct bytes){ 0 };
	(void)share_one(&s, actor(ALICE), group(ACME), ROLE_USE);
}

static void shared_with_lines(void)
{
	s.message =
		bytes_of("Please look at:\n- the tests\n- <script>alert(1)</script>\n\nThanks!");
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_USE);
}

static void role_raised(void)
{
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)share_one(&s, actor(ALICE), user(BOB), ROLE_ADMIN);
}

static void role_raised_for_a_time(void)
{
	s.message = (struct bytes){ 0 };
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	share_until(actor(ALICE), user(BOB), ROLE_ADMIN, LATER);
}

static void role_expired_but_another_stays(void)
{
	s.subject = user(BOB);
	grant(&s, s.subject, ROLE_ADMIN, NOW_MS);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	(void)unshare(&s, SYSTEM, REASON_EXPIRED, &s.subject, 1);
}

static void end_moved(void)
{
	grant(&s, user(BOB), ROLE_USE, THEN);
	share_until(actor(ERIN), user(BOB), ROLE_USE, LATER);
}

static void end_set(void)
{
	s.message = (struct bytes){ 0 };
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	share_until(actor(ALICE), user(BOB), ROLE_USE, LATER);
}

static void end_lifted(void)
{
	s.message = (struct bytes){ 0 };
	grant(&s, user(BOB), ROLE_USE, THEN);
	share_until(actor(ERIN), user(BOB), ROLE_USE, ABSENT);
}

static void removed(void)
{
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)unshare_one(&s, actor(ERIN), user(BOB));
}

static void removed_because_a_group_is_gone(void)
{
	s.subject = group(TEAM);
	grant(&s, s.subject, ROLE_ADMIN, ABSENT);
	(void)unshare(&s, SYSTEM, REASON_COMMAND, &s.subject, 1);
	s.decision.reason = REASON_GROUP_DELETED;
}

static void expired(void)
{
	s.subject = user(BOB);
	grant(&s, user(BOB), ROLE_USE, NOW_MS);
	(void)unshare(&s, SYSTEM, REASON_EXPIRED, &s.subject, 1);
}

static void left(void)
{
	grant(&s, user(BOB), ROLE_USE, ABSENT);
	(void)unshare_one(&s, actor(BOB), user(BOB));
}

static void changed_much(void)
{
	const struct {
		enum role before;
		enum role after;
		int64_t until;
	} each[7] = {
		{ 0, ROLE_USE, LATER },
		{ ROLE_USE, ROLE_ADMIN, ABSENT },
		{ ROLE_ADMIN, ROLE_USE, ABSENT },
		{ ROLE_USE, ROLE_USE, LATER },
		{ ROLE_ADMIN, ROLE_ADMIN, ABSENT },
		{ ROLE_USE, 0, ABSENT },
		{ 0, ROLE_ADMIN, ABSENT },
	};

	for (size_t i = 0; i < 7; i++)
		changes[i] = (struct change){ i % 2 ? group(i == 1 ? TEAM : ACME) : user(SAM),
					      each[i].before, each[i].after, each[i].until };
	s.decision = (struct decision){ .outcome = OUTCOME_APPLIED,
					.actor = actor(ERIN),
					.reason = REASON_COMMAND,
					.changes = changes,
					.change_count = 7 };
	put_user(&s, BOB, USER_SUSPENDED, USER_PERSON);
	put_user(&s, CAROL, USER_SUSPENDED, USER_PERSON);
	put_user(&s, DAVE, USER_SUSPENDED, USER_PERSON);
	put_user(&s, ROBOT, USER_SUSPENDED, USER_PERSON);
}

static void owned_by_another(void)
{
	struct workspace_changed fact = as_it_is();

	fact.owner_id = id_of(BOB);
	(void)workspace_fact(&s, &fact);
}

static void owned_by_another_and_shared(void)
{
	grant(&s, group(CREW), ROLE_USE, LATER);
	owned_by_another();
}

static void deleted(void)
{
	grant(&s, user(BOB), ROLE_ADMIN, ABSENT);
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	(void)deletion(&s);
}

/* ---- handoffs ---- */

static void take_step(struct actor who, enum handoff_state state, enum handoff_state previous)
{
	task = (struct task){ TASK_CODER, bytes_of("task-7"),
			      bytes_of("https://coder.example.com/tasks/7") };
	artifacts[0] = (struct artifact){ bytes_of("pull request"),
					  bytes_of("https://git.example.com/dev/pulls/12") };
	artifacts[1] = (struct artifact){ bytes_of("[log]"), bytes_of("javascript:alert(1)") };
	step = (struct handoff_changed){ .handoff_id = id_of(DEV),
					 .step = 2,
					 .state = state,
					 .previous = previous,
					 .kind = HANDOFF_REVIEW,
					 .offered_by = actor(ROBOT),
					 .to = user(BOB),
					 .actor = who,
					 .summary = bytes_of("The parser is rewritten.\n"
							     "All tests pass."),
					 .role = ROLE_USE,
					 .expires_at = ABSENT };
	if (state != HANDOFF_OFFERED && state != HANDOFF_DECLINED)
		step.accepted_by = id_of(BOB);
	s.decision.outcome = OUTCOME_APPLIED;
	s.decision.actor = who;
	s.decision.handoffs = &step;
	s.decision.handoff_count = 1;
}

static void offered(void)
{
	share_until(actor(ERIN), user(BOB), ROLE_USE, LATER);
	take_step(actor(ROBOT), HANDOFF_OFFERED, 0);
	step.question = bytes_of("May I merge it?");
	step.task = &task;
	step.artifacts = artifacts;
	step.artifact_count = 2;
	step.expires_at = THEN;
}

static void offered_to_a_group(void)
{
	s.decision = (struct decision){ 0 };
	take_step(actor(ROBOT), HANDOFF_OFFERED, 0);
	step.kind = HANDOFF_TAKEOVER;
	step.to = group(TEAM);
}

static void input_asked_for(void)
{
	s.decision = (struct decision){ 0 };
	take_step(actor(ROBOT), HANDOFF_OFFERED, HANDOFF_RETURNED);
	step.kind = HANDOFF_INPUT;
	step.question = bytes_of("Which database?");
}

static void answered(enum handoff_state state, const char *note)
{
	s.decision = (struct decision){ 0 };
	take_step(actor(BOB), state, HANDOFF_ACCEPTED);
	step.note = bytes_of(note);
}

static void passed_on(void)
{
	answered(HANDOFF_OFFERED, "Carol knows the parser.");
	step.to = user(CAROL);
}

static void accepted(void)
{
	answered(HANDOFF_ACCEPTED, NULL);
}

static void declined(void)
{
	answered(HANDOFF_DECLINED, "I am away.");
}

static void returned(void)
{
	answered(HANDOFF_RETURNED, "Two tests are missing.");
}

static void completed(void)
{
	answered(HANDOFF_COMPLETED, "Merged.");
	step.artifacts = artifacts;
	step.artifact_count = 1;
}

/* Somebody accepts what a group was offered by the owner: the others lose what it gave them. */
static void accepted_for_a_group(void)
{
	grant(&s, group(TEAM), ROLE_USE, ABSENT);
	changes[0] = (struct change){ group(TEAM), ROLE_USE, ROLE_NONE, ABSENT };
	changes[1] = (struct change){ user(BOB), ROLE_NONE, ROLE_USE, ABSENT };
	s.decision = (struct decision){ .reason = REASON_HANDOFF,
					.changes = changes,
					.change_count = 2 };
	take_step(actor(BOB), HANDOFF_ACCEPTED, HANDOFF_OFFERED);
	step.offered_by = actor(ALICE);
	step.to = group(TEAM);
}

static void ended(struct actor who, enum handoff_state state)
{
	s.subject = user(BOB);
	grant(&s, s.subject, ROLE_USE, ABSENT);
	(void)unshare(&s, SYSTEM, REASON_COMMAND, &s.subject, 1);
	take_step(who, state, HANDOFF_OFFERED);
	step.accepted_by = id_of(NIL);
}

static void withdrawn(void)
{
	ended(actor(ALICE), HANDOFF_WITHDRAWN);
}

static void withdrawn_by_the_system(void)
{
	ended(SYSTEM, HANDOFF_WITHDRAWN);
}

static void handoff_expired(void)
{
	ended(SYSTEM, HANDOFF_EXPIRED);
}

static void handoff_expired_later(void)
{
	s.decision = (struct decision){ 0 };
	take_step(SYSTEM, HANDOFF_EXPIRED, HANDOFF_ACCEPTED);
}

/* ---- all of it, to be read ---- */

static const struct {
	const char *what;
	void (*happens)(void);
	enum name owner; /* afterwards */
} cases[] = {
	{ "shared", shared, ALICE },
	{ "shared by another, with a group, for a time", shared_by_another_with_a_group_until,
	  ALICE },
	{ "shared with everyone, without a message", shared_with_everyone, ALICE },
	{ "shared with a message of several lines", shared_with_lines, ALICE },
	{ "role raised", role_raised, ALICE },
	{ "role raised for a time", role_raised_for_a_time, ALICE },
	{ "role expired, another stays", role_expired_but_another_stays, ALICE },
	{ "end moved by another", end_moved, ALICE },
	{ "end set", end_set, ALICE },
	{ "end lifted by another", end_lifted, ALICE },
	{ "access removed by another", removed, ALICE },
	{ "access removed because a group is gone", removed_because_a_group_is_gone, ALICE },
	{ "access expired", expired, ALICE },
	{ "somebody has left", left, ALICE },
	{ "much changed by another", changed_much, ALICE },
	{ "owned by another", owned_by_another, BOB },
	{ "owned by another, and shared with the former owner", owned_by_another_and_shared, BOB },
	{ "deleted", deleted, ALICE },
	{ "handoff offered, with a grant", offered, ALICE },
	{ "handoff offered to a group", offered_to_a_group, ALICE },
	{ "handoff offered again, for input", input_asked_for, ALICE },
	{ "handoff passed on", passed_on, ALICE },
	{ "handoff accepted", accepted, ALICE },
	{ "handoff accepted for a group, offered by the owner", accepted_for_a_group, ALICE },
	{ "handoff declined", declined, ALICE },
	{ "handoff returned", returned, ALICE },
	{ "handoff completed", completed, ALICE },
	{ "handoff withdrawn by the owner", withdrawn, ALICE },
	{ "handoff withdrawn by the system", withdrawn_by_the_system, ALICE },
	{ "handoff expired", handoff_expired, ALICE },
	{ "handoff expired after it was accepted", handoff_expired_later, ALICE },
};

static void print_bytes(struct buffer *out, const char *before, struct bytes b, const char *after)
{
	buffer_append_text(out, before);
	buffer_append(out, b.data, b.len);
	buffer_append_text(out, after);
}

/* The text, without whom it is for. */
static void print_text(struct buffer *out)
{
	print_bytes(out, "\n", written.title, "\n");
	print_bytes(out, "\n", written.body, "\n");
	print_bytes(out, "\n~~~ Markdown\n", written.body_markdown, "\n~~~\n");
	for (size_t i = 0; i < written.action_count; i++) {
		print_bytes(out, "[", written.actions[i].label, "] ");
		print_bytes(out, "", written.actions[i].url, "\n");
	}
	buffer_append_text(out, "\n");
}

/* `last` is the text before it, which is not repeated. */
static void print_written(struct buffer *out, struct buffer *last)
{
	const struct subject recipient = { SUBJECT_USER, written.recipient_id };
	struct buffer text;

	buffer_init(&text);
	print_text(&text);
	print_bytes(out, "To ", directory_subject_name(s.directory, &recipient, &s.arena), ": ");
	buffer_append_text(out, symbol_name(notification_kind_symbols, (int)written.kind));
	if (bytes_equal(buffer_bytes(&text), buffer_bytes(last)))
		buffer_append_text(out, ", the same\n\n");
	else
		print_bytes(out, "\n", buffer_bytes(&text), "");
	buffer_done(last);
	*last = text;
}

static void print_case(struct buffer *out, size_t i)
{
	struct buffer last;

	buffer_init(&last);
	print_bytes(out, "======== ", bytes_of(cases[i].what), "\n\n");
	for (size_t n = 0; n < count; n++) {
		write_notice(n, cases[i].owner);
		print_written(out, &last);
	}
	buffer_done(&last);
}

static void print_all(struct buffer *out)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		scene_reset(&s);
		cases[i].happens();
		tell(cases[i].owner);
		print_case(out, i);
	}
}

static void notices_read_as_the_file_says(void **state)
{
	struct file_content wanted = { 0 };
	struct error err = { 0 };
	struct buffer is;

	(void)state;
	buffer_init(&is);
	print_all(&is);
	if (file_read(&wanted, NOTICES_FILE, 1 << 20, &err))
		fail_msg("%s", err.text);
	if (!bytes_equal(buffer_bytes(&is), wanted.bytes)) {
		assert_int_equal(file_replace(NOTICES_NOW, buffer_bytes(&is), &err), 0);
		fail_msg("what is written is not what stands in %s; compare it with %s",
			 NOTICES_FILE, NOTICES_NOW);
	}
	file_content_done(&wanted);
	buffer_done(&is);
}

/* ---- the fields ---- */

static void sharing_fills_the_fields(void **state)
{
	(void)state;
	shared_by_another_with_a_group_until();
	tell(ALICE);
	write_notice(0, ALICE);
	assert_int_equal(written.recipient_id.bytes[15], BOB);
	assert_int_equal(written.kind, NOTIFY_WORKSPACE_SHARED);
	assert_int_equal(written.actor.id.bytes[15], ERIN);
	assert_int_equal(written.workspace.id.bytes[15], DEV);
	assert_int_equal(written.group_id.bytes[15], TEAM);
	assert_int_equal(written.role, ROLE_ADMIN);
	assert_true(bytes_equal_text(written.message, "have a look"));
	assert_true(written.expires_at == LATER);
	assert_true(uuid_is_nil(&written.handoff_id));
	assert_true(written.handoff_step == ABSENT);
}

static void loss_has_neither_role_nor_message_nor_link(void **state)
{
	(void)state;
	removed();
	tell(ALICE);
	write_notice(0, ALICE);
	assert_int_equal(written.role, ROLE_NONE);
	assert_null(written.message.data);
	assert_true(written.expires_at == ABSENT);
	assert_int_equal(written.action_count, 0);
}

static void handoff_fills_the_fields(void **state)
{
	(void)state;
	offered();
	tell(ALICE);
	write_notice(0, ALICE);
	assert_int_equal(written.kind, NOTIFY_HANDOFF_OFFERED);
	assert_int_equal(written.handoff_id.bytes[15], DEV);
	assert_int_equal(written.handoff_step, 2);
	assert_int_equal(written.role, ROLE_USE);
	assert_true(written.expires_at == THEN);
	assert_int_equal(written.action_count, 2);
}

/* ---- hostile names ---- */

#define MISLEADING "\342\200\256"
#define HOSTILE    "<b>[x](y)`z`**\033[31m" MISLEADING "\n# w"

static void put_hostile_names(void)
{
	struct membership home = { id_of(ACME), ORGANIZATION_MEMBER };
	struct uuid team[] = { id_of(BOB), id_of(CAROL) };
	struct record r = { .type = RECORD_GROUP_CHANGED };

	r.as.group_changed =
		(struct group_changed){ id_of(TEAM), bytes_of(HOSTILE), id_of(ACME), team, 2 };
	assert_true(directory_put(s.directory, &r, NULL));
	r.type = RECORD_ORGANIZATION_CHANGED;
	r.as.organization_changed = (struct organization_changed){ .id = id_of(ACME),
								   .name = bytes_of(HOSTILE),
								   .sharing = SHARING_EVERYONE };
	assert_true(directory_put(s.directory, &r, NULL));
	r.type = RECORD_USER_CHANGED;
	for (int who = ALICE; who <= ROBOT; who++) {
		r.as.user_changed = (struct user_changed){ .id = id_of((enum name)who),
							   .username = bytes_of(HOSTILE),
							   .name = bytes_of(HOSTILE),
							   .status = USER_ACTIVE,
							   .kind = USER_PERSON,
							   .site_role = SITE_MEMBER,
							   .organizations = &home,
							   .organization_count = 1 };
		assert_true(directory_put(s.directory, &r, NULL));
	}
	workspace_set_name(&s.workspace, bytes_of(HOSTILE));
	s.message = bytes_of(HOSTILE);
}

static bool has_text(struct bytes in, const char *part)
{
	size_t len = strlen(part);

	for (size_t i = 0; i + len <= in.len; i++)
		if (memcmp(in.data + i, part, len) == 0)
			return true;
	return false;
}

static void assert_harmless(const char *what)
{
	const struct bytes forms[] = { written.title, written.body, written.body_markdown };
	static const char *const markup[] = { "<b>", "[x]", "`z`", "z`**", "\n#", "> # w" };

	for (size_t i = 0; i < 3; i++)
		/* NOLINTNEXTLINE(misc-misleading-bidirectional): it is what misleads */
		if (has_text(forms[i], "\033") || has_text(forms[i], MISLEADING))
			fail_msg("%s: a terminal obeys it", what);
	for (size_t i = 0; i < sizeof(markup) / sizeof(*markup); i++)
		if (has_text(written.body_markdown, markup[i]))
			fail_msg("%s: \"%s\" is markup", what, markup[i]);
	assert_false(has_text(written.title, "\n"));
	for (size_t i = 0; i < written.action_count; i++)
		assert_false(has_text(written.actions[i].url, "<"));
}

static void hostile_names_and_messages_do_no_harm(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		scene_reset(&s);
		cases[i].happens();
		put_hostile_names();
		s.decision.message = bytes_of(HOSTILE);
		if (s.decision.handoff_count) {
			step.summary = bytes_of(HOSTILE);
			step.note = bytes_of(HOSTILE);
			step.question = bytes_of(HOSTILE);
			artifacts[0].name = bytes_of(HOSTILE);
			artifacts[0].url = bytes_of("https://" HOSTILE);
			task.id = bytes_of(HOSTILE);
		}
		tell(cases[i].owner);
		for (size_t n = 0; n < count; n++) {
			write_notice(n, cases[i].owner);
			assert_harmless(cases[i].what);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(notices_read_as_the_file_says),
		TEST(sharing_fills_the_fields),
		TEST(loss_has_neither_role_nor_message_nor_link),
		TEST(handoff_fills_the_fields),
		TEST(hostile_names_and_messages_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
