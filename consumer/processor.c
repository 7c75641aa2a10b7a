#include "consumer/processor.h"

#include "ops/support/clock.h"
#include "ops/support/log.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

enum { WAIT_FIRST_MS = 50, WAIT_MOST_MS = 5000, WAIT_STEP_MS = 50 };

void staged_clear(struct staged *s)
{
	for (size_t i = 0; i < s->count; i++)
		message_done(&s->list[i]);
	s->count = 0;
}

void staged_drop(struct staged *s, size_t count)
{
	for (size_t i = 0; i < count; i++)
		message_done(&s->list[i]);
	s->count -= count;
	memmove(s->list, s->list + count, s->count * sizeof(*s->list));
}

size_t staged_portion(const struct staged *s, size_t most, size_t bytes)
{
	size_t count = 0;
	size_t sum = 0;

	while (count < s->count && count < most && sum < bytes)
		sum += s->list[count++].value.len;
	return count;
}

void staged_add(struct staged *s, const struct message *m)
{
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct message *list = realloc(s->list, cap * sizeof(*list));

		assert(list);
		s->list = list;
		s->cap = cap;
	}
	s->list[s->count++] = *m;
}

void offsets_add(struct offsets *o, int64_t offset)
{
	if (o->count == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 16;
		int64_t *list = realloc(o->list, cap * sizeof(*list));

		assert(list);
		o->list = list;
		o->cap = cap;
	}
	o->list[o->count++] = offset;
}

void processor_claim_again(struct processor *p, struct partition *part)
{
	if (part->state == PARTITION_FOREIGN)
		return;
	if (part->state == PARTITION_REBUILDING)
		p->rebuild.phase = REBUILD_BROKEN;
	part->state = PARTITION_CLAIMING;
	intake_pause(p->intake, part->id, true);
	staged_clear(&part->staged);
	part->sent.count = 0;
	workspaces_forget(p->workspaces, part->id);
	index_forget_ahead(p->index);
}

int processor_make_ready(struct processor *p, struct partition *const *parts, size_t count,
			 struct error *err)
{
	struct place *places = calloc(count + 1, sizeof(*places));
	int rc;

	assert(places);
	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){ parts[i]->id, parts[i]->mark.applied };
	rc = count ? intake_seek(p->intake, places, count, err) : 0;
	free(places);
	for (size_t i = 0; !rc && i < count; i++) {
		parts[i]->state = PARTITION_READY;
		if (!p->paused)
			intake_pause(p->intake, parts[i]->id, false);
	}
	return rc;
}

void processor_wait(const struct processor *p, unsigned attempt, const struct error *why)
{
	const struct timespec step = { 0, WAIT_STEP_MS * 1000000L };
	int wait_ms = attempt < 7 ? WAIT_FIRST_MS << attempt : WAIT_MOST_MS;
	int64_t deadline = clock_monotonic_ms() + wait_ms;

	log_warn("%s; trying again in %d ms", why->text, wait_ms);
	while (!*p->stop && clock_monotonic_ms() < deadline)
		(void)nanosleep(&step, NULL);
}
