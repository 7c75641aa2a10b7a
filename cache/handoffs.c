#include "cache/handoffs.h"

#include "ops/support/memory.h"

#include <stdlib.h>

/* ---- copies ---- */

/*
 * All that a copy points to is one block of memory, which begins with its
 * artifacts, be there any or not: to free them is to free it.
 */
static size_t block_size(const struct handoff *h)
{
	size_t size = h->artifact_count * sizeof(*h->artifacts) + h->summary.len + h->question.len +
		      h->answer_schema.len + h->note.len + 1;

	for (size_t i = 0; i < h->artifact_count; i++)
		size += h->artifacts[i].name.len + h->artifacts[i].url.len;
	if (h->task)
		size += sizeof(*h->task) + h->task->id.len + h->task->url.len;
	return size;
}

/* Moves the text to *at; absent stays absent. */
static void place_text(uint8_t **at, struct bytes *text)
{
	if (!text->data)
		return;
	if (text->len)
		memcpy(*at, text->data, text->len);
	text->data = *at;
	*at += text->len;
}

static struct handoff copy_into(void *block, const struct handoff *h)
{
	struct handoff copy = *h;
	uint8_t *at = block;

	copy.artifacts = block;
	at += h->artifact_count * sizeof(*h->artifacts);
	if (h->artifact_count)
		memcpy(copy.artifacts, h->artifacts, h->artifact_count * sizeof(*h->artifacts));
	if (h->task) {
		copy.task = (struct task *)(void *)at;
		*copy.task = *h->task;
		at += sizeof(*copy.task);
		place_text(&at, &copy.task->id);
		place_text(&at, &copy.task->url);
	}
	place_text(&at, &copy.summary);
	place_text(&at, &copy.question);
	place_text(&at, &copy.answer_schema);
	place_text(&at, &copy.note);
	for (size_t i = 0; i < copy.artifact_count; i++) {
		place_text(&at, &copy.artifacts[i].name);
		place_text(&at, &copy.artifacts[i].url);
	}
	return copy;
}

struct handoff handoff_copy(const struct handoff *h, struct arena *arena)
{
	return copy_into(arena_alloc(arena, block_size(h)), h);
}

/* ---- the list ---- */

void handoffs_done(struct handoffs *h)
{
	for (size_t i = 0; i < h->count; i++)
		free(h->list[i].artifacts);
	free(h->list);
	*h = (struct handoffs){ 0 };
}

struct handoff *handoffs_find(const struct handoffs *h, const struct uuid *id)
{
	for (size_t i = 0; i < h->count; i++)
		if (uuid_equal(&h->list[i].id, id))
			return &h->list[i];
	return NULL;
}

void handoffs_put(struct handoffs *h, const struct handoff *one)
{
	struct handoff copy = copy_into(memory_must(malloc(block_size(one))), one);

	handoffs_drop(h, &copy.id);
	h->list = memory_grow(h->list, &h->cap, h->count + 1, sizeof(*h->list));
	h->list[h->count++] = copy;
}

void handoffs_drop(struct handoffs *h, const struct uuid *id)
{
	struct handoff *old = handoffs_find(h, id);

	if (!old)
		return;
	free(old->artifacts);
	*old = h->list[--h->count];
}

size_t handoffs_memory(const struct handoffs *h)
{
	size_t bytes = h->cap * sizeof(*h->list);

	for (size_t i = 0; i < h->count; i++)
		bytes += block_size(&h->list[i]);
	return bytes;
}

/* ---- one of them ---- */

bool handoff_is_final(enum handoff_state state)
{
	return state >= HANDOFF_DECLINED;
}

struct subject handoff_holder(const struct handoff *h)
{
	return uuid_is_nil(&h->accepted_by) ? h->to
					    : (struct subject){ SUBJECT_USER, h->accepted_by };
}

int64_t handoff_end(const struct handoff *h)
{
	return h->state == HANDOFF_OFFERED || h->state == HANDOFF_ACCEPTED ? h->expires_at : ABSENT;
}
