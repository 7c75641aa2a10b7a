/*
 * What the receiver takes from a client that does nothing else: requests of that many
 * bytes on as many connections as the notifier has to a host, each with one under way
 * at a time. Prints requests a second.
 *
 *	bench_poster PORT COUNT BYTES
 */

#include "consumer/notifier/lane.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

enum { REQUEST_MAX = 1 << 16, REPLY_SIZE = 256 };

static void fail_poster(const char *what)
{
	(void)fprintf(stderr, "bench_poster: %s\n", what);
	exit(1);
}

static double monotonic_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Headers and a body that together have `size` bytes, or as few as are possible. */
static size_t make_request(char *out, size_t size)
{
	static const char form[] = "POST /bare HTTP/1.1\r\nHost: 127.0.0.1\r\n"
				   "webhook-id: bare\r\nContent-Length: %5zu\r\n\r\n";
	size_t head = (size_t)snprintf(NULL, 0, form, (size_t)0);
	size_t body = size > head ? size - head : 0;

	if (head + body > REQUEST_MAX)
		fail_poster("that many bytes are too many");
	memset(out, ' ', head + body);
	(void)snprintf(out, head + 1, form, body);
	out[head] = ' ';
	return head + body;
}

static int open_connection(int epoll, int port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	struct epoll_event e = { .events = EPOLLIN };
	int yes = 1;

	a.sin_port = htons((uint16_t)port);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	e.data.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (e.data.fd < 0 || connect(e.data.fd, (const struct sockaddr *)&a, sizeof(a)) ||
	    setsockopt(e.data.fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes)) ||
	    epoll_ctl(epoll, EPOLL_CTL_ADD, e.data.fd, &e))
		fail_poster("no connection");
	return e.data.fd;
}

static void send_request(int fd, const char *request, size_t len)
{
	if (send(fd, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail_poster("a request was not taken whole");
}

/* A reply is so short that it comes whole. */
static void take_reply(int fd)
{
	char reply[REPLY_SIZE];
	ssize_t got = recv(fd, reply, sizeof(reply), 0);

	if (got < 4 || memcmp(reply + got - 4, "\r\n\r\n", 4) != 0)
		fail_poster("a reply is broken");
}

static double post_all(int port, long count, const char *request, size_t len)
{
	struct epoll_event events[HOST_MOVING_MAX];
	int epoll = epoll_create1(0);
	double begin = monotonic_seconds();
	long sent = 0;
	long taken = 0;

	for (; sent < HOST_MOVING_MAX && sent < count; sent++)
		send_request(open_connection(epoll, port), request, len);
	while (taken < count) {
		int ready = epoll_wait(epoll, events, HOST_MOVING_MAX, -1);

		for (int i = 0; i < ready; i++) {
			take_reply(events[i].data.fd);
			taken++;
			if (sent++ < count)
				send_request(events[i].data.fd, request, len);
		}
	}
	return (double)count / (monotonic_seconds() - begin);
}

int main(int argc, char **argv)
{
	static char request[REQUEST_MAX + 1];
	size_t len;

	if (argc != 4)
		fail_poster("usage: bench_poster PORT COUNT BYTES");
	len = make_request(request, strtoul(argv[3], NULL, 10));
	(void)printf("%.0f\n", post_all((int)strtol(argv[1], NULL, 10), strtol(argv[2], NULL, 10),
					request, len));
	return 0;
}
