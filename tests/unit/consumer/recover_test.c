/*
 * What Kafka's committed offset and the mark in Redis say together.
 */

#include "consumer/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	int64_t applied;
	int64_t committed;
	enum mark_state state;
	enum recovery recovery;
} CASES[] = {
	{ 0, COMMITTED_NONE, MARK_MISSING, RECOVERY_FRESH },
	{ 0, 0, MARK_MISSING, RECOVERY_REBUILD },
	{ 0, 7, MARK_MISSING, RECOVERY_REBUILD },
	{ 7, COMMITTED_NONE, MARK_REBUILDING, RECOVERY_REBUILD },
	{ 7, 7, MARK_REBUILDING, RECOVERY_REBUILD },
	{ 8, 7, MARK_REBUILDING, RECOVERY_REBUILD },
	{ 0, 0, MARK_READY, RECOVERY_GO_ON },
	{ 7, 7, MARK_READY, RECOVERY_GO_ON },
	{ 8, 7, MARK_READY, RECOVERY_PUBLISH },
	{ INT64_MAX, 7, MARK_READY, RECOVERY_PUBLISH },
	{ 6, 7, MARK_READY, RECOVERY_REBUILD },
	{ 0, 7, MARK_READY, RECOVERY_REBUILD },
	/* The very first transaction of the partition is not committed yet. */
	{ 0, COMMITTED_NONE, MARK_READY, RECOVERY_PUBLISH },
	{ 7, COMMITTED_NONE, MARK_READY, RECOVERY_PUBLISH },
};

static void mark_and_committed_offset_decide_what_to_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
		struct mark m = { .state = CASES[i].state, .applied = CASES[i].applied };

		if (recovery_case(&m, CASES[i].committed) != CASES[i].recovery)
			fail_msg("case %zu", i);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mark_and_committed_offset_decide_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
