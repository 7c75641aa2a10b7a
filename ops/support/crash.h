#ifndef SB_SUPPORT_CRASH_H
#define SB_SUPPORT_CRASH_H

/*
 * Crash points: places where a test wants the process dead. The environment
 * variable SHAREBUS_CRASH_AT=STEP[:N] names one; when the process comes to it
 * for the N-th time (default 1), it kills itself with SIGKILL: nothing is
 * flushed, closed or said. Without the variable they do nothing.
 */

/* Dies here, if this step is the one and its time has come. Any thread. */
void crash_point(const char *step);

/* The same, but about a millisecond later: in the middle of what follows. */
void crash_point_soon(const char *step);

#endif
