/* A value of Retry-After of any bytes: a wait within its bound, or none; nothing is read past its end. */

#include "consumer/notifier/retry_after.h"

#include "tests/fuzz/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const int64_t now_ms = INT64_C(1795512600000);
	int64_t wait = retry_after_ms((struct bytes){ data, len }, now_ms);

	assert(wait >= -1 && wait <= RETRY_AFTER_MAX_MS);
	/* Later, nothing asks for a longer wait. */
	assert(retry_after_ms((struct bytes){ data, len }, now_ms + 1000) <= wait);
	return 0;
}
