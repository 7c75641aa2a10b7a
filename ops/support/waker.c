#include "ops/support/waker.h"

#include "ops/support/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { DRAIN_BYTES = 256 };

/* A full pipe wakes as well as a byte does, so writing never needs to block. */
static int set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) || fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -1;
	return 0;
}

int waker_open(struct waker *w, struct error *err)
{
	int fds[2];

	if (pipe(fds))
		return error_set(err, ERROR_UNAVAILABLE, "no pipe for waking the loop: %s",
				 strerror(errno));
	if (set_flags(fds[0]) || set_flags(fds[1])) {
		(void)close(fds[0]);
		(void)close(fds[1]);
		return error_set(err, ERROR_UNAVAILABLE, "the pipe for waking the loop: %s",
				 strerror(errno));
	}
	*w = (struct waker){ .read_fd = fds[0], .write_fd = fds[1] };
	return 0;
}

void waker_close(struct waker *w)
{
	(void)close(w->read_fd);
	(void)close(w->write_fd);
	*w = (struct waker){ -1, -1 };
}

void waker_wake(const struct waker *w)
{
	int saved = errno;

	if (write(w->write_fd, "", 1) < 0)
		errno = saved;
}

static int remaining_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - clock_monotonic_ms();

	if (left < 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

void waker_wait(const struct waker *w, int64_t deadline_ms)
{
	struct pollfd one = { .fd = w->read_fd, .events = POLLIN };
	char bytes[DRAIN_BYTES];

	if (poll(&one, 1, remaining_ms(deadline_ms)) <= 0)
		return;
	while (read(w->read_fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes))
		;
}
