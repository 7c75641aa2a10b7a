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
		rd_kafka_message_destroy(s->list[i]);
	s->count = 0;
}

void staged_add(struct staged *s, rd_kafka_message_t *m)
{
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		rd_kafka_message_t **list =
			realloc((void *)s->list, cap * sizeof(rd_kafka_message_t *));

		assert(list);
		s->list = list;
		s->cap = cap;
	}
	s->list[s->count++] = m;
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

void processor_pause(struct processor *p, const struct partition *part, bool pause)
{
	rd_kafka_topic_partition_list_t *one = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(one, topic_name(TOPIC_COMMANDS), part->id);
	if (pause)
		(void)rd_kafka_pause_partitions(p->consumer, one);
	else
		(void)rd_kafka_resume_partitions(p->consumer, one);
	rd_kafka_topic_partition_list_destroy(one);
}

void processor_claim_again(struct processor *p, struct partition *part)
{
	if (part->state == PARTITION_FOREIGN)
		return;
	part->state = PARTITION_CLAIMING;
	processor_pause(p, part, true);
	staged_clear(&part->staged);
	part->sent.count = 0;
	workspaces_forget(p->workspaces, part->id);
	index_forget_ahead(p->index);
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
