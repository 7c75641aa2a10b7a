/* What a run writes to Redis, command by command. */

#include "cache/apply.h"

#include "cache/outcomes.h"
#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#define DEV    "dev-------------"
#define BOB    "bob-------------"
#define CAROL  "carol-----------"
#define GROUP  "contractor------"
#define ALICE  "alice-----------"
#define ACME   "acme------------"
#define SINCE  "ABCDEF" /* 0x414243444546 */
#define EXPIRY "FEDCBA"

static const int64_t SINCE_MS = 0x414243444546;
static const int64_t EXPIRY_MS = 0x464544434241;

static struct apply apply;
static struct arena arena;
static struct workspace workspace;
static struct touched touched;
static struct commands commands;

static struct subject user(const char *id)
{
	return (struct subject){ SUBJECT_USER, letters(id) };
}

static struct subject group(const char *id)
{
	return (struct subject){ SUBJECT_GROUP, letters(id) };
}

static void grant(struct subject s, enum role role, int64_t expires_at)
{
	workspace_put_grant(&workspace,
			    &(struct grant){ s, role, letters(ALICE), SINCE_MS, expires_at });
}

static void touch(struct subject s)
{
	touched_subject(&touched, &s, &arena);
}

/* Its record was 0x4142 minutes late. */
static void remember(const char *command)
{
	recent_restore(&workspace.recent, &(struct recent_command){ letters(command), 0x4142 });
}

static const struct mark mark = { .state = MARK_READY, .directory = 7 };

/* A registered workspace of version 8 that is not touched yet, and a transaction that has begun. */
static int set_up(void **state)
{
	struct uuid dev = letters(DEV);
	struct keys keys;

	(void)state;
	arena_init(&arena);
	apply_init(&apply);
	keys_init(&keys, "sb", 3);
	apply_begin(&apply, &keys, &mark, 1);
	workspace_init(&workspace, &dev);
	workspace.registered = true;
	workspace.status = WORKSPACE_ACTIVE;
	workspace.organization_id = letters(ACME);
	workspace.owner_id = letters(ALICE);
	workspace.version = 8;
	workspace_set_name(&workspace, bytes_of("dev"));
	touched = (struct touched){ .workspace = &workspace };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	workspace_done(&workspace);
	apply_done(&apply);
	arena_done(&arena);
	return 0;
}

/* Parses what was written: MULTI, then so many commands. */
static void parse(size_t count)
{
	commands_parse(&commands, &apply.pipeline);
	assert_command(&commands, 0, "MULTI", NULL);
	assert_int_equal(commands.count, 1 + count);
}

/* The same for a workspace that is written in part: first, its key must be there. */
static void parse_guarded(size_t count)
{
	parse(1 + count);
	assert_int_equal(apply.guard_count, 1);
	assert_int_equal(apply.guards[0], 1);
	assert_command(&commands, 1, "HEXISTS", "sb:{3}:ws:" DEV, "h", NULL);
}

static void new_workspace_is_written_whole(void **state)
{
	(void)state;
	grant(user(BOB), ROLE_USE, ABSENT);
	grant(group(GROUP), ROLE_ADMIN, EXPIRY_MS);
	remember("command---------");
	touched.whole = true;
	apply_workspace(&apply, &touched);
	parse(1);
	assert_command(&commands, 1, "HSET", "sb:{3}:ws:" DEV, "h", ACME ALICE "a", "n", "dev", "v",
		       "8 2 0 1", "0", "command---------AB", "u" BOB, "1" SINCE, "g" GROUP,
		       "2" SINCE EXPIRY, NULL);
}

static void new_workspace_without_grants_is_its_header(void **state)
{
	(void)state;
	touched.whole = true;
	workspace.status = WORKSPACE_DORMANT;
	apply_workspace(&apply, &touched);
	parse(1);
	assert_command(&commands, 1, "HSET", "sb:{3}:ws:" DEV, "h", ACME ALICE "d", "n", "dev", "v",
		       "8 0 0 0", NULL);
}

