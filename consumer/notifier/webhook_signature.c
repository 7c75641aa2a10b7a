#include "consumer/notifier/webhook_signature.h"

#include "ops/support/base64.h"
#include "schemas/signature.h"

enum { PREFIX_LEN = sizeof(WEBHOOK_SECRET_PREFIX) - 1 };

static int decode_secret(const char *secret, struct arena *arena, struct bytes *key,
			 struct error *err)
{
	struct bytes text = bytes_of(secret);

	if (text.len < PREFIX_LEN || memcmp(text.data, WEBHOOK_SECRET_PREFIX, PREFIX_LEN) != 0)
		return error_set(err, ERROR_USAGE,
				 "a webhook's secret must begin with " WEBHOOK_SECRET_PREFIX);
	text.data += PREFIX_LEN;
	text.len -= PREFIX_LEN;
	if (!base64_decode(text, arena, key))
		return error_set(err, ERROR_USAGE,
				 "what follows " WEBHOOK_SECRET_PREFIX
				 " in a webhook's secret must be base64");
	if (key->len < WEBHOOK_KEY_MIN || key->len > WEBHOOK_KEY_MAX)
		return error_set(err, ERROR_USAGE,
				 "a webhook's secret must have %d to %d bytes, not %zu",
				 WEBHOOK_KEY_MIN, WEBHOOK_KEY_MAX, key->len);
	return 0;
}

/* Adds one signature to the text. */
static int add_signature(struct signer *signer, struct bytes key,
			 const struct webhook_content *content, struct arena *arena,
			 struct bytes *text, struct error *err)
{
	struct bytes time = arena_printf(arena, ".%lld.", (long long)content->seconds);
	const struct bytes pieces[] = { content->id, time, content->body };
	uint8_t mac[SIGNATURE_SIZE];
	struct bytes code;

	if (signer_hmac(signer, key, pieces, sizeof(pieces) / sizeof(pieces[0]), mac))
		return error_set(err, ERROR_REFUSED, "the system forbids HMAC-SHA256");
	code = base64_encode((struct bytes){ mac, sizeof(mac) }, arena);
	*text = arena_printf(arena, "%s%sv1,%s", text_of(*text), text->len ? " " : "",
			     text_of(code));
	return 0;
}

int webhook_sign(char *const *secrets, size_t count, const struct webhook_content *content,
		 struct arena *arena, struct bytes *out, struct error *err)
{
	struct signer *signer = NULL;
	struct bytes text = { 0 };
	int rc = signer_new(&signer, err);

	for (size_t i = 0; !rc && i < count; i++) {
		struct bytes key = { 0 };

		rc = decode_secret(secrets[i], arena, &key, err);
		if (!rc)
			rc = add_signature(signer, key, content, arena, &text, err);
	}
	signer_free(&signer);
	if (!rc)
		*out = text;
	return rc;
}
