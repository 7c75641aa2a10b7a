#include "ops/support/number.h"

bool number_take(struct bytes *text, int64_t *out)
{
	int64_t value = 0;
	size_t i = 0;

	for (; i < text->len && text->data[i] >= '0' && text->data[i] <= '9'; i++) {
		int digit = text->data[i] - '0';

		if (value > (INT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (!i)
		return false;
	*text = (struct bytes){ text->data + i, text->len - i };
	*out = value;
	return true;
}

bool number_parse(struct bytes text, int64_t min, int64_t max, int64_t *out)
{
	int64_t value;

	if (!number_take(&text, &value) || text.len || value < min || value > max)
		return false;
	*out = value;
	return true;
}
