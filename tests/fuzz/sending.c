#include "tests/fuzz/sending.h"

#include "tests/fuzz/populace.h"

#include <assert.h>

/* Bits of the byte that says how well-formed a record is. */
enum {
	FLAW_WORKSPACE = 2,
	FLAW_ACTOR = 4,
	FLAW_NUMBERS = 8,
	FLAW_EXPIRY = 16,
	FLAW_BYTES = 32,
	BY_SYSTEM = 64,
};

uint8_t take_byte(struct maker *m)
{
	uint8_t byte = 0;

	(void)bytes_take_u8(&m->from, &byte);
	return byte;
}

static struct uuid command_id(uint8_t n)
{
	struct uuid id = { { 0 } };

	for (unsigned i = 0; i < 6; i++)
		id.bytes[i] = (uint8_t)(NOW_MS >> (40 - 8 * i));
	id.bytes[6] = 0x70;
	id.bytes[8] = 0x80;
	id.bytes[15] = n;
	return id;
}

static void mend_command(struct command *c, uint8_t flaws, uint8_t n)
{
	if (!(flaws & FLAW_ID))
		c->command_id = command_id(n);
	if (!(flaws & FLAW_WORKSPACE))
		c->workspace_id = numbered_id(ID_WORKSPACE, 0);
	if (!(flaws & FLAW_ACTOR))
		c->actor = flaws & BY_SYSTEM
				   ? (struct actor){ { { 0 } }, ACTOR_SYSTEM }
				   : (struct actor){ numbered_id(ID_USER, 0), ACTOR_USER };
	if (flaws & FLAW_NUMBERS)
		return;
	c->issued_at = NOW_MS;
	c->expected_version = ABSENT;
	c->directory_offset = ABSENT;
}

/* The handoff is the one that the command before offers, if it offers one. */
static void mend_answer(struct answer_handoff *a, uint8_t flaws, uint8_t n)
{
	if (!(flaws & FLAW_NUMBERS))
		a->expected_step = ABSENT;
	if (!(flaws & FLAW_EXPIRY))
		a->handoff_id = command_id(n - 1);
}

static void mend_record(struct record *r, uint8_t flaws, uint8_t n)
{
	struct share_workspace *share = &r->as.share_workspace;
	struct workspace_changed *w = &r->as.workspace_changed;

	if (record_command(r))
		mend_command(&share->command, flaws, n); /* with which all commands begin */
	if (r->type == RECORD_ANSWER_HANDOFF)
		mend_answer(&r->as.answer_handoff, flaws, n);
	if (r->type == RECORD_REMOVE_SHARING && !(flaws & (FLAW_NUMBERS | BY_SYSTEM)))
		r->as.remove_sharing.reason = REASON_COMMAND;
	for (size_t i = 0; r->type == RECORD_SHARE_WORKSPACE && i < share->grant_count; i++)
		if (!(flaws & FLAW_EXPIRY))
			share->grants[i].expires_at = flaws & BY_SYSTEM ? NOW_MS + 1 : ABSENT;
	if ((r->type == RECORD_WORKSPACE_CHANGED || r->type == RECORD_WORKSPACE_DELETED) &&
	    !(flaws & FLAW_WORKSPACE))
		w->workspace_id = numbered_id(ID_WORKSPACE, 0);
	if (r->type == RECORD_WORKSPACE_CHANGED && !(flaws & FLAW_NUMBERS))
		w->changed_at = NOW_MS;
	if (r->type == RECORD_WORKSPACE_DELETED && !(flaws & FLAW_NUMBERS))
		r->as.workspace_deleted.deleted_at = NOW_MS;
}

static uint8_t *take_place(const struct buffer *b, struct maker *m)
{
	size_t place = take_byte(m);

	return b->data + (place << 8 | take_byte(m)) % b->len;
}

struct bytes sending_encode(struct codec *codec, const struct record *r, struct maker *m,
			    uint8_t flaws)
{
	struct buffer b = { 0 };
	struct error err;
	struct bytes value;
	int rc = codec_encode(codec, r, &b, &err);

	assert(!rc);
	for (int i = take_byte(m) % 4; (flaws & FLAW_BYTES) && i > 0; i--)
		*take_place(&b, m) = take_byte(m);
	value = arena_copy(m->arena, buffer_bytes(&b));
	buffer_done(&b);
	return value;
}

static void make_headers(struct sent *s, struct maker *m)
{
	static const char *const names[] = { "traceparent", "ce_id", "x" };

	s->header_count = take_byte(m) % (HEADERS_MAX + 1);
	for (size_t i = 0; i < s->header_count; i++) {
		uint8_t name = take_byte(m);
		struct bytes value = make_text(m);

		s->headers[i].name = name < 128 ? names[name % 3] : (const char *)make_text(m).data;
		s->headers[i].value = name % 4 ? value
					       : bytes_of("00-4bf92f3577b34da6a3ce929d0e0e4736-"
							  "00f067aa0ba902b7-01");
	}
}

static const enum record_type TYPES[] = {
	RECORD_SHARE_WORKSPACE,   RECORD_SHARE_WORKSPACE,   RECORD_REMOVE_SHARING,
	RECORD_WORKSPACE_CHANGED, RECORD_WORKSPACE_DELETED, RECORD_USER_CHANGED,
	RECORD_ANSWER_HANDOFF,
};

static void make_value(struct sent *out, uint8_t n, struct codec *codec, struct maker *m)
{
	uint8_t flaws = take_byte(m);
	uint8_t type = take_byte(m);
	struct record r;

	make_record_of(&r, TYPES[type % (sizeof(TYPES) / sizeof(*TYPES))], m);
	mend_record(&r, flaws, n);
	out->message.key = bytes_of("key");
	out->message.value = sending_encode(codec, &r, m, flaws);
}

static void make_hole(struct sent *out, struct maker *m)
{
	int64_t times = take_byte(m);

	out->message.hole = 1 + (times << (take_byte(m) % 32));
	out->message.why = (char *)(uintptr_t) "it cannot be unpacked";
}

void sending_make(struct sent *out, enum what what, uint8_t n, struct codec *codec, struct maker *m)
{
	*out = (struct sent){ .message = { .time = NOW_MS, .handle = out } };
	if (what == SEND_HOLE) {
		make_hole(out, m);
		return;
	}
	if (what == SEND_BYTES) {
		out->message.key = make_text(m);
		out->message.value = make_text(m);
	} else {
		make_value(out, n, codec, m);
	}
	make_headers(out, m);
}
