#ifndef SB_CONSUMER_NOTIFIER_WEBHOOK_SIGNATURE_H
#define SB_CONSUMER_NOTIFIER_WEBHOOK_SIGNATURE_H

/*
 * The signature of a webhook, as Standard Webhooks 1.0 has it
 * (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): the
 * HMAC-SHA256, in base64, over "<id>.<seconds since 1970>.<body>". While a secret is
 * being replaced there are two signatures, separated by a blank, and the receiver
 * takes either.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"

/* What a secret looks like: this, then 24 to 64 bytes in base64. */
#define WEBHOOK_SECRET_PREFIX "whsec_"

enum { WEBHOOK_KEY_MIN = 24, WEBHOOK_KEY_MAX = 64 };

/* What is signed. */
struct webhook_content {
	struct bytes id;
	int64_t seconds;
	struct bytes body;
};

/*
 * Sets *out to the value of the header webhook-signature, "v1,<base64>" for each of
 * the secrets, in their order. ERROR_USAGE when one has not the form above, in a
 * sentence without the secret; ERROR_REFUSED and ERROR_NOMEM as signer_new().
 */
MUST_USE int webhook_sign(char *const *secrets, size_t count, const struct webhook_content *content,
			  struct arena *arena, struct bytes *out, struct error *err);

#endif
