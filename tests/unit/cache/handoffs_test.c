/* The open handoffs of a workspace: deep copies, one for each id. */

#include "cache/handoffs.h"

#include "tests/unit/cache/commands.h"
#include "tests/unit/unit.h"

#define FIRST  "first-----------"
#define SECOND "second----------"
#define BOB    "bob-------------"
#define TEAM   "team------------"

static struct handoffs list;
static char summary[] = "done";
static char note[] = "mine";
static struct artifact artifacts[2];
static struct task task;

static int set_up(void **state)
{
	(void)state;
	list = (struct handoffs){ 0 };
	summary[0] = 'd';
	note[0] = 'm';
	artifacts[0] = (struct artifact){ bytes_of("pr"), bytes_of("https://pr") };
	artifacts[1] = (struct artifact){ bytes_of("log"), bytes_of("https://log") };
	task = (struct task){ TASK_A2A, bytes_of("t-1"), { 0 } };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	handoffs_done(&list);
	return 0;
}

static struct handoff handoff(const char *id)
{
	return (struct handoff){ .id = letters(id),
				 .kind = HANDOFF_REVIEW,
				 .state = HANDOFF_OFFERED,
				 .step = 1,
				 .to = { SUBJECT_GROUP, letters(TEAM) },
				 .role = ROLE_USE,
				 .summary = bytes_of(summary),
				 .question = bytes_of(""),
				 .task = &task,
				 .artifacts = artifacts,
				 .artifact_count = 2,
				 .note = bytes_of(note),
				 .expires_at = 70 };
}

static void put(const char *id)
{
	struct handoff h = handoff(id);

	handoffs_put(&list, &h);
}

static const struct handoff *find(const char *id)
{
	struct uuid key = letters(id);

	return handoffs_find(&list, &key);
}

static void copy_outlives_what_it_was_made_of(void **state)
{
	const struct handoff *h;

	(void)state;
	put(FIRST);
	summary[0] = 'X';
	note[0] = 'X';
	artifacts[1].name = bytes_of("");
	task.id = bytes_of("");
	h = find(FIRST);
	assert_true(bytes_equal_text(h->summary, "done"));
	assert_true(bytes_equal_text(h->note, "mine"));
	assert_true(bytes_equal_text(h->artifacts[1].name, "log"));
	assert_true(bytes_equal_text(h->artifacts[1].url, "https://log"));
	assert_true(bytes_equal_text(h->task->id, "t-1"));
}

static void absent_texts_stay_absent(void **state)
{
	const struct handoff *h;

	(void)state;
	put(FIRST);
	h = find(FIRST);
	assert_non_null(h->question.data);
	assert_int_equal(h->question.len, 0);
	assert_null(h->answer_schema.data);
	assert_null(h->task->url.data);
}

static void one_of_the_same_id_is_replaced(void **state)
{
	struct handoff again;

	(void)state;
	put(FIRST);
	put(SECOND);
	again = *find(FIRST); /* it borrows from the one that it replaces */
	again.step = 2;
	handoffs_put(&list, &again);
	assert_int_equal(list.count, 2);
	assert_int_equal(find(FIRST)->step, 2);
	assert_true(bytes_equal_text(find(FIRST)->summary, "done"));
	assert_int_equal(find(SECOND)->step, 1);
}

static void dropped_one_is_gone(void **state)
{
	struct uuid first = letters(FIRST);

	(void)state;
	handoffs_drop(&list, &first);
	put(FIRST);
	put(SECOND);
	handoffs_drop(&list, &first);
	assert_null(find(FIRST));
	assert_non_null(find(SECOND));
	assert_true(handoffs_memory(&list) > sizeof(struct handoff));
}

static void holder_is_who_accepted_or_else_whom_it_is_offered_to(void **state)
{
	struct handoff h = handoff(FIRST);
	struct subject team = { SUBJECT_GROUP, letters(TEAM) };
	struct subject bob = { SUBJECT_USER, letters(BOB) };
	struct subject holder = handoff_holder(&h);

	(void)state;
	assert_true(subject_equal(&holder, &team));
	h.accepted_by = letters(BOB);
	holder = handoff_holder(&h);
	assert_true(subject_equal(&holder, &bob));
}

static void only_what_waits_for_a_person_has_an_end(void **state)
{
	struct handoff h = handoff(FIRST);

	(void)state;
	for (int i = HANDOFF_OFFERED; i <= HANDOFF_COMPLETED; i++) {
		h.state = (enum handoff_state)i;
		assert_true(handoff_end(&h) == (i <= HANDOFF_ACCEPTED ? 70 : ABSENT));
		assert_int_equal(handoff_is_final(h.state), i > HANDOFF_RETURNED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(copy_outlives_what_it_was_made_of),
		TEST(absent_texts_stay_absent),
		TEST(one_of_the_same_id_is_replaced),
		TEST(dropped_one_is_gone),
		TEST(holder_is_who_accepted_or_else_whom_it_is_offered_to),
		TEST(only_what_waits_for_a_person_has_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
