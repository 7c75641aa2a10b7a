#include "cache/socket.h"

#include "ops/support/clock.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/*
 * Waits until the socket is ready for these events of poll(2), or has failed. One
 * that is always ready misses the deadline, too.
 */
static int wait_ready(int fd, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;

	while ((left = deadline_ms - clock_monotonic_ms()) > 0) {
		int ready = poll(&p, 1, left > INT_MAX ? INT_MAX : (int)left);

		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -1;
	}
	errno = ETIMEDOUT;
	return -1;
}

/* The error that a connection attempt ended with; 0: it is connected. */
static int connection_error(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) ? errno : error;
}

/* Closes the socket and keeps errno. Returns -1. */
static int give_up(int fd)
{
	int error = errno;

	(void)close(fd);
	errno = error;
	return -1;
}

static int connect_to(int family, const struct sockaddr *address, socklen_t len,
		      int64_t deadline_ms)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;

	if (fd < 0)
		return -1;
	if (connect(fd, address, len)) {
		if (errno != EINPROGRESS || wait_ready(fd, POLLOUT, deadline_ms))
			return give_up(fd);
		errno = connection_error(fd);
		if (errno)
			return give_up(fd);
	}
	if (family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static int connect_path(const char *path, int64_t deadline_ms)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(address.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	return connect_to(AF_UNIX, (const struct sockaddr *)&address, sizeof(address), deadline_ms);
}

int socket_connect(const char *host, int port, int64_t deadline_ms, const char **unresolved)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char service[8];
	int fd = -1;
	int rc;

	*unresolved = NULL;
	if (!port)
		return connect_path(host, deadline_ms);
	(void)snprintf(service, sizeof(service), "%d", port);
	rc = getaddrinfo(host, service, &hints, &found);
	if (rc) {
		*unresolved = rc == EAI_SYSTEM ? NULL : gai_strerror(rc);
		return -1;
	}
	for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next)
		fd = connect_to(a->ai_family, a->ai_addr, a->ai_addrlen, deadline_ms);
	freeaddrinfo(found);
	return fd;
}

static bool must_wait(void)
{
	return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

int socket_send(int fd, struct bytes rest, int64_t deadline_ms)
{
	while (rest.len) {
		ssize_t n = send(fd, rest.data, rest.len, MSG_NOSIGNAL);

		if (n > 0)
			rest = (struct bytes){ rest.data + n, rest.len - (size_t)n };
		else if (!must_wait() || wait_ready(fd, POLLOUT, deadline_ms))
			return -1;
	}
	return 0;
}

ssize_t socket_receive(int fd, void *out, size_t size, int64_t deadline_ms)
{
	for (;;) {
		ssize_t n;

		if (wait_ready(fd, POLLIN, deadline_ms))
			return -1;
		n = recv(fd, out, size, 0);
		if (n >= 0 || !must_wait())
			return n;
	}
}
