/*
 * The log never waits for whoever reads it. O_NONBLOCK on stderr would do that
 * for pipes and terminals, but not for files, and it would change the stderr of
 * every process that shares it. So a thread writes, and only it may hang.
 */

#include "ops/support/log.h"

#include "ops/support/clock.h"
#include "ops/support/repeats.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
	LINES_MAX = 512, /* a megabyte: far more than a turn of the loop logs */
};

/* A line that waits to be written, and how many were dropped before it. len 0: only these. */
struct line {
	unsigned long dropped;
	size_t len;
	char text[LOG_LINE_SIZE];
};

static enum log_level threshold = LOG_LEVEL_INFO;
static enum log_format line_format = LOG_FORMAT_TEXT;
static bool started; /* by log_start(), before there are other threads */
static int out_fd = STDERR_FILENO;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of everything below */
static pthread_cond_t arrived = PTHREAD_COND_INITIALIZER;
static pthread_cond_t settled; /* by CLOCK_MONOTONIC */
static struct line ring[LINES_MAX];
static size_t first;
static size_t count;
static unsigned long dropped; /* since the last line that found room */
static bool writing;          /* the thread has taken a line that is not written yet */

/* ---- the thread ---- */

/* Takes the oldest line. Called with the lock; there is a line, or something was dropped. */
static void take_line(struct line *out)
{
	if (count) {
		*out = ring[first];
		first = (first + 1) % LINES_MAX;
		count--;
	} else {
		*out = (struct line){ .dropped = dropped };
		dropped = 0;
	}
}

/* Somebody else may have made the file non-blocking: then it is waited for here. */
static bool await_room(void)
{
	struct pollfd one = { .fd = out_fd, .events = POLLOUT };

	if (errno == EINTR)
		return true;
	return (errno == EAGAIN || errno == EWOULDBLOCK) && poll(&one, 1, -1) > 0;
}

static bool write_text(const char *text, size_t len)
{
	while (len) {
		ssize_t n = write(out_fd, text, len);

		if (n < 0 && !await_room())
			return false;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return true;
}

static bool write_dropped(unsigned long lines)
{
	char text[LOG_TEXT_SIZE];
	char line[LOG_LINE_SIZE];
	const struct log_entry e = { LOG_LEVEL_WARN, clock_unix_ms(), LOG_NO_PARTITION, text };

	(void)snprintf(text, sizeof(text),
		       "%lu lines of the log were dropped, because nobody reads it or its disk is "
		       "full",
		       lines);
	return write_text(line, log_line_format(line, line_format, &e));
}

static void *writer_main(void *arg)
{
	static struct line line;
	unsigned long unsaid = 0; /* dropped lines that the log does not tell of yet */

	(void)arg;
	pthread_mutex_lock(&lock);
	for (;;) {
		while (!count && !dropped)
			(void)pthread_cond_wait(&arrived, &lock);
		take_line(&line);
		writing = true;
		pthread_mutex_unlock(&lock);
		unsaid += line.dropped;
		if (unsaid && write_dropped(unsaid))
			unsaid = 0;
		if (!write_text(line.text, line.len))
			unsaid++;
		pthread_mutex_lock(&lock);
		writing = false;
		(void)pthread_cond_broadcast(&settled);
	}
	return NULL;
}

/* Signals are for the threads that wait for them. */
static int start_thread(void)
{
	pthread_t thread;
	sigset_t all;
	sigset_t before;
	int rc;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, writer_main, NULL);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc ? rc : pthread_detach(thread);
}

int log_start(int fd, struct error *err)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&settled, &attributes);
	(void)pthread_condattr_destroy(&attributes);
	out_fd = fd;
	if (start_thread())
		return error_set(err, ERROR_NOMEM, "the thread of the log cannot be started");
	started = true;
	return 0;
}

void log_flush(int wait_ms)
{
	struct timespec until;
	int rc = 0;

	if (!started)
		return;
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += wait_ms / 1000;
	until.tv_nsec += wait_ms % 1000 * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&lock);
	while (!rc && (count || dropped || writing))
		rc = pthread_cond_timedwait(&settled, &lock, &until);
	pthread_mutex_unlock(&lock);
}

/* ---- logging ---- */

static void put_line(const char *text, size_t len)
{
	pthread_mutex_lock(&lock);
	if (count == LINES_MAX) {
		dropped++;
	} else {
		struct line *line = &ring[(first + count++) % LINES_MAX];

		line->dropped = dropped;
		line->len = len;
		memcpy(line->text, text, len);
		dropped = 0;
		(void)pthread_cond_signal(&arrived);
	}
	pthread_mutex_unlock(&lock);
}

__attribute__((format(printf, 3, 0))) static void log_text(enum log_level level, int partition,
							   const char *format, va_list args)
{
	char text[LOG_TEXT_SIZE];
	char line[LOG_LINE_SIZE];
	const struct log_entry e = { level, clock_unix_ms(), partition, text };
	size_t len;

	if (level > threshold)
		return;
	(void)vsnprintf(text, sizeof(text), format, args);
	len = log_line_format(line, line_format, &e);
	if (started)
		put_line(line, len);
	else
		(void)write_text(line, len);
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_set_format(enum log_format format)
{
	line_format = format;
}

bool log_is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(fd, &st))
		return false;
	(void)snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(LOG_LEVEL_ERROR, LOG_NO_PARTITION, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(LOG_LEVEL_WARN, LOG_NO_PARTITION, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(LOG_LEVEL_INFO, LOG_NO_PARTITION, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(LOG_LEVEL_DEBUG, LOG_NO_PARTITION, format, args);
	va_end(args);
}

void log_warn_seldom(const char *about, const char *format, ...)
{
	static struct repeats told;
	va_list args;
	bool tell;

	pthread_mutex_lock(&lock);
	tell = repeats_tell(&told, about, clock_monotonic_ms());
	pthread_mutex_unlock(&lock);
	va_start(args, format);
	log_text(tell ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, LOG_NO_PARTITION, format, args);
	va_end(args);
}

void log_partition(enum log_level level, int partition, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_text(level, partition, format, args);
	va_end(args);
}
