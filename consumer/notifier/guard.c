#include "consumer/notifier/guard.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

/* A block of IPv4 addresses, in host order. */
struct block4 {
	uint32_t first;
	int bits;
	const char *reason;
};

#define IP4(a, b, c, d)                                                                            \
	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static const struct block4 blocks4[] = {
	{ IP4(0, 0, 0, 0), 8, "unspecified" },
	{ IP4(10, 0, 0, 0), 8, "private" },
	{ IP4(100, 64, 0, 0), 10, "of a carrier's network" },
	{ IP4(127, 0, 0, 0), 8, "loopback" },
	{ IP4(169, 254, 0, 0), 16, "link-local" },
	{ IP4(172, 16, 0, 0), 12, "private" },
	{ IP4(192, 0, 0, 0), 24, "reserved" },
	{ IP4(192, 0, 2, 0), 24, "for documentation" },
	{ IP4(192, 31, 196, 0), 24, "reserved" },
	{ IP4(192, 52, 193, 0), 24, "reserved" },
	{ IP4(192, 88, 99, 0), 24, "a relay's" },
	{ IP4(192, 168, 0, 0), 16, "private" },
	{ IP4(192, 175, 48, 0), 24, "reserved" },
	{ IP4(198, 18, 0, 0), 15, "for benchmarks" },
	{ IP4(198, 51, 100, 0), 24, "for documentation" },
	{ IP4(203, 0, 113, 0), 24, "for documentation" },
	{ IP4(224, 0, 0, 0), 4, "multicast" },
	{ IP4(240, 0, 0, 0), 4, "reserved" },
};

/* A block of IPv6 addresses; those that hold one of IPv4 say at which byte. */
struct block6 {
	uint8_t first[16];
	int bits;
	int at;
	const char *reason; /* NULL: the address of IPv4 in it decides */
};

static const struct block6 blocks6[] = {
	{ { 0 }, 128, 0, "unspecified" },
	{ { [15] = 1 }, 128, 0, "loopback" },
	{ { [10] = 0xff, [11] = 0xff }, 96, 12, NULL },               /* mapped */
	{ { 0 }, 96, 12, NULL },                                      /* compatible, deprecated */
	{ { [8] = 0xff, [9] = 0xff }, 96, 12, NULL },                 /* translated */
	{ { 0x00, 0x64, 0xff, 0x9b }, 96, 12, NULL },                 /* NAT64 */
	{ { 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01 }, 48, 0, "private" }, /* local NAT64 */
	{ { 0x01, 0x00 }, 64, 0, "discarded" },
	{ { 0x20, 0x01, 0x00, 0x00 }, 32, 0, "Teredo's" },
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, 0, "for documentation" },
	{ { 0x20, 0x01 }, 23, 0, "reserved" },
	{ { 0x20, 0x02 }, 16, 2, NULL }, /* 6to4 */
	{ { 0x3f, 0xff }, 20, 0, "for documentation" },
	{ { 0x5f, 0x00 }, 16, 0, "reserved" },
	{ { 0xfc }, 7, 0, "private" },
	{ { 0xfe, 0x80 }, 10, 0, "link-local" },
	{ { 0xfe, 0xc0 }, 10, 0, "site-local" },
	{ { 0xff }, 8, 0, "multicast" },
};

static const char *judge_ip4(const uint8_t bytes[4])
{
	uint32_t address = IP4(bytes[0], bytes[1], bytes[2], bytes[3]);

	for (size_t i = 0; i < sizeof(blocks4) / sizeof(blocks4[0]); i++) {
		int shift = 32 - blocks4[i].bits;

		if (address >> shift == blocks4[i].first >> shift)
			return blocks4[i].reason;
	}
	return NULL;
}

static bool is_in_block(const uint8_t bytes[16], const struct block6 *b)
{
	int whole = b->bits / 8;
	int rest = b->bits % 8;

	if (memcmp(bytes, b->first, (size_t)whole) != 0)
		return false;
	return !rest || (bytes[whole] ^ b->first[whole]) >> (8 - rest) == 0;
}

static const char *judge_ip6(const uint8_t bytes[16])
{
	for (size_t i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++) {
		const struct block6 *b = &blocks6[i];

		if (is_in_block(bytes, b))
			return b->reason ? b->reason : judge_ip4(bytes + b->at);
	}
	/* Only 2000::/3 is given out. */
	return bytes[0] >> 5 == 1 ? NULL : "reserved";
}

const char *guard_reason(const struct sockaddr *address)
{
	struct sockaddr_in ip4;
	struct sockaddr_in6 ip6;

	if (address->sa_family == AF_INET) {
		memcpy(&ip4, address, sizeof(ip4));
		return judge_ip4((const uint8_t *)&ip4.sin_addr.s_addr);
	}
	if (address->sa_family == AF_INET6) {
		memcpy(&ip6, address, sizeof(ip6));
		return judge_ip6(ip6.sin6_addr.s6_addr);
	}
	return "of no family that webhooks are sent to";
}
