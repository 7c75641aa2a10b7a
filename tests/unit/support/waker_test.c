/*
 * A waker: being woken is remembered, and a deadline in the past is not waited
 * for. A wait that should end but does not hangs until the test's timeout.
 */

#include "ops/support/waker.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>

enum { MANY = 100000 }; /* more than a pipe holds bytes */

static const int64_t NEVER = INT64_MAX;
static struct waker waker;

static int set_up(void **state)
{
	struct error err = { 0 };

	(void)state;
	return waker_open(&waker, &err);
}

static int tear_down(void **state)
{
	(void)state;
	waker_close(&waker);
	return 0;
}

/* Would waker_wait() return at once? */
static bool is_woken(void)
{
	struct pollfd one = { .fd = waker.read_fd, .events = POLLIN };

	return poll(&one, 1, 0) == 1;
}

static void woken_before_waiting_does_not_wait(void **state)
{
	(void)state;
	waker_wake(&waker);
	waker_wait(&waker, NEVER);
}

static void deadline_in_the_past_is_not_waited_for(void **state)
{
	(void)state;
	waker_wait(&waker, 0);
	waker_wait(&waker, INT64_MIN / 2);
	assert_false(is_woken());
}

static void one_wait_takes_all_that_woke(void **state)
{
	(void)state;
	waker_wake(&waker);
	waker_wake(&waker);
	waker_wake(&waker);
	waker_wait(&waker, NEVER);
	assert_false(is_woken());
	waker_wake(&waker);
	assert_true(is_woken());
}

static void waking_never_blocks_however_often(void **state)
{
	(void)state;
	for (int i = 0; i < MANY; i++)
		waker_wake(&waker);
	waker_wait(&waker, NEVER);
	assert_false(is_woken());
}

static void past_deadline_takes_what_woke_all_the_same(void **state)
{
	(void)state;
	waker_wake(&waker);
	waker_wait(&waker, 0);
	assert_false(is_woken());
}

static void on_signal(int number)
{
	(void)number;
	waker_wake(&waker);
}

static void signal_handler_may_wake(void **state)
{
	struct sigaction before;
	const struct sigaction action = { .sa_handler = on_signal };

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(raise(SIGUSR1), 0);
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	waker_wait(&waker, NEVER);
}

static void programs_that_are_run_do_not_inherit_the_pipe(void **state)
{
	(void)state;
	assert_true(fcntl(waker.read_fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(waker.write_fd, F_GETFD) & FD_CLOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(woken_before_waiting_does_not_wait),
		TEST(deadline_in_the_past_is_not_waited_for),
		TEST(one_wait_takes_all_that_woke),
		TEST(waking_never_blocks_however_often),
		TEST(past_deadline_takes_what_woke_all_the_same),
		TEST(signal_handler_may_wake),
		TEST(programs_that_are_run_do_not_inherit_the_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
