/* A handoff in Redis: byte for byte, and back; and what cannot be one. */

#include "cache/handoff_layout.h"

#include "cache/layout.h"
#include "schemas/bounds.h"
#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#define DEV     "dev-------------"
#define HANDOFF "handoff---------"
#define ALICE   "alice-----------"
#define BOB     "bob-------------"
#define TEAM    "team------------"
#define NOBODY  "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define NEVER   "\x80\0\0\0\0\0\0\0"

static struct handoffs list;
static struct buffer value;

static int set_up(void **state)
{
	(void)state;
	list = (struct handoffs){ 0 };
	buffer_init(&value);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	handoffs_done(&list);
	buffer_done(&value);
	return 0;
}

static struct artifact artifacts[] = { { { (const uint8_t *)"pr", 2 },
					 { (const uint8_t *)"url", 3 } } };
static struct task task = { TASK_MCP, { (const uint8_t *)"t-1", 3 }, { NULL, 0 } };

static struct handoff full(void)
{
	return (struct handoff){ .id = letters(HANDOFF),
				 .kind = HANDOFF_TAKEOVER,
				 .state = HANDOFF_ACCEPTED,
				 .step = 300,
				 .offered_by = { letters(ALICE), ACTOR_AGENT },
				 .to = { SUBJECT_GROUP, letters(TEAM) },
				 .accepted_by = letters(BOB),
				 .role = ROLE_ADMIN,
				 .own_grant = true,
				 .had_role = ROLE_USE,
				 .had_until = 0x4142434445464748,
				 .summary = bytes_of("done"),
				 .question = bytes_of(""),
				 .task = &task,
				 .artifacts = artifacts,
				 .artifact_count = 1,
				 .answer_schema = bytes_of("{}"),
				 .note = bytes_of("mine"),
				 .offered_at = 0x3031323334353637,
				 .expires_at = ABSENT };
}

static struct handoff bare(void)
{
	return (struct handoff){ .id = letters(HANDOFF),
				 .kind = HANDOFF_REVIEW,
				 .state = HANDOFF_OFFERED,
				 .step = 1,
				 .offered_by = { letters(ALICE), ACTOR_USER },
				 .to = { SUBJECT_USER, letters(BOB) },
				 .role = ROLE_USE,
				 .had_until = ABSENT,
				 .summary = bytes_of("done"),
				 .offered_at = 0,
				 .expires_at = 0x4142434445464748 };
}

static const char FULL_VALUE[] = "\2\2\2\1"
				 "1"
				 "\xac\2\3" ALICE "\2" TEAM BOB "01234567" NEVER "ABCDEFGH"
				 "\4done\1\3{}\5mine\3\3t-1\0\1\2pr\3url";
static const char BARE_VALUE[] = "\1\1\1\0"
				 "0"
				 "\1\1" ALICE "\1" BOB NOBODY "\0\0\0\0\0\0\0\0"
				 "ABCDEFGH" NEVER "\4done\0\0\0\0\0";

static bool parse(const void *data, size_t len)
{
	struct uuid id = letters(HANDOFF);

	return layout_parse_handoff(&list, &id, (struct bytes){ data, len });
}

static void value_has_all_parts_in_their_order(void **state)
{
	const struct handoff first = full();
	const struct handoff second = bare();

	(void)state;
	layout_handoff_value(&value, &first);
	assert_int_equal(value.len, sizeof(FULL_VALUE) - 1);
	assert_memory_equal(value.data, FULL_VALUE, value.len);
	buffer_clear(&value);
	layout_handoff_value(&value, &second);
	assert_int_equal(value.len, sizeof(BARE_VALUE) - 1);
	assert_memory_equal(value.data, BARE_VALUE, value.len);
}

static void assert_same(const struct handoff *a, const struct handoff *b)
{
	assert_true(uuid_equal(&a->id, &b->id) && uuid_equal(&a->accepted_by, &b->accepted_by));
	assert_true(a->kind == b->kind && a->state == b->state && a->step == b->step);
	assert_true(a->offered_by.kind == b->offered_by.kind);
	assert_true(uuid_equal(&a->offered_by.id, &b->offered_by.id));
	assert_true(subject_equal(&a->to, &b->to));
	assert_true(a->role == b->role && a->own_grant == b->own_grant);
	assert_true(a->had_role == b->had_role && a->had_until == b->had_until);
	assert_true(a->offered_at == b->offered_at && a->expires_at == b->expires_at);
	assert_true(bytes_equal(a->summary, b->summary) && bytes_equal(a->question, b->question));
	assert_int_equal(!a->question.data, !b->question.data);
	assert_int_equal(!a->answer_schema.data, !b->answer_schema.data);
	assert_true(bytes_equal(a->note, b->note));
	assert_int_equal(!a->note.data, !b->note.data);
	assert_int_equal(!a->task, !b->task);
	assert_int_equal(a->artifact_count, b->artifact_count);
}

