#include "ops/support/hash.h"

#include <assert.h>
#include <pthread.h>
#include <sodium/crypto_shorthash.h>
#include <stdbool.h>
#include <string.h>

static_assert(HASH_KEY_SIZE == crypto_shorthash_KEYBYTES, "the key fits");

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint8_t secret[HASH_KEY_SIZE];
static bool fixed;

static void draw_key(void)
{
	if (!fixed)
		crypto_shorthash_keygen(secret);
}

void hash_fix_key(const uint8_t key[static HASH_KEY_SIZE])
{
	memcpy(secret, key, sizeof(secret));
	fixed = true;
}

/* Half of SipHash's 64 bits: a table has fewer than 2^32 buckets. */
uint32_t hash_bytes(const void *data, size_t len)
{
	uint8_t out[crypto_shorthash_BYTES];
	uint32_t hash;

	(void)pthread_once(&once, draw_key);
	(void)crypto_shorthash(out, data, len, secret);
	memcpy(&hash, out, sizeof(hash));
	return hash;
}
