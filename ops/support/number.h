#ifndef SB_SUPPORT_NUMBER_H
#define SB_SUPPORT_NUMBER_H

/* Decimal numbers without a sign, in text from outside. Pure. */

#include "ops/support/bytes.h"

/*
 * Takes the number off the front of the text, with all the digits it has.
 * Returns false, and takes nothing, when the text does not begin with a digit
 * or the number is beyond INT64_MAX.
 */
bool number_take(struct bytes *text, int64_t *out);

/* Reads the whole text as a number from min to max. False for anything else, *out untouched. */
bool number_parse(struct bytes text, int64_t min, int64_t max, int64_t *out);

#endif