static void changed_grant_is_written_alone(void **state)
{
	(void)state;
	grant(user(BOB), ROLE_ADMIN, ABSENT);
	grant(user(CAROL), ROLE_USE, ABSENT);
	touch(user(BOB));
	apply_workspace(&apply, &touched);
	parse_guarded(1);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "v", "8 2 0 0", "u" BOB, "2" SINCE,
		       NULL);
}

static void removed_grant_is_deleted(void **state)
{
	(void)state;
	grant(user(CAROL), ROLE_USE, ABSENT);
	touch(user(BOB));
	apply_workspace(&apply, &touched);
	parse_guarded(2);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "v", "8 1 0 0", NULL);
	assert_command(&commands, 3, "HDEL", "sb:{3}:ws:" DEV, "u" BOB, NULL);
}

/* One command of a run grants, the next removes, or the other way round: the last one counts. */
static void only_the_end_of_the_run_is_written(void **state)
{
	(void)state;
	grant(user(BOB), ROLE_USE, ABSENT);
	touch(user(BOB));
	touch(group(GROUP));
	touch(user(CAROL));
	touch(user(BOB));
	touch(group(GROUP));
	apply_workspace(&apply, &touched);
	parse_guarded(2);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "v", "8 1 0 0", "u" BOB, "1" SINCE,
		       "u" BOB, "1" SINCE, NULL);
	assert_command(&commands, 3, "HDEL", "sb:{3}:ws:" DEV, "g" GROUP, "u" CAROL, "g" GROUP,
		       NULL);
}

static void new_command_is_written_with_those_of_its_field_alone(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		remember("old-command-----");
	touched.commands_end = 10;
	remember("new-command-----");
	apply_workspace(&apply, &touched);
	parse_guarded(1);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "v", "8 0 0 11", "3",
		       "old-command-----AB"
		       "new-command-----AB",
		       NULL);
}

static void commands_of_one_field_are_written_together(void **state)
{
	(void)state;
	for (int i = 0; i < 13; i++)
		remember("old-command-----");
	touched.commands_end = 13;
	for (int i = 0; i < 3; i++)
		remember("new-command-----");
	apply_workspace(&apply, &touched);
	parse_guarded(1);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "v", "8 0 0 16", "4",
		       "old-command-----AB"
		       "new-command-----AB"
		       "new-command-----AB",
		       "5", "new-command-----AB", NULL);
}

/* Numbers 0 to 7 are forgotten: field 2, which has number 8, stays. */
static void fields_of_forgotten_commands_alone_are_removed(void **state)
{
	(void)state;
	workspace.recent.first = 8;
	workspace.recent.forgotten = 0x4142434445464748;
	for (int i = 0; i < 4; i++)
		remember("old-command-----");
	remember("new-command-----");
	touched.commands_first = 2;
	touched.commands_end = 12;
	apply_workspace(&apply, &touched);
	parse_guarded(2);
	assert_int_equal(commands.list[2].count, 8);
	assert_true(bytes_equal_text(commands.list[2].arguments[4], "4"));
	assert_true(bytes_equal_text(commands.list[2].arguments[5], "new-command-----AB"));
	assert_true(bytes_equal_text(commands.list[2].arguments[6], "f"));
	assert_true(bytes_equal(commands.list[2].arguments[7],
				(struct bytes){ (const uint8_t *)"\0\0\0\0\0\0\0\x08"
								 "ABCDEFGH",
						16 }));
	assert_command(&commands, 3, "HDEL", "sb:{3}:ws:" DEV, "0", "1", NULL);
}

