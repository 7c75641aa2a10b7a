/*
 * The log with a thread of its own, which writes into a pipe that the test
 * reads, or does not. What waits where it must not, hangs until the test's timeout.
 */

#include "ops/support/log.h"

#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { MANY = 2000, SOME = 200, FULL = 3, TEXT_LEN = 900, LINE_MAX = 2048, LONG_MS = 9000 };

static int write_fd; /* the log's */
static int pipe_fd;  /* the same pipe */
static FILE *reader;
static char line[LINE_MAX];

static int start_log(void **state)
{
	struct error err = { 0 };
	int fds[2];

	(void)state;
	if (pipe(fds))
		return -1;
	reader = fdopen(fds[0], "r");
	pipe_fd = fds[1];
	write_fd = dup(pipe_fd);
	return !reader || write_fd < 0 ? -1 : log_start(write_fd, &err);
}

static int close_pipe(void **state)
{
	(void)state;
	return fclose(reader);
}

static void log_number(unsigned long number)
{
	char filler[TEXT_LEN];

	memset(filler, '.', sizeof(filler));
	log_info("line %lu %.*s", number, TEXT_LEN, filler);
}

static void log_numbers(unsigned long count)
{
	for (unsigned long i = 0; i < count; i++)
		log_number(i);
}

/* What follows the time and the level in the next line. */
static const char *read_line(void)
{
	assert_non_null(fgets(line, sizeof(line), reader));
	assert_int_equal(line[strlen(line) - 1], '\n');
	line[strlen(line) - 1] = '\0';
	return line + strlen("2026-11-24T09:30:00.000Z warn  ");
}

static unsigned long dropped_lines(const char *text)
{
	unsigned long lines = 0;

	assert_int_equal(sscanf(text, "%lu lines of the log were dropped,", &lines), 1);
	return lines;
}

/* How far the numbered lines are read. */
struct seen {
	unsigned long next;
	unsigned long dropped;
};

/* How many lines were dropped stands where they are missing. */
static void see_line(struct seen *s)
{
	const char *text = read_line();
	unsigned long number;

	if (sscanf(text, "line %lu ", &number) == 1) {
		assert_int_equal(number, s->next++);
	} else {
		s->dropped += dropped_lines(text);
		s->next += dropped_lines(text);
	}
}

/* Reads what became of `count` numbered lines; returns how many were dropped. */
static unsigned long see_numbers(unsigned long count)
{
	struct seen s = { 0 };

	while (s.next < count)
		see_line(&s);
	return s.dropped;
}

static void lines_that_nobody_reads_are_dropped_and_counted(void **state)
{
	unsigned long dropped;

	(void)state;
	log_numbers(MANY);
	dropped = see_numbers(MANY);
	assert_true(dropped > 0 && dropped < MANY);
	log_info("after");
	assert_string_equal(read_line(), "after");
}

static void dropped_lines_are_told_where_they_are_missing(void **state)
{
	struct seen s = { 0 };
	unsigned long logged = MANY;

	(void)state;
	log_numbers(MANY);
	for (int i = 0; i < SOME; i++) {
		see_line(&s);
		log_number(logged++);
	}
	while (s.next < logged)
		see_line(&s);
	assert_int_equal(s.next, logged);
}

static void flush_does_not_wait_for_a_reader_for_ever(void **state)
{
	(void)state;
	log_numbers(SOME);
	log_flush(1);
	assert_int_equal(see_numbers(SOME), 0);
}

static void lines_that_cannot_be_written_are_counted(void **state)
{
	int full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_true(full >= 0);
	log_flush(LONG_MS);
	assert_int_equal(dup2(full, write_fd), write_fd);
	log_numbers(FULL);
	log_flush(LONG_MS);
	assert_int_equal(dup2(pipe_fd, write_fd), write_fd);
	log_info("after");
	assert_int_equal(dropped_lines(read_line()), FULL);
	assert_string_equal(read_line(), "after");
	(void)close(full);
}

/* As a terminal is when another process of the session has made it so. */
static void pipe_that_does_not_block_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(fcntl(pipe_fd, F_SETFL, O_WRONLY | O_NONBLOCK), 0);
	log_numbers(SOME);
	assert_int_equal(see_numbers(SOME), 0);
}

static void lines_above_the_level_are_not_logged(void **state)
{
	(void)state;
	log_debug("before");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("after");
	assert_string_equal(read_line(), "after");
	log_set_level(LOG_LEVEL_INFO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_that_nobody_reads_are_dropped_and_counted),
		cmocka_unit_test(dropped_lines_are_told_where_they_are_missing),
		cmocka_unit_test(flush_does_not_wait_for_a_reader_for_ever),
		cmocka_unit_test(lines_that_cannot_be_written_are_counted),
		cmocka_unit_test(pipe_that_does_not_block_is_waited_for),
		cmocka_unit_test(lines_above_the_level_are_not_logged),
	};

	return cmocka_run_group_tests(tests, start_log, close_pipe);
}
