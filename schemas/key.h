#ifndef SB_SCHEMAS_KEY_H
#define SB_SCHEMAS_KEY_H

/*
 * A key that records are signed with, and what it may. As text it is a line of three
 * words with blanks between them:
 *
 *	gateway   mzR0…=   share,act-as:*
 *
 * The id has 1 to KEY_ID_MAX letters, digits, dots, hyphens and underscores. The
 * secret is 32 bytes, as base64 (44 characters) or hexadecimal (64 digits). What the
 * key may is a list, separated by commas, of `share`, `facts`, `system`, `act-as:*`
 * and `act-as:<user id>`. Pure.
 */

#include "ops/support/attributes.h"
#include "ops/support/buffer.h"
#include "ops/support/error.h"
#include "schemas/bounds.h"
#include "schemas/records.h"

enum {
	KEY_SECRET_SIZE = 32,
	/* The name of a right, with its NUL: "act-as:" and an id. */
	RIGHT_TEXT_SIZE = 7 + UUID_TEXT_SIZE,
};

/* Bits. act-as:<user id> is no bit, but a list. */
enum right {
	RIGHT_SHARE = 1,      /* commands of people, services and agents */
	RIGHT_FACTS = 2,      /* what is so: workspaces, and the directory */
	RIGHT_SYSTEM = 4,     /* commands of the system, and what consumers keep in Redis */
	RIGHT_ACT_AS_ANY = 8, /* whoever acts in the command */
};

struct key {
	char id[KEY_ID_MAX + 1];
	uint8_t secret[KEY_SECRET_SIZE];
	unsigned rights;     /* bits of enum right */
	struct uuid *actors; /* who may act in its commands, if not anybody; sorted */
	size_t actor_count;
};

/*
 * Fills *k, which is zero, from a line; whatever comes of it, key_done() frees it.
 * ERROR_INPUT says what is wrong with it ("its secret must be …"), but nothing of the
 * line, because that may be the secret. ERROR_NOMEM.
 */
MUST_USE int key_parse(struct key *k, struct bytes line, struct error *err);

/* Frees the list of actors and wipes the key. */
void key_done(struct key *k);

/* Can it be the id of a key? */
bool key_id_is_valid(struct bytes id);

/*
 * Reads a list of rights as it stands in a keys file into k->rights and k->actors,
 * which key_done() frees. ERROR_INPUT names what is no right; the
 * rights may be changed by then. ERROR_NOMEM.
 */
MUST_USE int key_parse_rights(struct key *k, struct bytes list, struct error *err);

/* Appends the rights as they stand in a keys file. */
void key_append_rights(const struct key *k, struct buffer *out);

/* Appends the whole line of the key, its secret as base64, and the line's end. */
void key_append_line(const struct key *k, struct buffer *out);

/*
 * May the key sign this record? NULL: a tombstone. False: `lacks` names the right
 * that it would need. The one table of what a record needs.
 */
bool key_may(const struct key *k, const struct record *r, char lacks[static RIGHT_TEXT_SIZE]);

#endif
