/* The names that consumers take who were given none. */

#include "consumer/slot.h"

#include "tests/unit/unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAME_SIZE = 129, GROUP_SIZE = 64 };

static char group[GROUP_SIZE]; /* this run's own */

/* The number at the end of the name that a process takes. */
static int take_number(const char *of)
{
	char name[NAME_SIZE];
	struct error err = { 0 };

	if (slot_take(of, name, sizeof(name), &err))
		fail_msg("%s", err.text);
	return (int)strtol(strrchr(name, '.') + 1, NULL, 10);
}

/* A process that holds a slot until it is killed, or the test ends. */
static pid_t hold_slot(int *number)
{
	int pipes[2];
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		int taken = take_number(group);

		(void)!write(pipes[1], &taken, sizeof(taken));
		for (;;)
			(void)pause();
	}
	assert_int_equal(read(pipes[0], number, sizeof(*number)), sizeof(*number));
	(void)close(pipes[0]);
	(void)close(pipes[1]);
	return child;
}

static void end_process(pid_t child)
{
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
}

static void each_process_takes_the_first_that_is_free(void **state)
{
	pid_t holders[3];
	int number;

	(void)state;
	(void)snprintf(group, sizeof(group), "each %d", (int)getpid());
	for (int i = 0; i < 3; i++) {
		holders[i] = hold_slot(&number);
		assert_int_equal(number, i + 1);
	}
	end_process(holders[1]);
	holders[1] = hold_slot(&number);
	assert_int_equal(number, 2); /* the dead one's */
	for (int i = 0; i < 3; i++)
		end_process(holders[i]);
}

static void groups_do_not_get_into_each_others_way(void **state)
{
	char other[GROUP_SIZE];

	(void)state;
	(void)snprintf(group, sizeof(group), "one %d", (int)getpid());
	(void)snprintf(other, sizeof(other), "other %d", (int)getpid());
	assert_int_equal(take_number(group), 1);
	assert_int_equal(take_number(other), 1);
	assert_int_equal(take_number(group), 2);
}

static void there_is_an_end_of_them(void **state)
{
	char name[NAME_SIZE];
	struct error err = { 0 };

	(void)state;
	(void)snprintf(group, sizeof(group), "many %d", (int)getpid());
	for (int i = 1; i <= SLOTS_MAX; i++)
		assert_int_equal(take_number(group), i);
	assert_int_equal(slot_take(group, name, sizeof(name), &err), ERROR_REFUSED);
	assert_non_null(strstr(err.text, "give --instance"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_process_takes_the_first_that_is_free),
		cmocka_unit_test(groups_do_not_get_into_each_others_way),
		cmocka_unit_test(there_is_an_end_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
