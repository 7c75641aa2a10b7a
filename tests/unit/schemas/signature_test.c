/* The HMAC by the vectors of RFC 4231, its framing by values that Python's hmac has computed. */

#include "schemas/signature.h"

#include "tests/unit/unit.h"

#include <stdio.h>

static struct signer *signer;

static int open_signer(void **state)
{
	struct error err;

	(void)state;
	return signer_new(&signer, &err);
}

static int close_signer(void **state)
{
	(void)state;
	signer_free(&signer);
	return 0;
}

static void assert_hex(const uint8_t mac[SIGNATURE_SIZE], const char *wanted)
{
	char text[2 * SIGNATURE_SIZE + 1];

	for (size_t i = 0; i < SIGNATURE_SIZE; i++)
		(void)snprintf(text + 2 * i, 3, "%02x", mac[i]);
	assert_string_equal(text, wanted);
}

#define TEN(c) c c c c c c c c c c

/* Case 5 of the RFC is about a truncated output, which we do not have. */
static const struct {
	const char *key;
	const char *data;
	const char *mac;
} VECTORS[] = {
	{ TEN("\x0b") TEN("\x0b"), "Hi There",
	  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
	{ "Jefe", "what do ya want for nothing?",
	  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ TEN("\xaa") TEN("\xaa"), TEN("\xdd") TEN("\xdd") TEN("\xdd") TEN("\xdd") TEN("\xdd"),
	  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
	{ "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14"
	  "\x15\x16\x17\x18\x19",
	  TEN("\xcd") TEN("\xcd") TEN("\xcd") TEN("\xcd") TEN("\xcd"),
	  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	{ TEN(TEN("\xaa")) TEN("\xaa") TEN("\xaa") TEN("\xaa") "\xaa",
	  "Test Using Larger Than Block-Size Key - Hash Key First",
	  "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ TEN(TEN("\xaa")) TEN("\xaa") TEN("\xaa") TEN("\xaa") "\xaa",
	  "This is a test using a larger than block-size key and a larger than block-size data. "
	  "The key needs to be hashed before being used by the HMAC algorithm.",
	  "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" },
};

static void hmac_is_that_of_rfc_4231(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(VECTORS) / sizeof(*VECTORS); i++) {
		const struct bytes whole = bytes_of(VECTORS[i].data);
		const struct bytes pieces[] = { { whole.data, 3 },
						{ NULL, 0 },
						{ whole.data + 3, whole.len - 3 } };
		uint8_t mac[SIGNATURE_SIZE];

		assert_int_equal(signer_hmac(signer, bytes_of(VECTORS[i].key), &whole, 1, mac), 0);
		assert_hex(mac, VECTORS[i].mac);
		assert_int_equal(signer_hmac(signer, bytes_of(VECTORS[i].key), pieces, 3, mac), 0);
		assert_hex(mac, VECTORS[i].mac);
	}
}

/* The secret 0, 1, 2, … 31. */
static struct key counted_key(void)
{
	struct key k = { .id = "k" };

	for (unsigned i = 0; i < KEY_SECRET_SIZE; i++)
		k.secret[i] = (uint8_t)i;
	return k;
}

static void framing_is_that_of_another_signer(void **state)
{
	const struct key k = counted_key();
	const struct signed_parts record = { bytes_of("sharing.commands"), bytes_of("key"),
					     bytes_of("value") };
	const struct signed_parts tombstone = { .place = bytes_of("sharing.directory"),
						.key = bytes_of("key") };
	uint8_t mac[SIGNATURE_SIZE];

	(void)state;
	assert_int_equal(signer_sign(signer, &k, &record, mac), 0);
	assert_hex(mac, "8c17dde34196912c5a5a459899526297785ae606108b2b0dbb8f18f0f3410789");
	assert_int_equal(signer_sign(signer, &k, &tombstone, mac), 0);
	assert_hex(mac, "e873a02253759ccd9295cfd446a2f83d3e7d0b5ec865ca79be7c294bedd1e5d0");
}

/* None of these has the signature of another. */
static const struct {
	const char *place;
	const char *key;
	const char *value;
} PARTS[] = {
	{ "topic", "key", "value" },   { "topi", "ckey", "value" }, { "topic", "keyv", "alue" },
	{ "topic", "keyvalue", "" },   { "topic", "", "keyvalue" }, { "topic", "keyvalue", NULL },
	{ "topic", NULL, "keyvalue" }, { "topic", "key", "valuf" }, { "topic", "kex", "value" },
	{ "topib", "key", "value" },
};
enum { PARTS_COUNT = sizeof(PARTS) / sizeof(*PARTS) };

static struct signed_parts parts_at(size_t i)
{
	return (struct signed_parts){ bytes_of(PARTS[i].place), bytes_of(PARTS[i].key),
				      bytes_of(PARTS[i].value) };
}

static void signature_holds_for_these_parts_alone(void **state)
{
	const struct key k = counted_key();

	(void)state;
	for (size_t i = 0; i < PARTS_COUNT; i++) {
		const struct signed_parts signed_parts = parts_at(i);
		uint8_t mac[SIGNATURE_SIZE];

		assert_int_equal(signer_sign(signer, &k, &signed_parts, mac), 0);
		for (size_t j = 0; j < PARTS_COUNT; j++) {
			const struct signed_parts others = parts_at(j);

			if (signer_holds(signer, &k, &others, (struct bytes){ mac, sizeof(mac) }) !=
			    (i == j))
				fail_msg("%zu and %zu", i, j);
		}
	}
}

static void any_other_bit_is_another_signature(void **state)
{
	const struct signed_parts parts = parts_at(0);
	struct key k = counted_key();
	uint8_t mac[SIGNATURE_SIZE];
	const struct bytes signature = { mac, sizeof(mac) };

	(void)state;
	assert_int_equal(signer_sign(signer, &k, &parts, mac), 0);
	for (size_t bit = 0; bit < 8 * sizeof(mac); bit++) {
		mac[bit / 8] ^= (uint8_t)(1U << bit % 8);
		assert_false(signer_holds(signer, &k, &parts, signature));
		mac[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_true(signer_holds(signer, &k, &parts, signature));
	assert_false(signer_holds(signer, &k, &parts, (struct bytes){ mac, sizeof(mac) - 1 }));
	assert_false(signer_holds(signer, &k, &parts, (struct bytes){ 0 }));
	k.secret[31] ^= 1;
	assert_false(signer_holds(signer, &k, &parts, signature));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_is_that_of_rfc_4231),
		cmocka_unit_test(framing_is_that_of_another_signer),
		cmocka_unit_test(signature_holds_for_these_parts_alone),
		cmocka_unit_test(any_other_bit_is_another_signature),
	};

	return cmocka_run_group_tests(tests, open_signer, close_signer);
}
