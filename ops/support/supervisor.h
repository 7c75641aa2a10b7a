#ifndef SB_SUPPORT_SUPERVISOR_H
#define SB_SUPPORT_SUPERVISOR_H

/*
 * Tells systemd, or whoever else has started this process and set NOTIFY_SOCKET,
 * that it is ready, what it does, and that it is not hung: the protocol of
 * sd_notify(3). Without NOTIFY_SOCKET all of it does nothing. Nothing here blocks:
 * what a full socket does not take is told the next time. One thread.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stdint.h>

enum { SUPERVISOR_STATUS_SIZE = 512 };

struct supervisor {
	int fd;                              /* -1: nobody wants to know */
	int64_t ping_every_ms;               /* once ready; 0: nobody waits for pings */
	int64_t pinged_ms;                   /* monotonic */
	bool ready;                          /* READY=1 is told */
	char status[SUPERVISOR_STATUS_SIZE]; /* as told last */
};

/* Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. ERROR_INPUT: it is no such socket. */
MUST_USE int supervisor_open(struct supervisor *s, struct error *err);
void supervisor_close(struct supervisor *s);

/* It does what it was started for. Told once. */
void supervisor_ready(struct supervisor *s);

/* One line for `systemctl status`; told when it is another one than before. */
void supervisor_status(struct supervisor *s, const char *text);

/* It ends in order. */
void supervisor_stopping(struct supervisor *s);

/*
 * Whoever calls this vouches that the process works. Tells so when that is due:
 * at half of the time after which it counts as hung; and until it is ready, that
 * the start is still on its way, however long it takes.
 */
void supervisor_ping(struct supervisor *s, int64_t now_ms);

/* When the next ping is due, in ms of CLOCK_MONOTONIC; INT64_MAX: never. */
int64_t supervisor_due_ms(const struct supervisor *s);

#endif
