#include "schemas/signing.h"

#include "ops/support/file.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* ---- the file ---- */

/* A file of secrets that everybody can read is no file of secrets. */
static int parse_file(struct keyring **out, const char *path, const struct file_content *file,
		      struct error *err)
{
	int rc =
		file->is_public
			? error_set(err, ERROR_USAGE,
				    "it holds keys, and everybody may read it; run `chmod o-rw %s`",
				    path)
			: keyring_parse(out, file->bytes, err);

	return rc ? error_prefix(err, "%s", path) : 0;
}

int signing_read_keys(struct keyring **out, const char *path, struct error *err)
{
	struct file_content file = { 0 };
	int rc = file_read(&file, path, KEYRING_TEXT_MAX, err);

	if (!rc)
		rc = parse_file(out, path, &file, err);
	if (file.memory)
		OPENSSL_cleanse(file.memory, file.bytes.len);
	file_content_done(&file);
	if (rc == ERROR_INPUT && err)
		err->code = ERROR_USAGE;
	return rc == ERROR_INPUT ? ERROR_USAGE : rc;
}

/* ---- which key is ours ---- */

static int find_own(struct signing *s, const char *path, const char *name, struct error *err)
{
	size_t count = keyring_count(s->keyring);

	if (name)
		s->own = keyring_find(s->keyring, bytes_of(name));
	else if (count == 1)
		s->own = keyring_at(s->keyring, 0);
	if (s->own)
		return 0;
	if (!count)
		return error_set(err, ERROR_USAGE,
				 "%s has no key; make one with `sharebus keys create`", path);
	if (name)
		return error_set(err, ERROR_USAGE, "%s has no key \"%s\"; see signing-key", path,
				 name);
	return error_set(err, ERROR_USAGE, "%s has %zu keys; say with signing-key which one signs",
			 path, count);
}

static int fill_signing(struct signing *s, const char *path, const char *name, struct error *err)
{
	int rc = signing_read_keys(&s->keyring, path, err);

	if (!rc)
		rc = find_own(s, path, name, err);
	return rc ? rc : signer_new(&s->signer, err);
}

int signing_open(struct signing **out, const struct config *config, struct error *err)
{
	const char *path = config_get(config, "keys-file");
	const char *name = config_get(config, "signing-key");
	struct signing *s;
	int rc;

	*out = NULL;
	if (!path && name) {
		(void)error_set(err, ERROR_USAGE, "signing-key is set, but keys-file is not");
		return config_blame(config, "signing-key", err);
	}
	if (!path)
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_set(err, ERROR_NOMEM, "out of memory");
	rc = fill_signing(s, path, name, err);
	if (rc) {
		signing_close(&s);
		return config_blame(config, "keys-file", err);
	}
	*out = s;
	return 0;
}

void signing_close(struct signing **sp)
{
	struct signing *s = *sp;

	if (!s)
		return;
	signer_free(&s->signer);
	keyring_free(&s->keyring);
	free(s);
	*sp = NULL;
}

/* ---- signing and checking ---- */

int signing_add(struct signing *s, const struct signed_parts *parts, struct signature *room,
		struct cloudevent_headers *headers, struct error *err)
{
	if (!s)
		return 0;
	assert(headers->count + 2 <= CLOUDEVENT_HEADERS_MAX);
	if (signer_sign(s->signer, s->own, parts, room->bytes))
		return error_set(err, ERROR_REFUSED, "a record cannot be signed with key %s",
				 s->own->id);
	headers->list[headers->count++] = (struct header){ HEADER_KEY, bytes_of(s->own->id) };
	headers->list[headers->count++] =
		(struct header){ HEADER_SIGNATURE, { room->bytes, SIGNATURE_SIZE } };
	return 0;
}

enum proof signing_check(struct signing *s, const struct signed_parts *parts, struct bytes key_id,
			 struct bytes signature, const struct key **key)
{
	const struct key *found;

	*key = NULL;
	if (!key_id.data || !signature.data)
		return PROOF_NONE;
	found = keyring_find(s->keyring, key_id);
	if (!found)
		return PROOF_UNKNOWN;
	if (!signer_holds(s->signer, found, parts, signature))
		return PROOF_WRONG;
	*key = found;
	return PROOF_GOOD;
}