/* A run with more commands of a workspace than it remembers. */
static void all_fields_that_the_index_had_may_go_at_once(void **state)
{
	(void)state;
	workspace.recent.first = 9;
	remember("new-command-----");
	touched.commands_first = 1;
	touched.commands_end = 5;
	apply_workspace(&apply, &touched);
	parse_guarded(2);
	assert_int_equal(commands.list[2].count, 8);
	assert_true(bytes_equal_text(commands.list[2].arguments[4], "3"));
	assert_command(&commands, 3, "HDEL", "sb:{3}:ws:" DEV, "0", "1", NULL);
}

static void workspace_written_whole_has_what_it_forgot(void **state)
{
	(void)state;
	workspace.recent.forgotten = 0x4142434445464748;
	remember("command---------");
	touched.whole = true;
	apply_workspace(&apply, &touched);
	parse(1);
	assert_int_equal(commands.list[1].count, 12);
	assert_true(bytes_equal_text(commands.list[1].arguments[10], "f"));
}

static void changed_header_is_written_without_the_grants(void **state)
{
	(void)state;
	grant(user(BOB), ROLE_ADMIN, ABSENT);
	touched.header = true;
	workspace_set_name(&workspace, bytes_of("prod"));
	apply_workspace(&apply, &touched);
	parse_guarded(1);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "h", ACME ALICE "a", "n", "prod",
		       "v", "8 1 0 0", NULL);
}

/* A value leaves its grantor out when that is the owner: so a new owner changes the values. */
static void all_grants_are_written_when_the_owner_changes(void **state)
{
	(void)state;
	grant(user(CAROL), ROLE_ADMIN, ABSENT);
	workspace_put_grant(&workspace, &(struct grant){ group(GROUP), ROLE_USE, letters(BOB),
							 SINCE_MS, EXPIRY_MS });
	workspace.owner_id = letters(BOB);
	touched.header = true;
	touched.grants = true;
	touch(user(BOB));
	touch(group(GROUP));
	apply_workspace(&apply, &touched);
	parse_guarded(2);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "h", ACME BOB "a", "n", "dev", "v",
		       "8 2 0 0", "u" CAROL, "2" SINCE ALICE, "g" GROUP, "1" SINCE EXPIRY, NULL);
	assert_command(&commands, 3, "HDEL", "sb:{3}:ws:" DEV, "u" BOB, NULL);
}

static void deleted_workspace_is_one_key_deleted(void **state)
{
	struct uuid dev = letters(DEV);

	(void)state;
	workspace_clear(&workspace);
	apply_delete(&apply, &dev);
	apply_workspace(&apply, &touched);
	parse(1);
	assert_command(&commands, 1, "DEL", "sb:{3}:ws:" DEV, NULL);
}

static void roles_go_to_the_index_of_the_subject(void **state)
{
	struct uuid dev = letters(DEV);
	struct subject bob = user(BOB);
	struct subject contractor = group(GROUP);

	(void)state;
	apply_role(&apply, &dev, &bob, ROLE_USE);
	apply_role(&apply, &dev, &contractor, ROLE_ADMIN);
	apply_role(&apply, &dev, &bob, ROLE_NONE);
	apply_role(&apply, &dev, &contractor, ROLE_NONE);
	parse(4);
	assert_command(&commands, 1, "HSET", "sb:{3}:u:" BOB, DEV, "1", NULL);
	assert_command(&commands, 2, "HSET", "sb:{3}:g:" GROUP, DEV, "2", NULL);
	assert_command(&commands, 3, "HDEL", "sb:{3}:u:" BOB, DEV, NULL);
	assert_command(&commands, 4, "HDEL", "sb:{3}:g:" GROUP, DEV, NULL);
}