static void what_was_written_is_read_back(void **state)
{
	const struct handoff all[] = { full(), bare() };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		buffer_clear(&value);
		layout_handoff_value(&value, &all[i]);
		assert_true(parse(value.data, value.len));
		assert_int_equal(list.count, 1);
		assert_same(&list.list[0], &all[i]);
		if (i)
			continue;
		assert_int_equal(list.list[0].task->system, TASK_MCP);
		assert_true(bytes_equal_text(list.list[0].task->id, "t-1"));
		assert_true(bytes_equal_text(list.list[0].artifacts[0].url, "url"));
	}
}

/* Every beginning of it, in a block of its size, and it with one byte more. */
static void value_that_ends_early_or_late_is_broken(void **state)
{
	uint8_t longer[sizeof(FULL_VALUE)];

	(void)state;
	for (size_t len = 0; len < sizeof(FULL_VALUE) - 1; len++) {
		uint8_t *copy = exact_copy((struct bytes){ (const uint8_t *)FULL_VALUE, len });

		assert_false(parse(copy, len));
		free(copy);
	}
	memcpy(longer, FULL_VALUE, sizeof(longer)); /* with its NUL */
	assert_false(parse(longer, sizeof(longer)));
	assert_int_equal(list.count, 0);
}

static void enums_must_be_known(void **state)
{
	static const struct {
		size_t at;
		uint8_t least;
		uint8_t greatest;
	} cases[] = {
		{ 0, HANDOFF_REVIEW, HANDOFF_INPUT },
		{ 1, HANDOFF_OFFERED, HANDOFF_RETURNED },
		{ 2, ROLE_USE, ROLE_ADMIN },
		{ 3, ROLE_NONE, ROLE_ADMIN },
		{ 4, '0', '1' },
		{ 6, ACTOR_USER, ACTOR_SYSTEM },
		{ 23, SUBJECT_USER, SUBJECT_GROUP },
	};
	uint8_t bytes[sizeof(BARE_VALUE) - 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		for (int v = 0; v <= UINT8_MAX; v++) {
			memcpy(bytes, BARE_VALUE, sizeof(bytes));
			bytes[cases[i].at] = (uint8_t)v;
			assert_int_equal(parse(bytes, sizeof(bytes)),
					 v >= cases[i].least && v <= cases[i].greatest);
		}
	memcpy(bytes, BARE_VALUE, sizeof(bytes));
	bytes[5] = 0; /* a step before the first */
	assert_false(parse(bytes, sizeof(bytes)));
}

static void more_artifacts_than_an_offer_may_have_are_broken(void **state)
{
	struct artifact many[ARTIFACTS_MAX + 1];
	struct handoff h = bare();

	(void)state;
	for (size_t i = 0; i <= ARTIFACTS_MAX; i++)
		many[i] = artifacts[0];
	h.artifacts = many;
	for (h.artifact_count = ARTIFACTS_MAX; h.artifact_count <= ARTIFACTS_MAX + 1;
	     h.artifact_count++) {
		buffer_clear(&value);
		layout_handoff_value(&value, &h);
		assert_int_equal(parse(value.data, value.len), h.artifact_count <= ARTIFACTS_MAX);
	}
}

static void fields_and_members_are_told_from_others(void **state)
{
	struct uuid dev = letters(DEV);
	struct uuid id = letters(HANDOFF);
	struct uuid workspace;
	struct uuid handoff;
	struct subject subject;
	uint8_t field[HANDOFF_FIELD_SIZE];
	uint8_t entry[HANDOFF_ENTRY_SIZE];
	uint8_t due[DUE_MEMBER_SIZE];

	(void)state;
	layout_handoff_field(field, &id);
	assert_memory_equal(field, "o" HANDOFF, sizeof(field));
	assert_true(layout_parse_handoff_field(&handoff, (struct bytes){ field, sizeof(field) }));
	assert_true(uuid_equal(&handoff, &id));
	assert_false(layout_parse_handoff_field(&handoff, bytes_of("u" HANDOFF)));
	assert_false(layout_parse_handoff_field(&handoff, bytes_of("o")));
	layout_handoff_entry(entry, &dev, &id);
	assert_memory_equal(entry, DEV HANDOFF, sizeof(entry));
	assert_true(layout_parse_handoff_entry(&workspace, &handoff,
					       (struct bytes){ entry, sizeof(entry) }));
	assert_true(uuid_equal(&workspace, &dev) && uuid_equal(&handoff, &id));
	assert_false(layout_parse_handoff_entry(&workspace, &handoff, bytes_of(DEV)));
	layout_due_handoff(due, &dev, &id);
	assert_memory_equal(due, DEV "o" HANDOFF, sizeof(due));
	assert_true(
		layout_parse_due_handoff(&workspace, &handoff, (struct bytes){ due, sizeof(due) }));
	assert_false(
		layout_parse_due_member(&workspace, &subject, (struct bytes){ due, sizeof(due) }));
	assert_false(layout_parse_due_handoff(&workspace, &handoff, bytes_of(DEV "u" BOB)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(value_has_all_parts_in_their_order),
		TEST(what_was_written_is_read_back),
		TEST(value_that_ends_early_or_late_is_broken),
		TEST(enums_must_be_known),
		TEST(more_artifacts_than_an_offer_may_have_are_broken),
		TEST(fields_and_members_are_told_from_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
