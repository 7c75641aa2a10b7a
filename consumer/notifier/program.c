/* For posix_spawn_file_actions_addclosefrom_np(), of glibc 2.34. */
#define _GNU_SOURCE /* NOLINT(bugprone-reserved-identifier): that is its name */

#include "consumer/notifier/program.h"

#include "ops/support/clock.h"
#include "ops/support/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_EVERY_MS = 20, PIECE_BYTES = 4096 };

extern char **environ;

/* A program that runs. */
struct running {
	pid_t pid;
	int to;   /* its standard input; -1: closed */
	int from; /* what it writes; -1: it writes no more */
	struct bytes input;
	size_t written; /* by the program */
	struct ended *end;
};

static void close_end(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* Both ends close in other programs, and ours never blocks. */
static int make_pipe(int fds[2], int ours, struct error *err)
{
	if (pipe(fds) == 0 && fcntl(fds[0], F_SETFD, FD_CLOEXEC) == 0 &&
	    fcntl(fds[1], F_SETFD, FD_CLOEXEC) == 0 && fcntl(fds[ours], F_SETFL, O_NONBLOCK) == 0)
		return 0;
	return error_set(err, ERROR_UNAVAILABLE, "there is no pipe for a program: %s",
			 strerror(errno));
}

/* The environment without what is about us. */
static char **make_environment(void)
{
	size_t count = 0;
	char **copy;

	while (environ[count])
		count++;
	copy = memory_zalloc(count + 1, sizeof(*copy));
	count = 0;
	for (char **one = environ; *one; one++)
		if (strncmp(*one, "SHAREBUS_", strlen("SHAREBUS_")) != 0)
			copy[count++] = *one;
	return copy;
}

static int spawn_with(pid_t *pid, char *const *argv, int in, int out)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none;
	sigset_t usual;
	char **environment = make_environment();
	int rc;

	(void)sigemptyset(&none);
	(void)sigemptyset(&usual);
	(void)sigaddset(&usual, SIGPIPE);
	(void)sigaddset(&usual, SIGHUP);
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	(void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	(void)posix_spawn_file_actions_adddup2(&actions, out, STDERR_FILENO);
	/* Libraries have pipes and sockets that would stay open, and so has another thread here. */
	(void)posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
	(void)posix_spawnattr_setpgroup(&attributes, 0);
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &usual);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							    POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn(pid, argv[0], &actions, &attributes, argv, environment);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	free((void *)environment);
	return rc;
}

static int start_program(struct running *r, char *const *argv, struct error *err)
{
	int to[2] = { -1, -1 };
	int from[2] = { -1, -1 };
	int rc = make_pipe(to, 1, err);
	int code = 0;

	if (!rc)
		rc = make_pipe(from, 0, err);
	if (!rc)
		code = spawn_with(&r->pid, argv, to[0], from[1]);
	if (code)
		rc = error_set(err,
			       code == EAGAIN || code == ENOMEM ? ERROR_UNAVAILABLE : ERROR_INPUT,
			       "%s cannot be started: %s", argv[0], strerror(code));
	close_end(&to[0]);
	close_end(&from[1]);
	if (rc) {
		close_end(&to[1]);
		close_end(&from[0]);
		return rc;
	}
	r->to = to[1];
	r->from = from[0];
	return 0;
}

/* A program that reads no more of it is none the worse. */
static void feed_program(struct running *r)
{
	ssize_t n = r->input.len ? write(r->to, r->input.data, r->input.len) : 0;

	if (n > 0)
		r->input = (struct bytes){ r->input.data + n, r->input.len - (size_t)n };
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || !r->input.len)
		close_end(&r->to);
}

static void hear_program(struct running *r)
{
	char piece[PIECE_BYTES];
	ssize_t n = read(r->from, piece, sizeof(piece));
	size_t room;

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_end(&r->from);
	if (n <= 0)
		return;
	if (r->written < PROGRAM_OUTPUT_SIZE) {
		room = PROGRAM_OUTPUT_SIZE - r->written;
		memcpy(r->end->output + r->written, piece, (size_t)n < room ? (size_t)n : room);
	}
	r->written += (size_t)n;
}

/* Waits a moment for what the program reads and writes. */
static void serve_program(struct running *r)
{
	struct pollfd fds[] = { { .fd = r->to, .events = POLLOUT },
				{ .fd = r->from, .events = POLLIN } };

	if (poll(fds, 2, LOOK_EVERY_MS) <= 0)
		return;
	if (r->to >= 0 && fds[0].revents)
		feed_program(r);
	if (r->from >= 0 && fds[1].revents)
		hear_program(r);
}

static const char *why_to_end(const struct running *r, int64_t deadline_ms, const atomic_bool *stop)
{
	if (*stop)
		return "the notifier stops";
	if (clock_monotonic_ms() >= deadline_ms)
		return "it has not ended in time";
	return r->written > PROGRAM_OUTPUT_MAX_BYTES ? "it writes too much" : NULL;
}

static void note_end(struct running *r, int status)
{
	r->end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (WIFSIGNALED(status) && !r->end->why[0])
		(void)snprintf(r->end->why, sizeof(r->end->why), "signal %d ended it",
			       WTERMSIG(status));
}

static void attend_program(struct running *r, int64_t timeout_ms, const atomic_bool *stop)
{
	int64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
	const char *why = NULL;
	int status = 0;
	pid_t gone = 0;

	while (!gone && !why) {
		serve_program(r);
		gone = waitpid(r->pid, &status, WNOHANG);
		why = gone ? NULL : why_to_end(r, deadline_ms, stop);
	}
	if (why)
		(void)snprintf(r->end->why, sizeof(r->end->why), "%s", why);
	/* Also what it has started and left. */
	(void)kill(-r->pid, SIGKILL);
	while (!gone)
		gone = waitpid(r->pid, &status, 0) == r->pid ? r->pid : 0;
	while (r->from >= 0 && r->written < PROGRAM_OUTPUT_SIZE) {
		size_t before = r->written;

		hear_program(r);
		if (r->written == before)
			break;
	}
	note_end(r, status);
	if (why)
		r->end->status = -1;
}

int program_run(char *const *argv, struct bytes input, int64_t timeout_ms, const atomic_bool *stop,
		struct ended *out, struct error *err)
{
	struct ended end = { .status = -1 };
	struct running r = { .input = input, .to = -1, .from = -1, .end = &end };
	int rc = start_program(&r, argv, err);

	if (rc)
		return rc;
	attend_program(&r, timeout_ms, stop);
	close_end(&r.to);
	close_end(&r.from);
	*out = end;
	return 0;
}
