#ifndef SB_SUPPORT_NUMBER_H
#define SB_SUPPORT_NUMBER_H

/* Decimal numbers without a sign: read from text that comes from outside, and written. Pure. */

#include "ops/support/bytes.h"

/*
 * Takes the number off the front of the text, with all the digits it has.
 * Returns false, and takes nothing, when the text does not begin with a digit
 * or the number is beyond INT64_MAX.
 */
bool number_take(struct bytes *text, int64_t *out);

/* Reads the whole text as a number from min to max. False for anything else, *out untouched. */
bool number_parse(struct bytes text, int64_t min, int64_t max, int64_t *out);

enum { NUMBER_DIGITS_MAX = 20 };

/*
 * Writes the number so that its last digit stands just before `end`; returns where
 * it begins, up to NUMBER_DIGITS_MAX bytes before. What snprintf() takes a thousand
 * instructions for takes some dozens here.
 */
static inline uint8_t *number_write(uint8_t *end, uint64_t value)
{
	do {
		*--end = (uint8_t)('0' + value % 10);
		value /= 10;
	} while (value);
	return end;
}

#endif
