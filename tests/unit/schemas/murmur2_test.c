/* The partitioner agrees with Kafka's Java clients. */

#include "schemas/murmur2.h"

#include "tests/unit/unit.h"

/* A string literal as a key, with NULs inside but without the one that ends it. */
#define KEY(text)                                                                                  \
	{                                                                                          \
		(const uint8_t *)(text), sizeof(text) - 1                                          \
	}

enum { COUNTS = 5 };

static const int32_t PARTITIONS[COUNTS] = { 1, 3, 4, 12, 1000 };

/*
 * Printed by kafka-clients 4.3.0: Utils.murmur2(key), and for each count of
 * PARTITIONS BuiltInPartitioner.partitionForKey(key, count). The first six
 * are the cases of Kafka's own UtilsTest.
 */
static const struct {
	struct bytes key;
	int32_t hash;
	int32_t partition[COUNTS];
} CASES[] = {
	{ KEY("21"), -973932308, { 0, 0, 0, 0, 340 } },
	{ KEY("foobar"), -790332482, { 0, 0, 2, 6, 166 } },
	{ KEY("a-little-bit-long-string"), -985981536, { 0, 2, 0, 8, 112 } },
	{ KEY("a-little-bit-longer-string"), -1486304829, { 0, 2, 3, 11, 819 } },
	{ KEY("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8"), -58897971, { 0, 2, 1, 5, 677 } },
	{ KEY("abc"), 479470107, { 0, 0, 3, 3, 107 } },
	{ KEY(""), 275646681, { 0, 0, 1, 9, 681 } },
	{ KEY("a"), -1563381124, { 0, 1, 0, 4, 524 } },
	{ KEY("ab"), 316155434, { 0, 2, 2, 2, 434 } },
	{ KEY("abcd"), -1323649548, { 0, 2, 0, 8, 100 } },
	{ KEY("abcde"), 461995741, { 0, 1, 1, 1, 741 } },
	{ KEY("progress"), 1428989819, { 0, 2, 3, 11, 819 } },
	{ KEY("00000000-0000-0000-0000-000000000000"), 713427837, { 0, 0, 1, 9, 837 } },
	{ KEY("0190163d-8694-739b-aea5-966c26f8ad91"), 1323109833, { 0, 0, 1, 9, 833 } },
	{ KEY("f81d4fae-7dec-11d0-a765-00a0c91e6bf6"), -1295985492, { 0, 2, 0, 8, 156 } },
	{ KEY("ffffffff-ffff-ffff-ffff-ffffffffffff"), -359870222, { 0, 0, 2, 6, 426 } },
	{ KEY("0190163d-8694-739b-aea5-966c26f8ad92"), -689828727, { 0, 2, 1, 5, 921 } },
	{ KEY("\x80"), 857690492, { 0, 2, 0, 8, 492 } },
	{ KEY("\xff"), -311467685, { 0, 0, 3, 3, 963 } },
	{ KEY("\x80\x81"), 1642145146, { 0, 1, 2, 10, 146 } },
	{ KEY("\xff\xfe\xfd"), 998637092, { 0, 2, 0, 8, 92 } },
	{ KEY("\xff\xff\xff\xff"), 644171429, { 0, 2, 1, 5, 429 } },
	{ KEY("\x80\x00\x7f\xff\xc3"), 1273462449, { 0, 0, 1, 9, 449 } },
	{ KEY("\x00\x00\x00\x00\x00\x00\x00"), 1067877175, { 0, 1, 3, 7, 175 } },
	{ KEY("\xc3\xa9\x74\xc3\xa9"), -2101193575, { 0, 1, 1, 1, 73 } },
	{ KEY("\xde\xad\xbe\xef\xca\xfe"), -1156973575, { 0, 1, 1, 1, 73 } },
	{ KEY("\x01\x90\x16\x3d\x86\x94\x73\x9b\xae\xa5\x96\x6c\x26\xf8\xad\x91"),
	  -771001312,
	  { 0, 1, 0, 4, 336 } },
};

static void hashes_are_those_of_java(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++)
		assert_int_equal(murmur2(CASES[i].key), (uint32_t)CASES[i].hash);
}

static void partitions_are_those_of_java(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(CASES) / sizeof(*CASES); i++)
		for (size_t n = 0; n < COUNTS; n++)
			assert_int_equal(partition_of(CASES[i].key, PARTITIONS[n]),
					 CASES[i].partition[n]);
}

static void absent_key_hashes_like_an_empty_one(void **state)
{
	(void)state;
	assert_int_equal(murmur2((struct bytes){ NULL, 0 }), murmur2(bytes_of("")));
}

/* The key is read byte by byte, so that it may stand at an odd address. */
static void alignment_does_not_matter(void **state)
{
	static const char text[] = "0190163d-8694-739b-aea5-966c26f8ad91";
	uint8_t room[sizeof(text) + 8];

	(void)state;
	for (size_t shift = 0; shift < 8; shift++) {
		memcpy(room + shift, text, sizeof(text) - 1);
		assert_int_equal(murmur2((struct bytes){ room + shift, sizeof(text) - 1 }),
				 1323109833);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_java),
		cmocka_unit_test(partitions_are_those_of_java),
		cmocka_unit_test(absent_key_hashes_like_an_empty_one),
		cmocka_unit_test(alignment_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