static void grants_that_expire_are_scored_by_their_time(void **state)
{
	struct uuid dev = letters(DEV);
	struct subject bob = user(BOB);
	struct subject contractor = group(GROUP);

	(void)state;
	apply_expiry(&apply, &dev, &bob, ABSENT, 1700000000000);
	apply_expiry(&apply, &dev, &contractor, ABSENT, 1);
	apply_expiry(&apply, &dev, &bob, 1700000000000, 1800000000000);
	apply_expiry(&apply, &dev, &bob, 1800000000000, ABSENT);
	parse(4);
	assert_command(&commands, 1, "ZADD", "sb:{3}:due", "1700000000000", DEV "u" BOB, NULL);
	assert_command(&commands, 2, "ZADD", "sb:{3}:due", "1", DEV "g" GROUP, NULL);
	assert_command(&commands, 3, "ZADD", "sb:{3}:due", "1800000000000", DEV "u" BOB, NULL);
	assert_command(&commands, 4, "ZREM", "sb:{3}:due", DEV "u" BOB, NULL);
}

static void grants_that_never_expire_cost_nothing(void **state)
{
	struct uuid dev = letters(DEV);
	struct subject bob = user(BOB);

	(void)state;
	apply_expiry(&apply, &dev, &bob, ABSENT, ABSENT);
	apply_expiry(&apply, &dev, &bob, 7, 7);
	parse(0);
}

static void rename_moves_the_name_in_the_index_of_the_owner(void **state)
{
	(void)state;
	apply_not_owned(&apply, &workspace);
	workspace_set_name(&workspace, bytes_of("prod"));
	apply_owned(&apply, &workspace);
	parse(2);
	assert_command(&commands, 1, "ZREM", "sb:{3}:o:" ALICE, "3:dev" DEV, NULL);
	assert_command(&commands, 2, "ZADD", "sb:{3}:o:" ALICE, "0", "4:prod" DEV, NULL);
}

static void new_owner_gets_the_name_in_their_index(void **state)
{
	(void)state;
	apply_not_owned(&apply, &workspace);
	workspace.owner_id = letters(BOB);
	apply_owned(&apply, &workspace);
	parse(2);
	assert_command(&commands, 1, "ZREM", "sb:{3}:o:" ALICE, "3:dev" DEV, NULL);
	assert_command(&commands, 2, "ZADD", "sb:{3}:o:" BOB, "0", "3:dev" DEV, NULL);
}

static void outcomes_are_one_entry_of_a_capped_stream(void **state)
{
	(void)state;
	apply_outcomes(&apply, 0, bytes_of("first"));
	apply_outcomes(&apply, OUTCOMES_KEPT, bytes_of("kept"));
	apply_outcomes(&apply, 100000, bytes_of("later"));
	parse(3);
	assert_int_equal(OUTCOMES_KEPT, 16384);
	assert_command(&commands, 1, "XADD", "sb:{3}:outcomes", "MINID", "~", "0", "0-1", "o",
		       "first", NULL);
	assert_command(&commands, 2, "XADD", "sb:{3}:outcomes", "MINID", "~", "0", "16384-1", "o",
		       "kept", NULL);
	assert_command(&commands, 3, "XADD", "sb:{3}:outcomes", "MINID", "~", "83616", "100000-1",
		       "o", "later", NULL);
}

static void outputs_are_kept_until_they_are_sent(void **state)
{
	(void)state;
	apply_unsent(&apply, 41, bytes_of("seal+"), bytes_of("outputs"));
	apply_sent(&apply, 40);
	parse(2);
	assert_command(&commands, 1, "HSET", "sb:{3}:unsent", "41", "seal+outputs", NULL);
	assert_command(&commands, 2, "HDEL", "sb:{3}:unsent", "40", NULL);
}

static void beginning_again_drops_the_run_before(void **state)
{
	struct keys keys;

	(void)state;
	apply_sent(&apply, 40);
	keys_init(&keys, "sb", 4);
	apply_begin(&apply, &keys, &mark, 1);
	apply_sent(&apply, 41);
	parse(1);
	assert_command(&commands, 1, "HDEL", "sb:{4}:unsent", "41", NULL);
}

