#include "producer/cli/name.h"

/* isalnum() may know more letters, depending on the locale. */
static bool is_letter_or_digit(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool name_is_plain(struct bytes name)
{
	bool after_hyphen = true;

	for (size_t i = 0; i < name.len; i++) {
		bool hyphen = name.data[i] == '-';

		if (hyphen ? after_hyphen : !is_letter_or_digit(name.data[i]))
			return false;
		after_hyphen = hyphen;
	}
	return !after_hyphen;
}
