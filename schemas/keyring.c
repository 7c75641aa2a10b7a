#include "schemas/keyring.h"

#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

struct keyring {
	struct key *list; /* room for KEYRING_KEYS_MAX: keys are borrowed, and must not move */
	size_t count;
};

/* Takes the line off *rest, which is not empty; without its end, LF or CR LF. */
static struct bytes take_line(struct bytes *rest)
{
	const uint8_t *end = memchr(rest->data, '\n', rest->len);
	struct bytes line = { rest->data, end ? (size_t)(end - rest->data) : rest->len };
	size_t used = line.len + (end ? 1 : 0);

	*rest = (struct bytes){ rest->data + used, rest->len - used };
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* Not empty, and no comment? */
static bool says_something(struct bytes line)
{
	size_t i = 0;

	while (i < line.len && (line.data[i] == ' ' || line.data[i] == '\t'))
		i++;
	return i < line.len && line.data[i] != '#';
}

/* Two keys with one secret would be one key with the rights of both. */
static int check_unlike(const struct keyring *k, const struct key *new, struct error *err)
{
	for (size_t i = 0; i < k->count; i++) {
		if (strcmp(k->list[i].id, new->id) == 0)
			return error_set(err, ERROR_INPUT, "another key has its id");
		if (CRYPTO_memcmp(k->list[i].secret, new->secret, KEY_SECRET_SIZE) == 0)
			return error_set(err, ERROR_INPUT, "another key has its secret");
	}
	return 0;
}

/* The key is read where it stays, so that its secret is in no other place. */
static int take_key(struct keyring *k, struct bytes line, struct error *err)
{
	struct key *key = &k->list[k->count];
	int rc;

	if (!says_something(line))
		return 0;
	if (k->count == KEYRING_KEYS_MAX)
		return error_set(err, ERROR_INPUT, "there are more than %d keys", KEYRING_KEYS_MAX);
	rc = key_parse(key, line, err);
	if (!rc)
		rc = check_unlike(k, key, err);
	if (rc)
		key_done(key);
	else
		k->count++;
	return rc;
}

int keyring_parse(struct keyring **out, struct bytes text, struct error *err)
{
	struct keyring *k = calloc(1, sizeof(*k));
	int line = 0;
	int rc = 0;

	if (k)
		k->list = calloc(KEYRING_KEYS_MAX, sizeof(*k->list));
	if (!k || !k->list) {
		free(k);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	while (!rc && text.len) {
		line++;
		rc = take_key(k, take_line(&text), err);
	}
	if (rc) {
		keyring_free(&k);
		return error_prefix(err, "line %d", line);
	}
	*out = k;
	return 0;
}

void keyring_free(struct keyring **kp)
{
	struct keyring *k = *kp;

	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++)
		key_done(&k->list[i]);
	free(k->list);
	free(k);
	*kp = NULL;
}

size_t keyring_count(const struct keyring *k)
{
	return k->count;
}

const struct key *keyring_at(const struct keyring *k, size_t i)
{
	return &k->list[i];
}

const struct key *keyring_find(const struct keyring *k, struct bytes id)
{
	for (size_t i = 0; i < k->count; i++)
		if (bytes_equal_text(id, k->list[i].id))
			return &k->list[i];
	return NULL;
}
