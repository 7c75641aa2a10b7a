#ifndef SB_SUPPORT_LOG_H
#define SB_SUPPORT_LOG_H

/*
 * One line per message: time, level, text. Programs log, libraries return
 * errors. May be called from any thread; a line is written whole.
 *
 * Lines go to stderr at once, which may block, until log_start() is called. From
 * then on a thread of the log's own writes them, and logging never blocks: a
 * line that finds no room, because nobody reads what was written before, is
 * dropped. So is one that cannot be written, for example to a full disk. The
 * next line that is written stands after one that says how many were dropped.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Messages above this level are dropped. The default is INFO. Set before threads start. */
void log_set_level(enum log_level level);

/*
 * Starts the thread, which writes to fd until the process ends. Called once,
 * before other threads log. ERROR_NOMEM: the thread cannot be started.
 */
MUST_USE int log_start(int fd, struct error *err);

/* Waits until all lines are written or dropped, but no longer than wait_ms. */
void log_flush(int wait_ms);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
