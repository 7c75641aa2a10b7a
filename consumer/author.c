#include "consumer/author.h"

struct author author_of(struct signing *s, const struct signed_parts *parts, struct bytes key_id,
			struct bytes signature)
{
	struct author a = { .required = s->required };

	if (key_id_is_valid(key_id))
		a.named = key_id;
	a.proof = signing_check(s, parts, key_id, signature, &a.key);
	return a;
}

static const char *kind_of(const struct record *r)
{
	return r && record_command(r) ? "the command" : "the record";
}

static enum reject_code refuse_unsigned(const struct author *a, const struct record *r,
					struct error *why)
{
	if (a->proof == PROOF_UNKNOWN)
		(void)error_set(
			why, ERROR_INPUT,
			"%s is signed with the key \"%.*s\", which the consumer's keys file "
			"does not have",
			kind_of(r), BYTES_ARG(a->named));
	else if (a->proof == PROOF_WRONG)
		(void)error_set(why, ERROR_INPUT,
				"%s does not have the signature of the key %.*s over its topic, "
				"key and value",
				kind_of(r), BYTES_ARG(a->named));
	else
		(void)error_set(
			why, ERROR_INPUT,
			"%s is not signed, and this deployment takes only what is; "
			"its sender must set keys-file, and signing-key if that has several",
			kind_of(r));
	return REJECT_UNSIGNED;
}

enum reject_code author_refuse(const struct author *a, const struct record *r, struct error *why)
{
	char lacks[RIGHT_TEXT_SIZE];

	if (!a->required)
		return REJECT_NONE;
	if (a->proof != PROOF_GOOD)
		return refuse_unsigned(a, r, why);
	if (key_may(a->key, r, lacks))
		return REJECT_NONE;
	(void)error_set(why, ERROR_INPUT, "the key %s lacks the right %s, which %s needs",
			a->key->id, lacks, kind_of(r));
	return REJECT_KEY_MAY_NOT;
}

struct bytes author_signed_by(const struct author *a)
{
	return a->key ? bytes_of(a->key->id) : (struct bytes){ 0 };
}
