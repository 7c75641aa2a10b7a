#include "consumer/notifier/retry_after.h"

#include "ops/support/clock.h"
#include "ops/support/number.h"

#include <stdio.h>
#include <string.h>

enum { DATE_LEN = 29, MS = 1000, DAY_SECONDS = 86400 };

/* 1 to 12, or 0. */
static int parse_month(const char *name)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++)
		if (memcmp(months + 3 * (size_t)i, name, 3) == 0)
			return i + 1;
	return 0;
}

/* A number of exactly `digits` digits at that place. */
static bool take_digits(struct bytes text, size_t at, size_t digits, int64_t max, int64_t *out)
{
	const struct bytes part = { text.data + at, digits };

	for (size_t i = 0; i < digits; i++)
		if (part.data[i] < '0' || part.data[i] > '9')
			return false;
	return number_parse(part, 0, max, out);
}

/* Of "Sun, 06 Nov 1994 08:49:37 GMT"; the day of the week is not looked at. */
static bool parse_date(struct bytes text, int64_t *unix_ms)
{
	int64_t day = 0;
	int64_t year = 0;
	int64_t hour = 0;
	int64_t minute = 0;
	int64_t second = 0;
	int month;

	if (text.len != DATE_LEN || memcmp(text.data + 3, ", ", 2) != 0 ||
	    memcmp(text.data + 25, " GMT", 4) != 0)
		return false;
	month = parse_month((const char *)text.data + 8);
	if (!month || !take_digits(text, 5, 2, 31, &day) ||
	    !take_digits(text, 12, 4, 9999, &year) || !take_digits(text, 17, 2, 23, &hour) ||
	    !take_digits(text, 20, 2, 59, &minute) || !take_digits(text, 23, 2, 60, &second))
		return false;
	*unix_ms =
		(clock_days(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second) *
		MS;
	return true;
}

int64_t retry_after_ms(struct bytes value, int64_t now_ms)
{
	int64_t wait = 0;

	while (value.len && value.data[value.len - 1] == ' ')
		value.len--;
	if (number_parse(value, 0, INT64_MAX, &wait)) {
		wait = wait < RETRY_AFTER_MAX_MS / MS ? wait * MS : RETRY_AFTER_MAX_MS;
	} else if (value.len && parse_date(value, &wait)) {
		wait -= now_ms;
	} else {
		return -1;
	}
	if (wait < 0)
		return 0;
	return wait < RETRY_AFTER_MAX_MS ? wait : RETRY_AFTER_MAX_MS;
}
