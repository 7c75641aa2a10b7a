#include "consumer/notifier/backoff.h"

int64_t backoff_ms(int64_t failures, uint64_t chance)
{
	int64_t max = BACKOFF_FIRST_MS;

	for (int64_t i = 1; i < failures && max < BACKOFF_MAX_MS; i++)
		max *= 2;
	max = max < BACKOFF_MAX_MS ? max : BACKOFF_MAX_MS;
	return 1 + (int64_t)(chance % (uint64_t)max);
}

uint64_t backoff_draw(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}
