#include "producer/cli/moment.h"

#include "ops/support/number.h"

#include <assert.h>
#include <string.h>

enum { MS_PER_MINUTE = 60000, MS_PER_DAY = 86400000 };

static const struct {
	const char *unit;
	int64_t ms;
} units[] = { { "ms", 1 },      { "s", 1000 },       { "m", MS_PER_MINUTE },
	      { "h", 3600000 }, { "d", MS_PER_DAY }, { "w", 7LL * MS_PER_DAY } };

static const int64_t SPAN_MAX_MS = 100LL * 366 * MS_PER_DAY; /* more is a typing error */
static const int64_t YEAR_10000_MS = 253402300800000;

bool duration_parse(const char *text, int64_t max, int64_t *out)
{
	struct bytes unit = bytes_of(text);
	int64_t value;

	if (!number_take(&unit, &value))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!bytes_equal_text(unit, units[i].unit))
			continue;
		if (value < 1 || value > max / units[i].ms)
			return false;
		*out = value * units[i].ms;
		return true;
	}
	return false;
}

/* ---- times ---- */

/* Takes exactly `count` digits off the front, or returns -1 if they are not there. */
static int take_digits(const char **at, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++) {
		char c = (*at)[i];

		if (c < '0' || c > '9')
			return -1;
		value = value * 10 + (c - '0');
	}
	*at += count;
	return value;
}

static bool take_char(const char **at, const char *any)
{
	if (!**at || !strchr(any, **at))
		return false;
	(*at)++;
	return true;
}

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days from 1970-01-01; https://howardhinnant.github.io/date_algorithms.html#days_from_civil */
static int64_t days_since_1970(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static bool take_date(const char **at, int64_t *days)
{
	int year = take_digits(at, 4);
	int month = take_char(at, "-") ? take_digits(at, 2) : -1;
	int day = take_char(at, "-") ? take_digits(at, 2) : -1;

	if (year < 1970 || month < 1 || month > 12 || day < 1 || day > days_in(year, month))
		return false;
	*days = days_since_1970(year, month, day);
	return true;
}

/* The fraction of a second; what is finer than a millisecond is dropped. */
static bool take_fraction(const char **at, int64_t *ms)
{
	int64_t unit = 100;

	if (!take_char(at, "."))
		return true;
	if (**at < '0' || **at > '9')
		return false;
	for (; **at >= '0' && **at <= '9'; (*at)++, unit /= 10)
		*ms += unit * (**at - '0');
	return true;
}

static bool take_clock(const char **at, int64_t *ms)
{
	int hour = take_digits(at, 2);
	int minute = take_char(at, ":") ? take_digits(at, 2) : -1;
	bool seconds = take_char(at, ":");
	int second = seconds ? take_digits(at, 2) : 0;

	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59)
		return false;
	*ms = ((hour * 60LL + minute) * 60 + second) * 1000;
	return !seconds || take_fraction(at, ms);
}

/* "Z", "+02:00", "-05:30" */
static bool take_zone(const char **at, int64_t *ms)
{
	bool west = **at == '-';
	int hour;
	int minute;

	*ms = 0;
	if (take_char(at, "Zz"))
		return true;
	if (!take_char(at, "+-"))
		return false;
	hour = take_digits(at, 2);
	minute = take_char(at, ":") ? take_digits(at, 2) : -1;
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59)
		return false;
	*ms = (hour * 60LL + minute) * (west ? -MS_PER_MINUTE : MS_PER_MINUTE);
	return true;
}

bool moment_parse(const char *text, int64_t now, int64_t *out)
{
	int64_t days;
	int64_t clock;
	int64_t zone;
	int64_t ms;

	assert(text);
	if (duration_parse(text, SPAN_MAX_MS, out)) {
		*out += now;
		return true;
	}
	if (!take_date(&text, &days) || !take_char(&text, "Tt") || !take_clock(&text, &clock) ||
	    !take_zone(&text, &zone) || *text)
		return false;
	ms = days * MS_PER_DAY + clock - zone;
	if (ms <= 0 || ms >= YEAR_10000_MS)
		return false;
	*out = ms;
	return true;
}
