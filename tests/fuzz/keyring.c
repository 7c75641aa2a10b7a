/*
 * A keys file of any content. What is accepted is written back line by line, and
 * read again as the same keys; ids and secrets are unlike each other. What is refused
 * has a sentence that names a line, and nothing of the file.
 */

#include "schemas/keyring.h"

#include "tests/fuzz/target.h"

#include <string.h>

static void check_key(const struct keyring *keys, size_t i)
{
	const struct key *k = keyring_at(keys, i);

	assert(key_id_is_valid(bytes_of(k->id)));
	assert(keyring_find(keys, bytes_of(k->id)) == k);
	assert(k->rights || k->actor_count);
	for (size_t n = 1; n < k->actor_count; n++)
		assert(uuid_compare(&k->actors[n - 1], &k->actors[n]) < 0);
	for (size_t n = 0; n < i; n++)
		assert(memcmp(keyring_at(keys, n)->secret, k->secret, KEY_SECRET_SIZE) != 0);
}

static void check_same(const struct key *a, const struct key *b)
{
	assert(strcmp(a->id, b->id) == 0 && a->rights == b->rights);
	assert(memcmp(a->secret, b->secret, KEY_SECRET_SIZE) == 0);
	assert(a->actor_count == b->actor_count);
	for (size_t i = 0; i < a->actor_count; i++)
		assert(uuid_equal(&a->actors[i], &b->actors[i]));
}

static void check_written(const struct keyring *keys)
{
	struct keyring *again = NULL;
	struct buffer text;
	int rc;

	buffer_init(&text);
	for (size_t i = 0; i < keyring_count(keys); i++) {
		check_key(keys, i);
		key_append_line(keyring_at(keys, i), &text);
	}
	rc = keyring_parse(&again, buffer_bytes(&text), NULL);
	assert(rc == 0 && keyring_count(again) == keyring_count(keys));
	for (size_t i = 0; i < keyring_count(keys); i++)
		check_same(keyring_at(keys, i), keyring_at(again, i));
	keyring_free(&again);
	buffer_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	uint8_t *copy = exact_copy((struct bytes){ data, len });
	struct keyring *keys = NULL;
	struct error err = { 0 };
	int rc = keyring_parse(&keys, (struct bytes){ copy, len }, &err);

	if (!rc)
		check_written(keys);
	else
		assert(rc == ERROR_INPUT && !keys && strncmp(err.text, "line ", 5) == 0);
	keyring_free(&keys);
	free(copy);
	return 0;
}
