#include "consumer/notifier/claim.h"

#include "schemas/bounds.h"

#include <string.h>

/* It could not be taken off under another key. */
static bool is_under_its_key(struct bytes key, const struct delivery *d)
{
	size_t at = d->endpoint.len;

	return key.len == at + 1 + d->id.len &&
	       bytes_equal((struct bytes){ key.data, at }, d->endpoint) && key.data[at] == '/' &&
	       bytes_equal((struct bytes){ key.data + at + 1, d->id.len }, d->id);
}

static int check_change(struct bytes key, const struct record *r, struct error *err)
{
	if (r->type != RECORD_ENDPOINT_CHANGED)
		return error_set(err, ERROR_INPUT, "it is a %s", record_name(r->type));
	if (!bytes_equal(key, r->as.endpoint_changed.endpoint))
		return error_set(err, ERROR_INPUT, "its key is not its endpoint");
	return 0;
}

static int check_delivery(struct bytes key, const struct delivery *d, struct error *err)
{
	if (!is_under_its_key(key, d))
		return error_set(err, ERROR_INPUT, "its key is not its endpoint and its id");
	return bounds_check_delivery(d, err);
}

int claim_read(struct claim *out, struct codec *codec, struct bytes key, struct bytes value,
	       struct arena *arena, struct error *err)
{
	struct claim c = { .kind = CLAIM_NOTHING };
	int rc = 0;

	if (key.data && !value.data) {
		c.kind = memchr(key.data, '/', key.len) ? CLAIM_SETTLED : CLAIM_NOTHING;
	} else if (key.data) {
		rc = codec_decode(codec, value, arena, &c.record, err);
		c.kind = c.record.type == RECORD_DELIVERY ? CLAIM_DELIVERY : CLAIM_ENDPOINT;
		if (!rc && c.kind == CLAIM_DELIVERY)
			rc = check_delivery(key, &c.record.as.delivery, err);
		else if (!rc)
			rc = check_change(key, &c.record, err);
	}
	if (!rc)
		*out = c;
	return rc;
}
