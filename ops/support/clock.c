#include "ops/support/clock.h"

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

/*
 * Writes the date of a day, counted from 1970-01-01, after H. Hinnant,
 * "chrono-Compatible Low-Level Date Algorithms".
 */
static char *put_date(char *p, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;

	p = put_digits(p, yoe + era * 400 + (month <= 2), 4);
	*p++ = '-';
	p = put_digits(p, month, 2);
	*p++ = '-';
	return put_digits(p, doy - (153 * mp + 2) / 5 + 1, 2);
}

void clock_format_rfc3339(char out[static RFC3339_SIZE], int64_t unix_ms)
{
	char *p = out;
	int64_t days;
	int64_t ms;

	if (unix_ms < FIRST_MS)
		unix_ms = FIRST_MS;
	if (unix_ms > LAST_MS)
		unix_ms = LAST_MS;
	days = unix_ms / DAY_MS - (unix_ms % DAY_MS < 0);
	ms = unix_ms - days * DAY_MS;
	p = put_date(p, days);
	*p++ = 'T';
	p = put_digits(p, ms / 3600000, 2);
	*p++ = ':';
	p = put_digits(p, ms / 60000 % 60, 2);
	*p++ = ':';
	p = put_digits(p, ms / 1000 % 60, 2);
	*p++ = '.';
	p = put_digits(p, ms % 1000, 3);
	*p++ = 'Z';
	*p = 0;
}
