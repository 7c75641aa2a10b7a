#include "consumer/notifier/event.h"
#include "consumer/notifier/mail_body.h"
#include "consumer/notifier/mail_header.h"
#include "consumer/notifier/render.h"
#include "ops/support/base64.h"

enum { ENCODED_LINE = 76 };

/* Base64 has no "_" in it, so the boundary is in none of the parts. */
#define BOUNDARY_PREFIX "=_"

static int find_mailboxes(const struct endpoint *e, const struct user_changed *u,
			  struct mailbox *from, struct mailbox *to, struct error *err)
{
	if (!mailbox_parse(bytes_of(e->from), from))
		return error_set(err, ERROR_USAGE,
				 "the endpoint %s: its `from` is no address, nor a name with an "
				 "address in <> after it",
				 e->name);
	if (!u)
		return error_set(
			err, ERROR_INPUT,
			"the directory does not have its recipient, so there is no address");
	if (!u->email.len)
		return error_set(err, ERROR_INPUT, "its recipient %.*s has no address",
				 BYTES_ARG(u->username));
	if (!mail_address_is_valid(u->email))
		return error_set(err, ERROR_INPUT,
				 "the address of its recipient %.*s is not one that mail can be "
				 "sent to",
				 BYTES_ARG(u->username));
	*to = (struct mailbox){ u->name.len ? u->name : u->username, u->email };
	return 0;
}

/* The part: its header, and its text in base64, in lines. */
static void append_part(struct buffer *out, const char *boundary, const char *type,
			struct bytes text, struct arena *arena)
{
	struct bytes code = base64_encode(text, arena);
	struct bytes head = arena_printf(arena,
					 "--%s\r\nContent-Type: %s; charset=utf-8\r\n"
					 "Content-Transfer-Encoding: base64\r\n\r\n",
					 boundary, type);

	buffer_append(out, head.data, head.len);
	for (size_t i = 0; i < code.len; i += ENCODED_LINE) {
		size_t left = code.len - i;

		buffer_append(out, code.data + i, left < ENCODED_LINE ? left : ENCODED_LINE);
		buffer_append_text(out, "\r\n");
	}
}

static void append_parts(struct buffer *out, const char *boundary, const struct telling *t,
			 struct arena *arena)
{
	struct buffer text;

	buffer_init(&text);
	mail_append_plain(&text, t, arena);
	append_part(out, boundary, "text/plain", buffer_bytes(&text), arena);
	buffer_clear(&text);
	mail_append_html(&text, t, arena);
	append_part(out, boundary, "text/html", buffer_bytes(&text), arena);
	buffer_done(&text);
}

/* One id for the notification, for ever: who receives it twice can tell. */
static void append_fixed(struct buffer *out, const char *id, const char *boundary,
			 struct arena *arena)
{
	struct bytes text = arena_printf(arena,
					 "Message-ID: <%s@notifications.sharebus>\r\n"
					 "Auto-Submitted: auto-generated\r\n"
					 "MIME-Version: 1.0\r\n"
					 "Content-Type: multipart/alternative;\r\n"
					 " boundary=\"%s\"\r\n\r\n",
					 id, boundary);

	buffer_append(out, text.data, text.len);
}

int render_mail(const struct endpoint *e, const struct telling *t, int64_t now_s,
		struct arena *arena, struct bytes *out, struct error *err)
{
	const struct notification *n = t->notification;
	struct mailbox from;
	struct mailbox to;
	struct buffer mail;
	struct uuid uuid;
	char id[UUID_TEXT_SIZE];
	const char *boundary;
	int rc;

	if (!n)
		return error_set(err, ERROR_INPUT,
				 "mail tells notifications, not steps of handoffs, which have no "
				 "recipient");
	rc = find_mailboxes(e, t->recipient, &from, &to, err);
	if (!rc)
		rc = event_uuid(t, arena, &uuid, err);
	if (rc)
		return rc;
	uuid_format(id, &uuid);
	boundary = text_of(arena_printf(arena, BOUNDARY_PREFIX "%s", id));
	buffer_init(&mail);
	mail_append_mailbox(&mail, "From", &from, arena);
	mail_append_mailbox(&mail, "To", &to, arena);
	mail_append_text(&mail, "Subject", n->title, arena);
	mail_append_date(&mail, "Date", now_s, arena);
	append_fixed(&mail, id, boundary, arena);
	append_parts(&mail, boundary, t, arena);
	buffer_append_text(&mail, text_of(arena_printf(arena, "--%s--\r\n", boundary)));
	*out = arena_copy(arena, buffer_bytes(&mail));
	buffer_done(&mail);
	return 0;
}
