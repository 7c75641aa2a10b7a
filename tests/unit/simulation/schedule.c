#include "tests/unit/simulation/schedule.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct schedule schedule;

/* SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators". */
static uint64_t next(void)
{
	uint64_t z = schedule.dice += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

unsigned draw(unsigned n)
{
	return (unsigned)((next() >> 32) * n >> 32);
}

bool chance(unsigned in_1000)
{
	return in_1000 && draw(1000) < in_1000;
}

void trace(const char *format, ...)
{
	va_list args;

	if (!schedule.traced)
		return;
	(void)printf("%8lld  ", (long long)schedule.now_ms);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\n");
	(void)fflush(stdout);
}

void broken_promise(const char *format, ...)
{
	va_list args;

	(void)printf("seed %llu: ", (unsigned long long)schedule.seed);
	va_start(args, format);
	(void)vprintf(format, args);
	va_end(args);
	(void)printf("\nSHAREBUS_SIMULATION_SEED=%llu repeats it with a trace\n",
		     (unsigned long long)schedule.seed);
	(void)fflush(stdout);
	exit(1);
}
