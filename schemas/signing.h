#ifndef SB_SCHEMAS_SIGNING_H
#define SB_SCHEMAS_SIGNING_H

/*
 * What a program has to sign with, and to check signatures by: the keys of its keys
 * file, of which one is its own. A program without a keys file has none of this: the
 * pointer is NULL, and nothing is signed or checked.
 *
 * One thread at a time.
 */

#include "ops/support/config.h"
#include "schemas/cloudevent.h"
#include "schemas/signature.h"

struct signing {
	struct keyring *keyring;
	struct signer *signer;
	const struct key *own; /* signs what this program sends */
	bool required;         /* the consumer takes nothing that is not signed */
};

/*
 * Reads the keys file of the settings "keys-file" and "signing-key"; *out is NULL if
 * there is none. ERROR_USAGE: it cannot be read, may be read by everybody, has a line
 * that is wrong, or does not say which key is ours. ERROR_REFUSED, ERROR_NOMEM. May
 * block.
 */
MUST_USE int signing_open(struct signing **out, const struct config *config, struct error *err);
void signing_close(struct signing **s); /* sets *s to NULL; accepts NULL */

/*
 * Reads a keys file: *out is the caller's. ERROR_USAGE as above; ERROR_NOMEM. For
 * whoever only wants to see which keys there are.
 */
MUST_USE int signing_read_keys(struct keyring **out, const char *path, struct error *err);

/* The bytes of a signature that headers borrow. */
struct signature {
	uint8_t bytes[SIGNATURE_SIZE];
};

/*
 * Adds the two headers of our signature, for which there must be room; they borrow
 * from *room. Adds nothing if s is NULL. ERROR_REFUSED.
 */
MUST_USE int signing_add(struct signing *s, const struct signed_parts *parts,
			 struct signature *room, struct cloudevent_headers *headers,
			 struct error *err);

/* What is known of who has signed a record. */
enum proof {
	PROOF_NONE,    /* it has no signature, or nobody has looked */
	PROOF_UNKNOWN, /* it names a key that is not in the file */
	PROOF_WRONG,   /* the signature is not that of the key it names */
	PROOF_GOOD,
};

/* From the values of the two headers, which may be absent. *key: of PROOF_GOOD; else NULL. */
enum proof signing_check(struct signing *s, const struct signed_parts *parts, struct bytes key_id,
			 struct bytes signature, const struct key **key);

#endif
