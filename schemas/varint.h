#ifndef SB_SCHEMAS_VARINT_H
#define SB_SCHEMAS_VARINT_H

/*
 * Avro's numbers (Apache Avro 1.11 specification, "Binary encoding"): zigzag, then
 * 7 bits a byte, the lowest first. Strict about what is read, but as in Java a
 * number may be written with more bytes than it needs.
 */

#include <stdint.h>

enum {
	VARINT_INT_BITS = 32,    /* an int, or the index of an enum or union: at most 5 bytes */
	VARINT_LONG_BITS = 64,   /* a long, or a length or count: at most 10 bytes */
	VARINT_LONG_BYTES = 10,  /* the longest of them */
	VARINT_SHORT_MAX = 0x7f, /* the largest of one byte, before zigzag is undone */
};

enum varint_result {
	VARINT_TAKEN,
	VARINT_CUT,  /* the bytes end before the number does */
	VARINT_WIDE, /* the number has too many bytes or bits */
};

static inline uint64_t zigzag_encode(int64_t value)
{
	return (uint64_t)value << 1 ^ (uint64_t)(value >> 63);
}

static inline int64_t zigzag_decode(uint64_t value)
{
	return (int64_t)(value >> 1) ^ -(int64_t)(value & 1);
}

/*
 * Takes a number of at most so many bits from *at, which moves on, and reads
 * nothing from end on. On failure *out and *at are undefined.
 */
static inline enum varint_result varint_take(const uint8_t **at, const uint8_t *end, unsigned bits,
					     int64_t *out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < bits; shift += 7) {
		uint8_t byte;

		if (*at == end)
			return VARINT_CUT;
		byte = *(*at)++;
		/* The last byte has fewer than 7 bits of room. */
		if (bits - shift < 7 && byte >> (bits - shift))
			return VARINT_WIDE;
		value |= (uint64_t)(byte & VARINT_SHORT_MAX) << shift;
		if (byte > VARINT_SHORT_MAX)
			continue;
		*out = zigzag_decode(value);
		return VARINT_TAKEN;
	}
	return VARINT_WIDE;
}

/* Writes a number to p, which has room for VARINT_LONG_BYTES; returns where it ends. */
static inline uint8_t *varint_put(uint8_t *p, int64_t number)
{
	uint64_t value = zigzag_encode(number);

	while (value > VARINT_SHORT_MAX) {
		*p++ = (uint8_t)(value | 0x80);
		value >>= 7;
	}
	*p++ = (uint8_t)value;
	return p;
}

#endif