/* What a run adds and removes is counted from what the mark said. */
static void mark_counts_workspaces_and_grants(void **state)
{
	const struct mark before = { .state = MARK_READY, .workspaces = 4, .grants = 9 };
	struct workspace unknown = { .id = workspace.id };
	const struct keys keys = apply.keys;

	(void)state;
	apply_begin(&apply, &keys, &before, 1);
	grant(user(BOB), ROLE_USE, ABSENT);
	grant(user(CAROL), ROLE_USE, ABSENT);
	apply_count(&apply, &unknown, &workspace);
	assert_true(apply.workspaces == 5 && apply.grants == 11);
	apply_count(&apply, &workspace, &workspace);
	assert_true(apply.workspaces == 5 && apply.grants == 11);
	apply_count(&apply, &workspace, &unknown);
	assert_true(apply.workspaces == 4 && apply.grants == 9);
}

/* Even if no command of this run requires it, those applied before do. */
static void mark_requires_the_most_of_the_directory_that_any_author_has_seen(void **state)
{
	(void)state;
	assert_true(apply.directory == 7);
	apply_rests_on(&apply, 6);
	assert_true(apply.directory == 7);
	apply_rests_on(&apply, 8);
	assert_true(apply.directory == 8);
}

/* ---- handoffs ---- */

#define HANDOFF "handoff---------"
#define TEAM    "team------------"

static struct handoff handoff_of(enum handoff_state state, int64_t expires_at)
{
	return (struct handoff){ .id = letters(HANDOFF),
				 .kind = HANDOFF_REVIEW,
				 .state = state,
				 .step = 1,
				 .offered_by = { letters(ALICE), ACTOR_USER },
				 .to = group(TEAM),
				 .role = ROLE_USE,
				 .summary = bytes_of("done"),
				 .had_until = ABSENT,
				 .expires_at = expires_at };
}

static void new_handoff_is_found_by_its_id_its_holder_and_its_end(void **state)
{
	struct handoff h = handoff_of(HANDOFF_OFFERED, 70);

	(void)state;
	apply_handoff(&apply, &workspace.id, NULL, &h);
	parse(3);
	assert_command(&commands, 1, "HSET", "sb:{3}:handoff:" HANDOFF, DEV, "1", NULL);
	assert_command(&commands, 2, "HSET", "sb:{3}:hg:" TEAM, DEV HANDOFF, "1", NULL);
	assert_command(&commands, 3, "ZADD", "sb:{3}:due", "70", DEV "o" HANDOFF, NULL);
}

static void accepted_handoff_waits_for_who_accepted(void **state)
{
	struct handoff before = handoff_of(HANDOFF_OFFERED, 70);
	struct handoff after = handoff_of(HANDOFF_ACCEPTED, 70);

	(void)state;
	after.accepted_by = letters(BOB);
	apply_handoff(&apply, &workspace.id, &before, &after);
	parse(3);
	assert_command(&commands, 1, "HSET", "sb:{3}:handoff:" HANDOFF, DEV, "2", NULL);
	assert_command(&commands, 2, "HDEL", "sb:{3}:hg:" TEAM, DEV HANDOFF, NULL);
	assert_command(&commands, 3, "HSET", "sb:{3}:hu:" BOB, DEV HANDOFF, "2", NULL);
}

static void returned_handoff_is_not_due(void **state)
{
	struct handoff before = handoff_of(HANDOFF_ACCEPTED, 70);
	struct handoff after = handoff_of(HANDOFF_RETURNED, 70);

	(void)state;
	apply_handoff(&apply, &workspace.id, &before, &after);
	parse(3);
	assert_command(&commands, 2, "HSET", "sb:{3}:hg:" TEAM, DEV HANDOFF, "3", NULL);
	assert_command(&commands, 3, "ZREM", "sb:{3}:due", DEV "o" HANDOFF, NULL);
}

