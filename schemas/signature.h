#ifndef SB_SCHEMAS_SIGNATURE_H
#define SB_SCHEMAS_SIGNATURE_H

/*
 * Signatures: HMAC-SHA256 (RFC 2104) over the parts of what is signed. Each part is
 * written as Kafka's own protocol writes nullable bytes: its length as a signed
 * number of 32 bits, the highest byte first, then its bytes; an absent one is the
 * length -1. So nothing can move from one part to the next, and a tombstone is not an
 * empty value.
 *
 *	of a record          topic, key, value
 *	of a run's outputs   key in Redis ("sb:{3}:unsent"), field, value: cache/unsent.h
 *
 * No topic can have the name of a key in Redis, where there are braces; so neither
 * signature can be taken for the other.
 *
 * A record carries its signature in two headers: the id of the key, and the 32 bytes.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"
#include "ops/support/error.h"
#include "schemas/keyring.h"

enum { SIGNATURE_SIZE = 32 };

#define HEADER_KEY       "sharebus-key"
#define HEADER_SIGNATURE "sharebus-signature"

/* What is signed. */
struct signed_parts {
	struct bytes place; /* the topic, or the key in Redis */
	struct bytes key;
	struct bytes value;
};

/* The algorithm, fetched once. One thread at a time. */
struct signer;

/* ERROR_REFUSED where the system's cryptographic policy forbids HMAC-SHA256; ERROR_NOMEM. */
MUST_USE int signer_new(struct signer **out, struct error *err);
void signer_free(struct signer **s); /* sets *s to NULL; accepts NULL */

/* The bare HMAC of the pieces, one after another. ERROR_REFUSED as above. */
MUST_USE int signer_hmac(struct signer *s, struct bytes secret, const struct bytes *pieces,
			 size_t count, uint8_t out[static SIGNATURE_SIZE]);

/* Signs with that key. ERROR_REFUSED as above. */
MUST_USE int signer_sign(struct signer *s, const struct key *key, const struct signed_parts *parts,
			 uint8_t out[static SIGNATURE_SIZE]);

/* Is it the key's signature of the parts? The comparison takes the same time for all of them. */
bool signer_holds(struct signer *s, const struct key *key, const struct signed_parts *parts,
		  struct bytes signature);

#endif
