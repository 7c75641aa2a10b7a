#ifndef SB_CONSUMER_NOTIFIER_MAIL_HEADER_H
#define SB_CONSUMER_NOTIFIER_MAIL_HEADER_H

/*
 * Lines of a mail's header (RFC 5322), with other characters than ASCII in encoded
 * words (RFC 2047). No line is longer than 76 bytes, but for an address that is. What
 * would end a line, or is a control character otherwise, becomes a blank: no text can
 * add a header of its own.
 */

#include "ops/support/arena.h"
#include "ops/support/buffer.h"

enum { MAIL_LINE_MAX = 76, MAIL_ADDRESS_MAX = 254 };

/* A mailbox: an address and the name of whoever has it, which may be empty. */
struct mailbox {
	struct bytes name;
	struct bytes address;
};

/*
 * Is it an address to which mail can be sent: local part, "@", domain, in ASCII, without
 * quotes, blanks or comments, at most MAIL_ADDRESS_MAX bytes?
 */
bool mail_address_is_valid(struct bytes address);

/*
 * Reads "address", "<address>" or "name <address>", the name perhaps in quotes. Borrows
 * from the text. False when there is no valid address in it.
 */
bool mailbox_parse(struct bytes text, struct mailbox *out);

/* Appends "<name>: <text>" and the end of the line. */
void mail_append_text(struct buffer *out, const char *name, struct bytes text, struct arena *arena);

/* The same of a mailbox, whose address is valid. */
void mail_append_mailbox(struct buffer *out, const char *name, const struct mailbox *m,
			 struct arena *arena);

/* The same of a time, seconds since 1970: "Date: Mon, 30 Nov 2026 01:50:05 +0000". */
void mail_append_date(struct buffer *out, const char *name, int64_t seconds, struct arena *arena);

#endif
