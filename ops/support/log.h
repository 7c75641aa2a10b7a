#ifndef SB_SUPPORT_LOG_H
#define SB_SUPPORT_LOG_H

/*
 * One line per message, in the form that log_line.h shows. Programs log, libraries
 * return errors. May be called from any thread; a line is written whole.
 *
 * Lines go to stderr at once, which may block, until log_start() is called. From
 * then on a thread of the log's own writes them, and logging never blocks: a
 * line that finds no room, because nobody reads what was written before, is
 * dropped. So is one that cannot be written, for example to a full disk. The
 * next line that is written stands after one that says how many were dropped.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "ops/support/log_line.h"

#include <stdbool.h>

/* Messages above this level are dropped. The default is INFO. Set before threads start. */
void log_set_level(enum log_level level);

/* The default is TEXT. Set before threads start. */
void log_set_format(enum log_format format);

/* Is fd a stream to systemd's journal, as JOURNAL_STREAM says (systemd.exec(5))? */
bool log_is_journal(int fd);

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

/*
 * A warning that may come again and again, and in several words: those that are
 * about the same stand in the log once a minute, and the others at level debug.
 */
void log_warn_seldom(const char *about, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A line about one partition: it begins with "partition 3: ", and has that as a field in JSON. */
void log_partition(enum log_level level, int partition, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
