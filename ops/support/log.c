#include "ops/support/log.h"

#include "ops/support/clock.h"

#include <stdarg.h>
#include <stdio.h>

enum { LOG_LINE_SIZE = 1024 };

static enum log_level threshold = LOG_LEVEL_INFO;

__attribute__((format(printf, 2, 0))) static void log_line(enum log_level level, const char *format,
							   va_list args)
{
	static const char *const names[] = { "error", "warn", "info", "debug" };
	char when[RFC3339_SIZE];
	char text[LOG_LINE_SIZE];

	if (level > threshold)
		return;
	clock_format_rfc3339(when, clock_unix_ms());
	(void)vsnprintf(text, sizeof(text), format, args);
	(void)fprintf(stderr, "%s %-5s %s\n", when, names[level], text);
}

void log_set_level(enum log_level level)
{
	threshold = level;
}

void log_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_ERROR, format, args);
	va_end(args);
}

void log_warn(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_WARN, format, args);
	va_end(args);
}

void log_info(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_INFO, format, args);
	va_end(args);
}

void log_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line(LOG_LEVEL_DEBUG, format, args);
	va_end(args);
}
