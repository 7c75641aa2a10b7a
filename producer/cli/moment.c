#include "producer/cli/moment.h"

#include "ops/support/clock.h"
#include "ops/support/number.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { MS_PER_MINUTE = 60000, MS_PER_DAY = 86400000 };

/* The larger first, as they must stand in a duration. */
static const struct {
	const char *unit;
	int64_t ms;
} units[] = { { "w", 7LL * MS_PER_DAY }, { "d", MS_PER_DAY }, { "h", 3600000 },
	      { "m", MS_PER_MINUTE },    { "s", 1000 },       { "ms", 1 } };
enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

static const int64_t SPAN_MAX_MS = 100LL * 366 * MS_PER_DAY; /* more is a typing error */
static const int64_t YEAR_10000_MS = 253402300800000;

/* ---- durations ---- */

/* Takes the letters off the front of the text, and returns the number of that unit, or UNIT_COUNT. */
static size_t take_unit(struct bytes *text)
{
	struct bytes word = *text;
	size_t i = 0;

	while (text->len && isalpha(text->data[0])) {
		text->data++;
		text->len--;
	}
	word.len -= text->len;
	while (i < UNIT_COUNT && !bytes_equal_text(word, units[i].unit))
		i++;
	return i;
}

const char *duration_parse(const char *text, int64_t max, int64_t *out)
{
	struct bytes rest = bytes_of(text);
	size_t largest = 0;
	int64_t sum = 0;
	int64_t value;

	do {
		size_t unit;

		if (!number_take(&rest, &value))
			return "a whole number must stand before each unit";
		unit = take_unit(&rest);
		if (unit == UNIT_COUNT)
			return "its unit must be ms, s, m, h, d or w";
		if (unit < largest)
			return "each unit may stand once, the larger first";
		if (value > (max - sum) / units[unit].ms)
			return "it is too long";
		sum += value * units[unit].ms;
		largest = unit + 1;
	} while (rest.len);
	if (!sum)
		return "it must be longer than nothing";
	*out = sum;
	return NULL;
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

static const char *take_date(const char **at, int64_t *days)
{
	int year = take_digits(at, 4);
	int month = take_char(at, "-") ? take_digits(at, 2) : -1;
	int day = take_char(at, "-") ? take_digits(at, 2) : -1;

	if (year < 0 || month < 0 || day < 0)
		return "a date must be year, month and day, as in 2026-12-01";
	if (year < 1970)
		return "it is before 1970";
	if (month < 1 || month > 12)
		return "there is no such month";
	if (day < 1 || day > days_in(year, month))
		return "the month has no such day";
	*days = clock_days(year, month, day);
	return NULL;
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

static const char *take_clock(const char **at, int64_t *ms)
{
	static const char form[] = "a time of day must be hours and minutes, as in 18:00";
	int hour = take_digits(at, 2);
	int minute = take_char(at, ":") ? take_digits(at, 2) : -1;
	bool seconds = take_char(at, ":");
	int second = seconds ? take_digits(at, 2) : 0;

	if (hour < 0 || minute < 0 || second < 0)
		return form;
	if (hour > 23 || minute > 59 || second > 59)
		return "there is no such time of day";
	*ms = ((hour * 60LL + minute) * 60 + second) * 1000;
	return !seconds || take_fraction(at, ms) ? NULL : form;
}

/* "Z", "+02:00", "-0530" */
static const char *take_zone(const char **at, int64_t *ms)
{
	static const char form[] = "the zone must be Z, or as in +01:00";
	bool west = **at == '-';
	int hour;
	int minute;

	*ms = 0;
	if (!**at)
		return "the zone is missing: Z, or as in +01:00";
	if (take_char(at, "Zz"))
		return NULL;
	if (!take_char(at, "+-"))
		return form;
	hour = take_digits(at, 2);
	(void)take_char(at, ":");
	minute = take_digits(at, 2);
	if (hour < 0 || minute < 0)
		return form;
	if (hour > 23 || minute > 59)
		return "there is no such zone";
	*ms = (hour * 60LL + minute) * (west ? -MS_PER_MINUTE : MS_PER_MINUTE);
	return NULL;
}

static const char *parse_time(const char *text, int64_t *out)
{
	int64_t days = 0;
	int64_t clock = 0;
	int64_t zone = 0;
	int64_t ms;
	const char *wrong = take_date(&text, &days);

	if (!wrong && !*text)
		wrong = "the time of day is missing, as in 2026-12-01T18:00Z";
	if (!wrong && !take_char(&text, "Tt "))
		wrong = "a T must stand between the date and the time of day";
	if (!wrong)
		wrong = take_clock(&text, &clock);
	if (!wrong)
		wrong = take_zone(&text, &zone);
	if (!wrong && *text)
		wrong = "something follows the zone";
	if (wrong)
		return wrong;
	ms = days * MS_PER_DAY + clock - zone;
	if (ms <= 0)
		return "it is before 1970";
	if (ms >= YEAR_10000_MS)
		return "it is after the year 9999";
	*out = ms;
	return NULL;
}

/* ---- either ---- */

/* Four digits and a hyphen begin a date, and no duration. */
static bool is_date(const char *text)
{
	return take_digits(&text, 4) >= 0 && *text == '-';
}

static bool is_duration(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && isalpha((unsigned char)text[digits]);
}

/* Sets the span, or the time and a span of 0. */
static const char *parse_either(const char *text, int64_t *span, int64_t *time)
{
	*span = 0;
	if (is_date(text))
		return parse_time(text, time);
	if (is_duration(text))
		return duration_parse(text, SPAN_MAX_MS, span);
	return "give a span such as 8h or 1h30m, or a time such as 2026-12-01T18:00Z";
}

const char *moment_parse(const char *text, int64_t now, int64_t *out)
{
	int64_t span;
	int64_t time = 0;
	const char *wrong = parse_either(text, &span, &time);

	if (!wrong)
		*out = span ? now + span : time;
	return wrong;
}

const char *moment_parse_past(const char *text, int64_t now, int64_t *out)
{
	int64_t span;
	int64_t time = 0;
	const char *wrong = parse_either(text, &span, &time);

	if (!wrong && span)
		time = now > span ? now - span : 1;
	if (!wrong)
		*out = time;
	return wrong;
}
