/*
 * The table of handoffs, cell by cell: each state, each answer, each party. The
 * legal ones are written here as ARCHITECTURE.md has them; every other cell is
 * a test of its own that says no.
 */

#include "consumer/handoff.h"

#include "tests/unit/unit.h"

#include <stdio.h>

enum {
	STATES = HANDOFF_COMPLETED + 1,
	ANSWERS = ANSWER_EXPIRE + 1,
	PARTIES = 7,
	CELLS = STATES * ANSWERS * PARTIES,
	NAME_SIZE = 80,
};

struct cell {
	enum handoff_state state;
	enum answer answer;
	unsigned party;
	enum handoff_state becomes;
	enum offer_grant grant;
};

static const char *const states[STATES] = { "none",     "offered",   "accepted", "returned",
					    "declined", "withdrawn", "expired",  "completed" };
static const char *const answers[ANSWERS] = { "offer",    "accept",   "decline",  "return",
					      "complete", "reassign", "withdraw", "expire" };
static const char *const parties[PARTIES] = { "recipient", "member", "accepter", "author",
					      "authority", "sharer", "system" };

/* clang-format off */
static const struct cell legal[] = {
	{ HANDOFF_NONE, ANSWER_OFFER, PARTY_SHARER, HANDOFF_OFFERED, OFFER_GRANT_GIVEN },
	{ HANDOFF_OFFERED, ANSWER_ACCEPT, PARTY_RECIPIENT, HANDOFF_ACCEPTED, OFFER_GRANT_STAYS },
	{ HANDOFF_OFFERED, ANSWER_ACCEPT, PARTY_MEMBER, HANDOFF_ACCEPTED, OFFER_GRANT_TO_MEMBER },
	{ HANDOFF_OFFERED, ANSWER_DECLINE, PARTY_RECIPIENT, HANDOFF_DECLINED, OFFER_GRANT_GOES },
	{ HANDOFF_OFFERED, ANSWER_DECLINE, PARTY_MEMBER, HANDOFF_OFFERED, OFFER_GRANT_STAYS },
	{ HANDOFF_OFFERED, ANSWER_WITHDRAW, PARTY_AUTHOR, HANDOFF_WITHDRAWN, OFFER_GRANT_GOES },
	{ HANDOFF_OFFERED, ANSWER_WITHDRAW, PARTY_AUTHORITY, HANDOFF_WITHDRAWN, OFFER_GRANT_GOES },
	{ HANDOFF_ACCEPTED, ANSWER_WITHDRAW, PARTY_AUTHOR, HANDOFF_WITHDRAWN, OFFER_GRANT_GOES },
	{ HANDOFF_ACCEPTED, ANSWER_WITHDRAW, PARTY_AUTHORITY, HANDOFF_WITHDRAWN, OFFER_GRANT_GOES },
	{ HANDOFF_RETURNED, ANSWER_WITHDRAW, PARTY_AUTHOR, HANDOFF_WITHDRAWN, OFFER_GRANT_GOES },
	{ HANDOFF_RETURNED, ANSWER_WITHDRAW, PARTY_AUTHORITY, HANDOFF_WITHDRAWN, OFFER_GRANT_GOES },
	{ HANDOFF_OFFERED, ANSWER_EXPIRE, PARTY_SYSTEM, HANDOFF_EXPIRED, OFFER_GRANT_GOES },
	{ HANDOFF_ACCEPTED, ANSWER_EXPIRE, PARTY_SYSTEM, HANDOFF_EXPIRED, OFFER_GRANT_GOES },
	{ HANDOFF_ACCEPTED, ANSWER_RETURN, PARTY_ACCEPTER, HANDOFF_RETURNED, OFFER_GRANT_STAYS },
	{ HANDOFF_ACCEPTED, ANSWER_COMPLETE, PARTY_ACCEPTER, HANDOFF_COMPLETED, OFFER_GRANT_STAYS },
	{ HANDOFF_ACCEPTED, ANSWER_REASSIGN, PARTY_ACCEPTER, HANDOFF_OFFERED, OFFER_GRANT_MOVES },
	{ HANDOFF_RETURNED, ANSWER_OFFER, PARTY_AUTHOR, HANDOFF_OFFERED, OFFER_GRANT_MOVES },
};
/* clang-format on */

