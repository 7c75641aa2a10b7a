/*
 * UUIDs: text to bytes and back, through tables because every record has ids to
 * read and write; and the two versions that sharebus generates.
 */

#include "schemas/uuid.h"

#include "ops/support/error.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	UUID_LEN = sizeof(struct uuid),
	UUID_VARIANT = 0x80, /* the two bits of RFC 9562 on top of byte 8 */
	UUID_TIME_BITS = 48,
	HEX_VALID = 0x10, /* above the four bits of the digit itself */
};

const struct uuid UUID_NAMESPACE_SHAREBUS = { { 0x04, 0xc3, 0xf9, 0xdb, 0xb8, 0xff, 0x43, 0xa1,
						0x94, 0x0a, 0xdc, 0x14, 0x50, 0x42, 0x3e, 0x78 } };

/* The value of a digit with HEX_VALID set, 0 for every other character. */
static const uint8_t HEX_VALUE[256] = {
	['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
	['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
	['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
	['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f,
};

/* The two digits of every byte value, one after another. */
#define ROW(h)                                                                                     \
	h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h      \
	  "e" h "f"
static const char HEX_PAIRS[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6")
	ROW("7") ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");

static void set_version(struct uuid *u, unsigned version)
{
	u->bytes[6] = (uint8_t)((u->bytes[6] & 0x0fU) | version << 4);
	u->bytes[8] = (uint8_t)((u->bytes[8] & 0x3fU) | UUID_VARIANT);
}

static bool has_hyphens(const uint8_t *text)
{
	return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-';
}

/*
 * No branch for a digit: HEX_VALID is in what is returned only if every digit has it.
 * The count is a constant wherever this is called, so no loop is left.
 */
static inline unsigned parse_pairs(uint8_t *out, const uint8_t *text, size_t count)
{
	unsigned valid = HEX_VALID;

#pragma GCC unroll 6
	for (size_t i = 0; i < count; i++) {
		unsigned high = HEX_VALUE[text[2 * i]];
		unsigned low = HEX_VALUE[text[2 * i + 1]];

		valid &= high & low;
		out[i] = (uint8_t)(high << 4 | (low & 0x0fU));
	}
	return valid;
}

int uuid_parse(struct uuid *out, struct bytes text)
{
	unsigned valid;
	struct uuid u;

	if (text.len != UUID_TEXT_LEN || !has_hyphens(text.data))
		return ERROR_INPUT;
	valid = parse_pairs(u.bytes, text.data, 4);
	valid &= parse_pairs(u.bytes + 4, text.data + 9, 2);
	valid &= parse_pairs(u.bytes + 6, text.data + 14, 2);
	valid &= parse_pairs(u.bytes + 8, text.data + 19, 2);
	valid &= parse_pairs(u.bytes + 10, text.data + 24, 6);
	if (!valid)
		return ERROR_INPUT;
	*out = u;
	return 0;
}

/* The count is a constant wherever this is called, so no loop is left. */
static inline void put_pairs(char *out, const uint8_t *bytes, size_t count)
{
#pragma GCC unroll 6
	for (size_t i = 0; i < count; i++)
		memcpy(out + 2 * i, HEX_PAIRS + 2 * (size_t)bytes[i], 2);
}

void uuid_format(char out[static UUID_TEXT_SIZE], const struct uuid *u)
{
	const uint8_t *b = u->bytes;

	/* Twenty for each command: written out, one takes a third of what the loop did. */
	put_pairs(out, b, 4);
	out[8] = '-';
	put_pairs(out + 9, b + 4, 2);
	out[13] = '-';
	put_pairs(out + 14, b + 6, 2);
	out[18] = '-';
	put_pairs(out + 19, b + 8, 2);
	out[23] = '-';
	put_pairs(out + 24, b + 10, 6);
	out[UUID_TEXT_LEN] = 0;
}

bool uuid_is_nil(const struct uuid *u)
{
	static const struct uuid nil;

	return uuid_equal(u, &nil);
}

bool uuid_equal(const struct uuid *a, const struct uuid *b)
{
	return memcmp(a->bytes, b->bytes, UUID_LEN) == 0;
}

int uuid_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct uuid));
}

size_t uuid_sort(struct uuid *list, size_t count)
{
	size_t kept = 0;

	if (count)
		qsort(list, count, sizeof(*list), uuid_compare);
	for (size_t i = 0; i < count; i++)
		if (!kept || !uuid_equal(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	return kept;
}

int uuid_v7(struct uuid *out, int64_t unix_ms)
{
	struct uuid u;
	ssize_t got;

	assert(unix_ms >= 0 && unix_ms >> UUID_TIME_BITS == 0);
	do
		got = getrandom(u.bytes, UUID_LEN, 0);
	while (got < 0 && errno == EINTR);
	if (got != UUID_LEN) /* up to 256 bytes come all at once or not at all */
		return ERROR_UNAVAILABLE;
	for (unsigned i = 0; i < UUID_TIME_BITS / 8; i++)
		u.bytes[i] = (uint8_t)(unix_ms >> (UUID_TIME_BITS - 8 - 8 * i));
	set_version(&u, 7);
	*out = u;
	return 0;
}

int64_t uuid_v7_time(const struct uuid *u)
{
	int64_t unix_ms = 0;

	if (u->bytes[6] >> 4 != 7 || u->bytes[8] >> 6 != 2)
		return -1;
	for (unsigned i = 0; i < UUID_TIME_BITS / 8; i++)
		unix_ms = unix_ms << 8 | u->bytes[i];
	return unix_ms;
}

int uuid_v5(struct uuid *out, const struct uuid *ns, struct bytes name)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *sha1 = EVP_MD_CTX_new();
	int rc = ERROR_REFUSED;

	if (!sha1)
		return ERROR_NOMEM;
	if (EVP_DigestInit_ex(sha1, EVP_sha1(), NULL) != 1 ||
	    EVP_DigestUpdate(sha1, ns->bytes, UUID_LEN) != 1 ||
	    EVP_DigestUpdate(sha1, name.data, name.len) != 1 ||
	    EVP_DigestFinal_ex(sha1, digest, NULL) != 1)
		goto out;
	memcpy(out->bytes, digest, UUID_LEN);
	set_version(out, 5);
	rc = 0;
out:
	EVP_MD_CTX_free(sha1);
	return rc;
}
