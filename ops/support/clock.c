#include "ops/support/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DAY_MS = 86400000 };

static const int64_t FIRST_MS = -62167219200000; /* 0000-01-01T00:00:00.000Z */
static const int64_t LAST_MS = 253402300799999;  /* 9999-12-31T23:59:59.999Z */

static int64_t now_ms(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_monotonic_ms(void)
{
	return now_ms(CLOCK_MONOTONIC);
}

int64_t clock_unix_ms(void)
{
	return now_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void clock_pause_ms(int ms)
{
	struct timespec pause = { ms / 1000, ms % 1000 * 1000000L };

	(void)nanosleep(&pause, NULL);
}

/* Writes value with the given number of decimal digits at p; returns what follows. */
static char *put_digits(char *p, int64_t value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		p[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return p + digits;
}

/* A moment in UTC, taken apart. */
struct moment {
	int64_t year;
	int64_t month; /* 1 to 12 */
	int64_t day;   /* 1 to 31 */
	int64_t ms;    /* of the day */
};

/* After H. Hinnant, as split_time(): years begin with March, so that the leap day is their last. */
int64_t clock_days(int64_t year, int64_t month, int64_t day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

/*
 * Takes a time apart that lies between FIRST_MS and LAST_MS, or the nearest that
 * does, after H. Hinnant, "chrono-Compatible Low-Level Date Algorithms".
 */
static struct moment split_time(int64_t unix_ms)
{
	int64_t ms = unix_ms < FIRST_MS ? FIRST_MS : unix_ms > LAST_MS ? LAST_MS : unix_ms;
	int64_t days = ms / DAY_MS - (ms % DAY_MS < 0);
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	return (struct moment){ yoe + era * 400 + (month <= 2), month, doy - (153 * mp + 2) / 5 + 1,
				ms - days * DAY_MS };
}

void clock_format_rfc3339(char out[static RFC3339_SIZE], int64_t unix_ms)
{
	const struct moment m = split_time(unix_ms);
	char *p = put_digits(out, m.year, 4);

	*p++ = '-';
	p = put_digits(p, m.month, 2);
	*p++ = '-';
	p = put_digits(p, m.day, 2);
	*p++ = 'T';
	p = put_digits(p, m.ms / 3600000, 2);
	*p++ = ':';
	p = put_digits(p, m.ms / 60000 % 60, 2);
	*p++ = ':';
	p = put_digits(p, m.ms / 1000 % 60, 2);
	*p++ = '.';
	p = put_digits(p, m.ms % 1000, 3);
	*p++ = 'Z';
	*p = 0;
}

void clock_format_words(char out[static WORDS_SIZE], int64_t unix_ms)
{
	static const char *const months[] = { "January",   "February", "March",    "April",
					      "May",       "June",     "July",     "August",
					      "September", "October",  "November", "December" };
	const struct moment m = split_time(unix_ms);
	char *p = put_digits(out, m.day, m.day < 10 ? 1 : 2);

	*p++ = ' ';
	for (const char *c = months[m.month - 1]; *c; c++)
		*p++ = *c;
	*p++ = ' ';
	p = put_digits(p, m.year, 4);
	*p++ = ',';
	*p++ = ' ';
	p = put_digits(p, m.ms / 3600000, 2);
	*p++ = ':';
	p = put_digits(p, m.ms / 60000 % 60, 2);
	memcpy(p, " UTC", sizeof(" UTC"));
}

void clock_format_span(char out[static SPAN_SIZE], int64_t ms)
{
	static const struct {
		int64_t below_ms; /* a span as long as that has the next unit */
		int64_t unit_ms;
		const char *name;
	} units[] = { { 120000, 1000, "s" },
		      { 7200000, 60000, "min" },
		      { 172800000, 3600000, "h" },
		      { INT64_MAX, 86400000, "days" } };
	size_t i = 0;

	if (ms >= 0 && ms < 10000 && ms % 1000) {
		(void)snprintf(out, SPAN_SIZE, "%.1f s", (double)ms / 1000);
		return;
	}
	while (ms >= units[i].below_ms && i < 3)
		i++;
	(void)snprintf(out, SPAN_SIZE, "%lld %s", (long long)(ms / units[i].unit_ms),
		       units[i].name);
}
