#include "schemas/digest.h"

#include "ops/support/error.h"

#include <openssl/evp.h>
#include <stdint.h>

int sha256_text(char out[static SHA256_TEXT_SIZE], struct bytes bytes)
{
	static const char digits[] = "0123456789abcdef";
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (EVP_Digest(bytes.len ? bytes.data : (const uint8_t *)"", bytes.len, digest, &len,
		       EVP_sha256(), NULL) != 1)
		return ERROR_REFUSED;
	for (size_t i = 0; i < len; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 0xf];
	}
	out[SHA256_TEXT_SIZE - 1] = 0;
	return 0;
}
