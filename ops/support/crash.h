#ifndef SB_SUPPORT_CRASH_H
#define SB_SUPPORT_CRASH_H

/*
 * Crash points: places where a test wants the process dead. The environment
 * variable SHAREBUS_CRASH_AT=STEP[:N] names one; when the process reaches it for
 * the N-th time (default 1), it kills itself with SIGKILL: nothing is flushed,
 * closed or logged. Without the variable they do nothing. They are not in what
 * we ship: only in builds with the option SB_CRASH_POINTS.
 */

#ifdef SB_CRASH_POINTS

/* Kills the process if this is the step that is named, for the N-th time. Any thread. */
void crash_point(const char *step);

/* The same, but about a millisecond later: in the middle of whatever follows. */
void crash_point_soon(const char *step);

#else

static inline void crash_point(const char *step)
{
	(void)step;
}

static inline void crash_point_soon(const char *step)
{
	(void)step;
}

#endif

#endif
