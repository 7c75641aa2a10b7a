#include "consumer/notifier/shorten.h"

#define MORE "…"

static struct bytes cut_text(struct bytes text, struct arena *arena)
{
	size_t len = SHORTEN_TEXT_MAX - strlen(MORE);

	if (text.len <= SHORTEN_TEXT_MAX)
		return text;
	while (len && (text.data[len] & 0xc0) == 0x80) /* in the middle of a character */
		len--;
	return arena_printf(arena, "%.*s" MORE, (int)len, (const char *)text.data);
}

static struct notification *shorten_notification(const struct notification *n, struct arena *arena)
{
	struct notification *out = arena_alloc(arena, sizeof(*out));

	*out = *n;
	out->title = cut_text(n->title, arena);
	out->body = cut_text(n->body, arena);
	out->body_markdown = out->body; /* cut, it could end within a mark */
	out->message = cut_text(n->message, arena);
	out->actions = NULL;
	out->action_count = 0;
	return out;
}

static struct handoff_changed *shorten_handoff(const struct handoff_changed *h, struct arena *arena)
{
	struct handoff_changed *out = arena_alloc(arena, sizeof(*out));

	*out = *h;
	out->summary = cut_text(h->summary, arena);
	out->question = cut_text(h->question, arena);
	out->note = cut_text(h->note, arena);
	out->artifacts = NULL;
	out->artifact_count = 0;
	out->answer_schema = (struct bytes){ 0 };
	return out;
}

void shorten_delivery(struct delivery *out, const struct delivery *d, struct arena *arena)
{
	*out = *d;
	out->last_error = cut_text(d->last_error, arena);
	if (d->notification)
		out->notification = shorten_notification(d->notification, arena);
	if (d->handoff)
		out->handoff = shorten_handoff(d->handoff, arena);
}
