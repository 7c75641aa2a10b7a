#include "cache/unsent.h"

#include "cache/redis.h"
#include "ops/support/memory.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>

/* Begins an entry with a seal. The packed outputs begin with the number of their form, a small one. */
enum { SEALED = 0xa1, FIELD_SIZE = 24, PLACE_SIZE = KEY_BASE_SIZE + sizeof("unsent") };

/* What is signed: the place of the entry, as texts, and the outputs. */
struct sealed_place {
	char key[PLACE_SIZE];
	char field[FIELD_SIZE];
};

static struct signed_parts sealed_parts(struct sealed_place *place, const struct keys *keys,
					int64_t last, struct bytes outputs)
{
	(void)snprintf(place->key, sizeof(place->key), "%sunsent", keys->base);
	(void)snprintf(place->field, sizeof(place->field), "%lld", (long long)last);
	return (struct signed_parts){ bytes_of(place->key), bytes_of(place->field), outputs };
}

int unsent_seal(struct signing *s, const struct keys *keys, int64_t last, struct bytes outputs,
		struct seal *out, struct error *err)
{
	struct sealed_place place;
	struct signed_parts parts;
	size_t id_len;

	out->len = 0;
	if (!s)
		return 0;
	parts = sealed_parts(&place, keys, last, outputs);
	id_len = strlen(s->own->id);
	out->bytes[0] = SEALED;
	out->bytes[1] = (uint8_t)id_len;
	memcpy(out->bytes + 2, s->own->id, id_len);
	if (signer_sign(s->signer, s->own, &parts, out->bytes + 2 + id_len))
		return error_set(err, ERROR_REFUSED, "outputs cannot be signed with key %s",
				 s->own->id);
	out->len = 2 + id_len + SIGNATURE_SIZE;
	return 0;
}

/* A seal as it was read. */
struct read_seal {
	struct bytes key_id;
	struct bytes signature;
};

/* Takes the seal off the entry, if there is one; *out is empty if there is none. */
static void take_seal(struct bytes *entry, struct read_seal *out)
{
	struct read_seal seal = { 0 };
	struct bytes rest = *entry;
	uint8_t first;

	*out = seal;
	if (!bytes_take_u8(&rest, &first) || first != SEALED ||
	    !bytes_take_sized(&rest, &seal.key_id) ||
	    !bytes_take(&rest, SIGNATURE_SIZE, &seal.signature))
		return;
	*out = seal;
	*entry = rest;
}

/* What speaks against outputs with that seal; NULL: nothing. */
static const char *distrust_seal(struct signing *s, const struct signed_parts *parts,
				 const struct read_seal *seal)
{
	const struct key *key;

	switch (signing_check(s, parts, seal->key_id, seal->signature, &key)) {
	case PROOF_NONE:
		return "they have no seal of a consumer";
	case PROOF_UNKNOWN:
		return "the key of their seal is not in the keys file";
	case PROOF_WRONG:
		return "their seal is wrong";
	case PROOF_GOOD:
		break;
	}
	return key->rights & RIGHT_SYSTEM ? NULL : "the key of their seal lacks the right system";
}

static int compare_last(const void *a, const void *b)
{
	int64_t x = ((const struct unsent *)a)->last;
	int64_t y = ((const struct unsent *)b)->last;

	return x < y ? -1 : x > y;
}

static void take_entry(struct unsent *u, const struct keys *keys, struct signing *s,
		       struct bytes entry)
{
	struct sealed_place place;
	struct signed_parts parts;
	struct read_seal seal;

	take_seal(&entry, &seal);
	buffer_init(&u->outputs);
	buffer_append(&u->outputs, entry.data, entry.len);
	if (!s)
		return;
	parts = sealed_parts(&place, keys, u->last, entry);
	u->distrust = distrust_seal(s, &parts, &seal);
}

static void take_outputs(struct unsent_list *out, const struct keys *keys, struct signing *s,
			 const redisReply *hash)
{
	for (size_t i = 0; i + 1 < hash->elements; i += 2) {
		struct unsent *u = &out->list[out->count++];

		u->last = reply_number(hash->element[i], -1);
		take_entry(u, keys, s, reply_bytes(hash->element[i + 1]));
	}
	qsort(out->list, out->count, sizeof(*out->list), compare_last);
}

int unsent_read(struct index *ix, int partition, struct signing *s, struct unsent_list *out,
		struct error *err)
{
	struct pipeline *p = index_begin(ix);
	struct unsent_list found = { 0 };
	const struct replies *replies;
	const redisReply *hash;
	int rc;

	pipeline_command(p, 2);
	pipeline_text(p, "HGETALL");
	pipeline_key(p, index_keys(ix, partition), "unsent", NULL);
	rc = index_ask(ix, &replies, err);
	if (rc)
		return rc;
	hash = replies->list[0];
	if (hash->type == REDIS_REPLY_ARRAY && hash->elements) {
		found.list = memory_zalloc(hash->elements / 2 + 1, sizeof(*found.list));
		take_outputs(&found, index_keys(ix, partition), s, hash);
	}
	*out = found;
	return 0;
}

void unsent_done(struct unsent_list *l)
{
	for (size_t i = 0; i < l->count; i++)
		buffer_done(&l->list[i].outputs);
	free(l->list);
	*l = (struct unsent_list){ 0 };
}