enum { LEGAL = sizeof(legal) / sizeof(*legal) };

static struct cell cells[CELLS];
static char names[CELLS][NAME_SIZE];

static const struct cell *legal_cell(const struct cell *c)
{
	for (size_t i = 0; i < LEGAL; i++)
		if (legal[i].state == c->state && legal[i].answer == c->answer &&
		    legal[i].party == c->party)
			return &legal[i];
	return NULL;
}

/* Could anybody take that step in that state? */
static bool is_possible(const struct cell *c)
{
	for (size_t i = 0; i < LEGAL; i++)
		if (legal[i].state == c->state && legal[i].answer == c->answer)
			return true;
	return false;
}

static void step_is_taken(void **state)
{
	const struct cell *c = *state;
	const struct cell *wanted = legal_cell(c);
	const struct handoff_step *step = NULL;

	assert_int_equal(handoff_find_step(c->state, c->answer, c->party, &step), HANDOFF_MAY);
	assert_int_equal(step->becomes, wanted->becomes);
	assert_int_equal(step->grant, wanted->grant);
}

static void step_is_refused(void **state)
{
	const struct cell *c = *state;
	const struct handoff_step *step = NULL;

	assert_int_equal(handoff_find_step(c->state, c->answer, c->party, &step),
			 is_possible(c) ? HANDOFF_NOT_YOURS : HANDOFF_NOT_NOW);
	assert_null(step);
}

/* Whoever has no part in a handoff is not told where it stands. */
static void stranger_is_refused(void **state)
{
	const struct handoff_step *step = NULL;

	(void)state;
	for (size_t i = 0; i < CELLS; i++)
		assert_int_equal(handoff_find_step(cells[i].state, cells[i].answer, 0, &step),
				 HANDOFF_NOT_YOURS);
}

/* Somebody who is several parties may do what any of them may. */
static void parties_add_up(void **state)
{
	const struct handoff_step *step = NULL;

	(void)state;
	assert_int_equal(handoff_find_step(HANDOFF_OFFERED, ANSWER_DECLINE,
					   PARTY_AUTHOR | PARTY_RECIPIENT, &step),
			 HANDOFF_MAY);
	assert_int_equal(handoff_find_step(HANDOFF_OFFERED, ANSWER_WITHDRAW,
					   PARTY_AUTHOR | PARTY_RECIPIENT, &step),
			 HANDOFF_MAY);
	assert_int_equal(handoff_find_step(HANDOFF_ACCEPTED, ANSWER_ACCEPT,
					   PARTY_AUTHOR | PARTY_RECIPIENT, &step),
			 HANDOFF_NOT_NOW);
}

static size_t fill_cells(void)
{
	size_t count = 0;

	for (int state = 0; state < STATES; state++)
		for (int answer = 0; answer < ANSWERS; answer++)
			for (int party = 0; party < PARTIES; party++, count++) {
				cells[count] = (struct cell){ .state = (enum handoff_state)state,
							      .answer = (enum answer)answer,
							      .party = 1U << party };
				(void)snprintf(names[count], NAME_SIZE, "%s_%s_by_%s_is_%s",
					       states[state], answers[answer], parties[party],
					       legal_cell(&cells[count]) ? "taken" : "refused");
			}
	return count;
}

int main(void)
{
	static struct CMUnitTest tests[CELLS + 2];
	size_t count = fill_cells();
	size_t taken = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_legal = legal_cell(&cells[i]) != NULL;

		taken += is_legal;
		tests[i] = (struct CMUnitTest){ .name = names[i],
						.test_func =
							is_legal ? step_is_taken : step_is_refused,
						.initial_state = &cells[i] };
	}
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(stranger_is_refused);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(parties_add_up);
	if (taken != LEGAL)
		return 1;
	return _cmocka_run_group_tests("handoff", tests, count, NULL, NULL);
}
