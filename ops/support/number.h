#ifndef SB_SUPPORT_NUMBER_H
#define SB_SUPPORT_NUMBER_H

/* Decimal numbers without a sign, in text from outside. Pure. */

#include "ops/support/bytes.h"

/*
 * Takes the number that the text begins with off its front: as many digits as
 * there are. False when it begins with none or the number is beyond INT64_MAX;
 * then nothing is taken.
 */
bool number_take(struct bytes *text, int64_t *out);

/* The whole text as a number, min to max. False for anything else, *out untouched. */
bool number_parse(struct bytes text, int64_t min, int64_t max, int64_t *out);

#endif
