#include "ops/support/supervisor.h"

#include "ops/support/bytes.h"
#include "ops/support/harmless.h"
#include "ops/support/number.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	START_PING_MS = 15000, /* below any TimeoutStartSec= that is worth having */
	START_MORE_S = 60,     /* by how much a ping puts off the end of that time */
};

/* "/path", or "@name" for a socket without a file. */
static int connect_to(int fd, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = strlen(path);

	if ((path[0] != '/' && path[0] != '@') || len < 2 || len >= sizeof(to.sun_path))
		return -1;
	memcpy(to.sun_path, path, len);
	if (path[0] == '@')
		to.sun_path[0] = '\0';
	return connect(fd, (const struct sockaddr *)&to,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
}

/* What WATCHDOG_USEC says, if it is meant for this process. */
static int64_t read_watchdog(void)
{
	const char *usec = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	int64_t us = 0;
	int64_t whose = 0;

	if (!usec || !number_parse(bytes_of(usec), 1, INT64_MAX, &us))
		return 0;
	if (pid && (!number_parse(bytes_of(pid), 1, INT64_MAX, &whose) || whose != getpid()))
		return 0;
	return us / 1000 / 2 ? us / 1000 / 2 : 1;
}

int supervisor_open(struct supervisor *s, struct error *err)
{
	const char *path = getenv("NOTIFY_SOCKET");

	*s = (struct supervisor){ .fd = -1 };
	if (!path || !path[0])
		return 0;
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (s->fd < 0 || connect_to(s->fd, path)) {
		supervisor_close(s);
		return error_set(err, ERROR_INPUT,
				 "NOTIFY_SOCKET is \"%s\"; that is no socket to send to", path);
	}
	s->ping_every_ms = read_watchdog();
	return 0;
}

void supervisor_close(struct supervisor *s)
{
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
}

static bool send_text(const struct supervisor *s, const char *text)
{
	size_t len = strlen(text);

	return send(s->fd, text, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

void supervisor_ready(struct supervisor *s)
{
	if (s->fd >= 0 && !s->ready)
		s->ready = send_text(s, "READY=1");
}

void supervisor_status(struct supervisor *s, const char *text)
{
	static const char name[] = "STATUS=";
	char line[sizeof(name) + SUPERVISOR_STATUS_SIZE];
	size_t len = strlen(name);
	size_t left = strnlen(text, SUPERVISOR_STATUS_SIZE - 1);

	if (s->fd < 0 || strncmp(s->status, text, SUPERVISOR_STATUS_SIZE - 1) == 0)
		return;
	memcpy(line, name, len);
	/* A new line would begin another assignment. */
	for (const char *p = text; left;) {
		size_t taken;

		len += harmless_copy((uint8_t *)line + len, (const uint8_t *)p, left, &taken);
		p += taken;
		left -= taken;
	}
	line[len] = '\0';
	if (send_text(s, line))
		(void)snprintf(s->status, sizeof(s->status), "%s", text);
}

void supervisor_stopping(struct supervisor *s)
{
	if (s->fd >= 0)
		(void)send_text(s, "STOPPING=1");
}

static int64_t ping_interval(const struct supervisor *s)
{
	if (s->ready || (s->ping_every_ms && s->ping_every_ms < START_PING_MS))
		return s->ping_every_ms;
	return START_PING_MS;
}

int64_t supervisor_due_ms(const struct supervisor *s)
{
	int64_t every_ms = s->fd < 0 ? 0 : ping_interval(s);

	if (!every_ms)
		return INT64_MAX;
	return s->pinged_ms ? s->pinged_ms + every_ms : 0;
}

void supervisor_ping(struct supervisor *s, int64_t now_ms)
{
	char text[64];

	if (now_ms < supervisor_due_ms(s))
		return;
	(void)snprintf(text, sizeof(text), "WATCHDOG=1\nEXTEND_TIMEOUT_USEC=%d000000",
		       START_MORE_S);
	if (s->ready)
		text[strlen("WATCHDOG=1")] = '\0';
	s->pinged_ms = now_ms;
	if (!send_text(s, text)) /* it is tried again soon, but not at once */
		s->pinged_ms -= ping_interval(s) * 3 / 4;
}
