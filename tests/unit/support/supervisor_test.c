/* What goes to the supervisor, over a pair of sockets; what systemd sets is in integration/service_test.py. */

#include "ops/support/supervisor.h"

#include "tests/unit/unit.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVERY_MS = 500, NOW_MS = 100000 };

static int reader;
static char text[2 * SUPERVISOR_STATUS_SIZE];

static struct supervisor make_supervisor(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, fds), 0);
	reader = fds[1];
	return (struct supervisor){ .fd = fds[0], .ping_every_ms = EVERY_MS };
}

static void close_both(struct supervisor *s)
{
	supervisor_close(s);
	(void)close(reader);
}

/* The next message; "" if there is none. */
static const char *next_told(void)
{
	ssize_t n = recv(reader, text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void ready_is_told_once(void **state)
{
	struct supervisor s = make_supervisor();

	(void)state;
	supervisor_ready(&s);
	supervisor_ready(&s);
	assert_string_equal(next_told(), "READY=1");
	assert_string_equal(next_told(), "");
	close_both(&s);
}

static void status_is_one_line_and_told_when_it_changes(void **state)
{
	struct supervisor s = make_supervisor();
	char longer[2 * SUPERVISOR_STATUS_SIZE];

	(void)state;
	supervisor_status(&s, "waits\nREADY=1");
	supervisor_status(&s, "waits\nREADY=1");
	assert_string_equal(next_told(), "STATUS=waits?READY=1");
	assert_string_equal(next_told(), "");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	supervisor_status(&s, longer);
	supervisor_status(&s, longer);
	assert_int_equal(strlen(next_told()), strlen("STATUS=") + SUPERVISOR_STATUS_SIZE - 1);
	assert_string_equal(next_told(), "");
	close_both(&s);
}

static void pings_come_when_they_are_due(void **state)
{
	struct supervisor s = make_supervisor();

	(void)state;
	supervisor_ready(&s);
	(void)next_told();
	assert_int_equal(supervisor_due_ms(&s), 0);
	supervisor_ping(&s, NOW_MS);
	assert_string_equal(next_told(), "WATCHDOG=1");
	assert_int_equal(supervisor_due_ms(&s), NOW_MS + EVERY_MS);
	supervisor_ping(&s, NOW_MS + EVERY_MS - 1);
	assert_string_equal(next_told(), "");
	supervisor_ping(&s, NOW_MS + EVERY_MS);
	assert_string_equal(next_told(), "WATCHDOG=1");
	close_both(&s);
}

static void start_that_takes_long_asks_for_more_time(void **state)
{
	struct supervisor s = make_supervisor();

	(void)state;
	s.ping_every_ms = 0;
	supervisor_ping(&s, NOW_MS);
	assert_non_null(strstr(next_told(), "EXTEND_TIMEOUT_USEC=60000000"));
	assert_true(supervisor_due_ms(&s) < NOW_MS + 60000);
	supervisor_ready(&s);
	(void)next_told();
	assert_int_equal(supervisor_due_ms(&s), INT64_MAX);
	close_both(&s);
}

/* Nobody reads it any more: the loop must neither hang nor spin. */
static void ping_that_cannot_be_sent_is_tried_again_later(void **state)
{
	struct supervisor s = make_supervisor();

	(void)state;
	(void)close(reader);
	s.ready = true;
	supervisor_ping(&s, NOW_MS);
	assert_true(supervisor_due_ms(&s) > NOW_MS && supervisor_due_ms(&s) < NOW_MS + EVERY_MS);
	supervisor_close(&s);
}

static void without_a_supervisor_nothing_happens(void **state)
{
	struct supervisor s = { .fd = -1 };

	(void)state;
	supervisor_ready(&s);
	supervisor_status(&s, "x");
	supervisor_stopping(&s);
	supervisor_ping(&s, NOW_MS);
	assert_int_equal(supervisor_due_ms(&s), INT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ready_is_told_once),
		cmocka_unit_test(status_is_one_line_and_told_when_it_changes),
		cmocka_unit_test(pings_come_when_they_are_due),
		cmocka_unit_test(start_that_takes_long_asks_for_more_time),
		cmocka_unit_test(ping_that_cannot_be_sent_is_tried_again_later),
		cmocka_unit_test(without_a_supervisor_nothing_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
