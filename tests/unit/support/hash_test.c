/* The hash of hash tables: it is SipHash, and chosen keys do not share their hashes. */

#include "ops/support/hash.h"

#include "tests/unit/unit.h"

enum { CHOSEN = 5000, CHAIN_MAX = 10, ID_SIZE = 16 };

static const uint8_t KEY[HASH_KEY_SIZE] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

struct entry {
	uint32_t id[4];
	UT_hash_handle hh;
};

/* From the vectors of the reference implementation: the first four of their eight bytes. */
static void hash_is_siphash_under_the_key(void **state)
{
	static const struct {
		size_t len;
		uint32_t hash;
	} vectors[] = { { 0, 0xdd0e0e31 }, { 1, 0x93dc67fd }, { 15, 0x49be45e5 } };

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		assert_int_equal(hash_bytes(KEY, vectors[i].len), vectors[i].hash);
}

/* The inverse of HASH_JEN_MIX. */
static void unmix(uint32_t *a, uint32_t *b, uint32_t *c)
{
	static const unsigned rounds[][3] = { { 15, 10, 3 }, { 5, 16, 12 }, { 13, 8, 13 } };

	for (size_t i = 0; i < sizeof(rounds) / sizeof(*rounds); i++) {
		*c ^= *b >> rounds[i][0];
		*c += *a + *b;
		*b ^= *a << rounds[i][1];
		*b += *c + *a;
		*a ^= *c >> rounds[i][2];
		*a += *b + *c;
	}
}

/* The n-th of many ids that have one hash by Bob Jenkins' function, which uthash has by default. */
static void choose_id(uint32_t id[4], uint32_t n)
{
	uint32_t a = n * 2654435761U;
	uint32_t b = ~n * 2246822519U;
	uint32_t c = 0x12345678;
	uint32_t last = n;

	unmix(&a, &b, &c);
	a -= last;
	c -= ID_SIZE;
	unmix(&a, &b, &c);
	id[0] = a - 0x9e3779b9U;
	id[1] = b - 0x9e3779b9U;
	id[2] = c - 0xfeedbeefU;
	id[3] = last;
}

static unsigned jenkins_hash(const uint32_t id[4])
{
	unsigned hash;

	HASH_JEN(id, ID_SIZE, hash);
	return hash;
}

static unsigned longest_chain(const struct entry *all)
{
	const UT_hash_table *table = all->hh.tbl;
	unsigned longest = 0;

	for (unsigned i = 0; i < table->num_buckets; i++)
		if (table->buckets[i].count > longest)
			longest = table->buckets[i].count;
	return longest;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void chosen_ids_do_not_share_their_hashes(void **state)
{
	struct entry *entries = memory_zalloc(CHOSEN, sizeof(*entries));
	struct entry *all = NULL;

	(void)state;
	for (uint32_t i = 0; i < CHOSEN; i++) {
		choose_id(entries[i].id, i);
		assert_int_equal(jenkins_hash(entries[i].id), 0x12345678);
		HASH_ADD(hh, all, id, ID_SIZE, &entries[i]);
	}
	assert_true(longest_chain(all) <= CHAIN_MAX);
	HASH_CLEAR(hh, all);
	free(entries);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_siphash_under_the_key),
		cmocka_unit_test(chosen_ids_do_not_share_their_hashes),
	};

	hash_fix_key(KEY);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
