#ifndef SB_CONSUMER_NOTIFIER_CLAIM_H
#define SB_CONSUMER_NOTIFIER_CLAIM_H

/*
 * What a record of sharing.deliveries says. Others may write there, too: whoever reads
 * it believes nothing that is not as a notifier would have written it. Pure.
 */

#include "ops/support/attributes.h"
#include "schemas/codec.h"

enum claim_kind {
	CLAIM_NOTHING = 0, /* it has no key, or takes back what was said of an endpoint */
	CLAIM_SETTLED,     /* a tombstone: the delivery of that key has arrived */
	CLAIM_DELIVERY,    /* it waits, or is dead */
	CLAIM_ENDPOINT,    /* whether an endpoint is told anything */
};

struct claim {
	enum claim_kind kind;
	struct record record; /* of the last two; borrows from the value and the arena */
};

/*
 * Reads a record; its value is absent for a tombstone. ERROR_INPUT: it must be passed
 * over, because it cannot be decoded, is another record, stands under another key
 * than its own, "<endpoint>/<id>", or has numbers beyond their bounds; *out is then
 * untouched. Others as codec_decode() says.
 */
MUST_USE int claim_read(struct claim *out, struct codec *codec, struct bytes key,
			struct bytes value, struct arena *arena, struct error *err);

#endif
