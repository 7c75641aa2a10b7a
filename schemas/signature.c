#include "schemas/signature.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdlib.h>

enum { PARTS = 3, PIECES = 2 * PARTS, LENGTH_SIZE = 4 };

struct signer {
	EVP_MAC *algorithm;
	EVP_MAC_CTX *context;
};

int signer_new(struct signer **out, struct error *err)
{
	static char digest[] = "SHA256";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};
	struct signer *s = calloc(1, sizeof(*s));

	if (!s)
		return error_set(err, ERROR_NOMEM, "out of memory");
	s->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	s->context = s->algorithm ? EVP_MAC_CTX_new(s->algorithm) : NULL;
	if (!s->context || EVP_MAC_CTX_set_params(s->context, params) != 1) {
		signer_free(&s);
		return error_set(err, ERROR_REFUSED,
				 "HMAC-SHA256 is not available: the system forbids it, or there "
				 "is no memory");
	}
	*out = s;
	return 0;
}

void signer_free(struct signer **sp)
{
	struct signer *s = *sp;

	if (!s)
		return;
	EVP_MAC_CTX_free(s->context);
	EVP_MAC_free(s->algorithm);
	free(s);
	*sp = NULL;
}

int signer_hmac(struct signer *s, struct bytes secret, const struct bytes *pieces, size_t count,
		uint8_t out[static SIGNATURE_SIZE])
{
	uint8_t mac[SIGNATURE_SIZE];
	size_t len = 0;
	int good = EVP_MAC_init(s->context, secret.data, secret.len, NULL);

	for (size_t i = 0; good == 1 && i < count; i++)
		if (pieces[i].len)
			good = EVP_MAC_update(s->context, pieces[i].data, pieces[i].len);
	if (good == 1)
		good = EVP_MAC_final(s->context, mac, &len, sizeof(mac));
	if (good != 1 || len != SIGNATURE_SIZE)
		return ERROR_REFUSED;
	memcpy(out, mac, SIGNATURE_SIZE);
	return 0;
}

/* The length of a part, -1 if it is absent. */
static void write_length(uint8_t out[LENGTH_SIZE], struct bytes part)
{
	uint32_t length = part.data ? (uint32_t)part.len : UINT32_MAX;

	for (unsigned i = 0; i < LENGTH_SIZE; i++)
		out[i] = (uint8_t)(length >> (24 - 8 * i));
}

int signer_sign(struct signer *s, const struct key *key, const struct signed_parts *parts,
		uint8_t out[static SIGNATURE_SIZE])
{
	const struct bytes list[PARTS] = { parts->place, parts->key, parts->value };
	struct bytes pieces[PIECES];
	uint8_t lengths[PARTS][LENGTH_SIZE];

	for (size_t i = 0; i < PARTS; i++) {
		if (list[i].len > INT32_MAX)
			return ERROR_REFUSED;
		write_length(lengths[i], list[i]);
		pieces[2 * i] = (struct bytes){ lengths[i], LENGTH_SIZE };
		pieces[2 * i + 1] = list[i];
	}
	return signer_hmac(s, (struct bytes){ key->secret, KEY_SECRET_SIZE }, pieces, PIECES, out);
}

bool signer_holds(struct signer *s, const struct key *key, const struct signed_parts *parts,
		  struct bytes signature)
{
	uint8_t right[SIGNATURE_SIZE];

	return signature.len == SIGNATURE_SIZE && !signer_sign(s, key, parts, right) &&
	       CRYPTO_memcmp(right, signature.data, SIGNATURE_SIZE) == 0;
}
