#include "schemas/position.h"

#include "ops/support/number.h"

int position_parse(struct position *out, const char *text, struct error *err)
{
	struct bytes rest = bytes_of(text);
	int64_t partition;
	int64_t offset;

	if (!number_take(&rest, &partition) || partition > INT32_MAX || !rest.len ||
	    *rest.data != ':' ||
	    !number_parse((struct bytes){ rest.data + 1, rest.len - 1 }, 0, INT64_MAX - 1, &offset))
		return error_set(err, ERROR_USAGE,
				 "\"%s\" is not a position; give partition:offset, as in 3:17",
				 text);
	*out = (struct position){ (int)partition, offset };
	return 0;
}
