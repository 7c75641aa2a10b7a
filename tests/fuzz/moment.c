/*
 * Text typed for a number, a span or a point in time. What is accepted lies in
 * its bounds, and a point in time that is printed and read again is the same;
 * what is not accepted leaves the result untouched.
 */

#include "producer/cli/moment.h"

#include "ops/support/clock.h"
#include "ops/support/number.h"

#include "tests/fuzz/target.h"

static const int64_t NOW_MS = 1795512600007;
static const int64_t YEAR_10000_MS = 253402300800000;
static const int64_t UNTOUCHED = -77;

enum { MOST = 100000, SEVEN_DAYS_MS = 7 * 86400000 };

static void check_number(const char *text)
{
	int64_t value = UNTOUCHED;

	if (!number_parse(bytes_of(text), 3, MOST, &value)) {
		assert(value == UNTOUCHED);
		return;
	}
	assert(value >= 3 && value <= MOST);
	assert(strspn(text, "0123456789") == strlen(text));
}

static void check_duration(const char *text)
{
	int64_t ms = UNTOUCHED;
	int64_t least = UNTOUCHED;

	if (duration_parse(text, SEVEN_DAYS_MS, &ms)) {
		assert(ms == UNTOUCHED);
		return;
	}
	assert(ms >= 1 && ms <= SEVEN_DAYS_MS);
	assert(!duration_parse(text, ms, &least) && least == ms);
	assert(duration_parse(text, ms - 1, &least));
}

static void check_moment(const char *text)
{
	int64_t ms = UNTOUCHED;
	int64_t again = UNTOUCHED;
	char printed[RFC3339_SIZE];

	if (moment_parse(text, NOW_MS, &ms)) {
		assert(ms == UNTOUCHED);
		return;
	}
	assert(ms > 0 && ms < YEAR_10000_MS);
	clock_format_rfc3339(printed, ms);
	assert(!moment_parse(printed, NOW_MS, &again) && again == ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = text_copy((struct bytes){ data, len });

	check_number(text);
	check_duration(text);
	check_moment(text);
	free(text);
	return 0;
}
