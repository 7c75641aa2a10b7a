/*
 * A receiver of webhooks that costs next to nothing: HTTP/1.1 with keep-alive, one
 * thread, every request gets the same status. It knows only what libcurl and
 * poster.c send: header names as they write them, a Content-Length, no pipelining.
 * Prints its port; appends "<webhook-id> <us of CLOCK_MONOTONIC> <bytes>" to FILE for
 * each request, as soon as it has nothing else to do. Runs until it is killed.
 *
 *	bench_receiver STATUS FILE
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEERS_MAX = 256, REQUEST_MAX = 1 << 16, EVENTS_MAX = 64, ID_MAX = 200 };

/* A connection, and what has come of its request. */
struct peer {
	size_t len;
	char data[REQUEST_MAX + 1];
};

struct receiver {
	int listener;
	int epoll;
	FILE *arrivals;
	char reply[64];
	struct peer peers[PEERS_MAX]; /* by descriptor */
};

static void fail_receiver(const char *what)
{
	perror(what);
	exit(1);
}

static int64_t monotonic_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- requests ---- */

/* The value of a header, whose name comes with what precedes and follows it; NULL: none. */
static const char *find_header(const char *request, const char *name)
{
	const char *found = strstr(request, name);

	return found ? found + strlen(name) : NULL;
}

/* How long the request is; 0: its end is not known yet. */
static size_t measure_request(const struct peer *p)
{
	const char *body = strstr(p->data, "\r\n\r\n");
	const char *length = find_header(p->data, "\r\nContent-Length: ");

	if (!body)
		return 0;
	return (size_t)(body + 4 - p->data) + (length ? strtoul(length, NULL, 10) : 0);
}

static void note_arrival(const struct receiver *r, const struct peer *p)
{
	const char *id = find_header(p->data, "\r\nwebhook-id: ");
	size_t len = id ? strcspn(id, "\r\n") : 0;

	if (!id || len > ID_MAX)
		fail_receiver("a request has no webhook-id");
	(void)fprintf(r->arrivals, "%.*s %lld %zu\n", (int)len, id, (long long)monotonic_us(),
		      p->len);
}

static void drop_peer(struct receiver *r, int fd)
{
	r->peers[fd].len = 0;
	(void)close(fd);
}

static void read_peer(struct receiver *r, int fd)
{
	struct peer *p = &r->peers[fd];
	ssize_t got = recv(fd, p->data + p->len, REQUEST_MAX - p->len, 0);
	size_t whole;

	if (got <= 0) {
		drop_peer(r, fd);
		return;
	}
	p->len += (size_t)got;
	p->data[p->len] = 0;
	whole = measure_request(p);
	if (!whole || p->len < whole)
		return;
	note_arrival(r, p);
	p->len = 0;
	if (send(fd, r->reply, strlen(r->reply), MSG_NOSIGNAL) < 0)
		drop_peer(r, fd);
}

/* ---- connections ---- */

static void watch_descriptor(const struct receiver *r, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .fd = fd } };

	if (epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &e))
		fail_receiver("epoll_ctl");
}

static void accept_peer(struct receiver *r)
{
	int fd = accept(r->listener, NULL, NULL);
	int yes = 1;

	if (fd < 0 || fd >= PEERS_MAX)
		fail_receiver("accept");
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	watch_descriptor(r, fd);
}

static void open_receiver(struct receiver *r)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);

	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	r->listener = socket(AF_INET, SOCK_STREAM, 0);
	r->epoll = epoll_create1(0);
	if (r->listener < 0 || r->epoll < 0 ||
	    bind(r->listener, (const struct sockaddr *)&a, sizeof(a)) ||
	    listen(r->listener, SOMAXCONN) || getsockname(r->listener, (struct sockaddr *)&a, &len))
		fail_receiver("the receiver cannot listen");
	watch_descriptor(r, r->listener);
	(void)printf("%d\n", ntohs(a.sin_port));
	(void)fflush(stdout);
}

static void serve_peers(struct receiver *r)
{
	struct epoll_event events[EVENTS_MAX];

	for (;;) {
		int ready = epoll_wait(r->epoll, events, EVENTS_MAX, 0);

		if (!ready) {
			(void)fflush(r->arrivals);
			ready = epoll_wait(r->epoll, events, EVENTS_MAX, -1);
		}
		for (int i = 0; i < ready; i++) {
			if (events[i].data.fd == r->listener)
				accept_peer(r);
			else
				read_peer(r, events[i].data.fd);
		}
	}
}

int main(int argc, char **argv)
{
	static struct receiver r; /* too large for the stack */

	if (argc != 3) {
		(void)fprintf(stderr, "usage: bench_receiver STATUS FILE\n");
		return 2;
	}
	(void)snprintf(r.reply, sizeof(r.reply), "HTTP/1.1 %ld -\r\nContent-Length: 0\r\n\r\n",
		       strtol(argv[1], NULL, 10));
	r.arrivals = fopen(argv[2], "w");
	if (!r.arrivals)
		fail_receiver(argv[2]);
	open_receiver(&r);
	serve_peers(&r);
	return 0;
}