static void handoff_that_is_over_leaves_nothing(void **state)
{
	struct handoff before = handoff_of(HANDOFF_OFFERED, 70);

	(void)state;
	apply_handoff(&apply, &workspace.id, &before, NULL);
	parse(3);
	assert_command(&commands, 1, "HDEL", "sb:{3}:handoff:" HANDOFF, DEV, NULL);
	assert_command(&commands, 2, "HDEL", "sb:{3}:hg:" TEAM, DEV HANDOFF, NULL);
	assert_command(&commands, 3, "ZREM", "sb:{3}:due", DEV "o" HANDOFF, NULL);
}

static void changed_handoff_is_one_field_of_its_workspace(void **state)
{
	struct handoff h = handoff_of(HANDOFF_OFFERED, ABSENT);

	(void)state;
	handoffs_put(&workspace.handoffs, &h);
	touched_handoff(&touched, &h.id, &arena);
	apply_workspace(&apply, &touched);
	parse_guarded(1);
	assert_int_equal(commands.list[2].count, 6);
	assert_true(bytes_equal_text(commands.list[2].arguments[0], "HSET"));
	assert_true(bytes_equal_text(commands.list[2].arguments[4], "o" HANDOFF));
}

static void field_of_a_handoff_that_is_over_is_removed(void **state)
{
	struct uuid id = letters(HANDOFF);

	(void)state;
	touched_handoff(&touched, &id, &arena);
	apply_workspace(&apply, &touched);
	parse_guarded(2);
	assert_command(&commands, 2, "HSET", "sb:{3}:ws:" DEV, "v", "8 0 0 0", NULL);
	assert_command(&commands, 3, "HDEL", "sb:{3}:ws:" DEV, "o" HANDOFF, NULL);
}

static void workspace_written_whole_has_its_handoffs(void **state)
{
	struct handoff h = handoff_of(HANDOFF_OFFERED, ABSENT);

	(void)state;
	handoffs_put(&workspace.handoffs, &h);
	touched.whole = true;
	apply_workspace(&apply, &touched);
	parse(1);
	assert_true(bytes_equal_text(commands.list[1].arguments[8], "o" HANDOFF));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_workspace_is_written_whole),
		TEST(new_workspace_without_grants_is_its_header),
		TEST(changed_grant_is_written_alone),
		TEST(removed_grant_is_deleted),
		TEST(only_the_end_of_the_run_is_written),
		TEST(new_command_is_written_with_those_of_its_field_alone),
		TEST(commands_of_one_field_are_written_together),
		TEST(fields_of_forgotten_commands_alone_are_removed),
		TEST(all_fields_that_the_index_had_may_go_at_once),
		TEST(workspace_written_whole_has_what_it_forgot),
		TEST(changed_header_is_written_without_the_grants),
		TEST(all_grants_are_written_when_the_owner_changes),
		TEST(deleted_workspace_is_one_key_deleted),
		TEST(roles_go_to_the_index_of_the_subject),
		TEST(grants_that_expire_are_scored_by_their_time),
		TEST(grants_that_never_expire_cost_nothing),
		TEST(rename_moves_the_name_in_the_index_of_the_owner),
		TEST(new_owner_gets_the_name_in_their_index),
		TEST(outcomes_are_one_entry_of_a_capped_stream),
		TEST(outputs_are_kept_until_they_are_sent),
		TEST(beginning_again_drops_the_run_before),
		TEST(mark_counts_workspaces_and_grants),
		TEST(mark_requires_the_most_of_the_directory_that_any_author_has_seen),
		TEST(new_handoff_is_found_by_its_id_its_holder_and_its_end),
		TEST(accepted_handoff_waits_for_who_accepted),
		TEST(returned_handoff_is_not_due),
		TEST(handoff_that_is_over_leaves_nothing),
		TEST(changed_handoff_is_one_field_of_its_workspace),
		TEST(field_of_a_handoff_that_is_over_is_removed),
		TEST(workspace_written_whole_has_its_handoffs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
