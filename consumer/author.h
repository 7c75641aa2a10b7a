#ifndef SB_CONSUMER_AUTHOR_H
#define SB_CONSUMER_AUTHOR_H

/*
 * Who has signed a record, and whether that is enough: what comes before every rule
 * where signatures are required. Decides alone; message_author() reads the headers.
 */

#include "cache/outcomes.h"
#include "schemas/signing.h"

/* Of zeros where no keys are configured. */
struct author {
	bool required; /* only signed records count */
	enum proof proof;
	const struct key *key; /* whose signature is good; else NULL */
	struct bytes named;    /* the key that the record names, if that can be a key's id */
};

/* From the values of the two headers, which may be absent, and are borrowed. */
struct author author_of(struct signing *s, const struct signed_parts *parts, struct bytes key_id,
			struct bytes signature);

/*
 * May the record count? NULL: a tombstone. REJECT_NONE: it may; else the code, and
 * *why says what is missing (ERROR_INPUT). Pure.
 */
enum reject_code author_refuse(const struct author *a, const struct record *r, struct error *why);

/* The id of the key that has signed the record; absent if none has. */
struct bytes author_signed_by(const struct author *a);

#endif
