#include "consumer/footprint.h"

#include "consumer/output.h"
#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

void footprint_init(struct footprint *f, int partitions)
{
	*f = (struct footprint){ .partitions = partitions,
				 .logs = (size_t)OUTPUT_TOPICS * (size_t)partitions };
	f->first = memory_zalloc(f->logs, sizeof(*f->first));
	f->owed = memory_zalloc(f->logs, sizeof(*f->owed));
	f->applied = memory_zalloc((size_t)partitions, sizeof(*f->applied));
	footprint_clear(f);
}

void footprint_done(struct footprint *f)
{
	free(f->first);
	free(f->owed);
	free(f->applied);
	*f = (struct footprint){ 0 };
}

void footprint_clear(struct footprint *f)
{
	for (size_t i = 0; i < f->logs; i++)
		f->owed[i] = FOOTPRINT_NOWHERE;
	footprint_begin(f, 0);
}

void footprint_begin(struct footprint *f, int64_t number)
{
	f->number = number;
	for (size_t i = 0; i < f->logs; i++)
		f->first[i] = FOOTPRINT_NOWHERE;
	for (int p = 0; p < f->partitions; p++)
		f->applied[p] = FOOTPRINT_NOWHERE;
}

static size_t index_of(const struct footprint *f, enum topic topic, int partition)
{
	size_t i = output_topic_index(topic);

	assert(i < OUTPUT_TOPICS && partition >= 0 && partition < f->partitions);
	return i * (size_t)f->partitions + (size_t)partition;
}

void footprint_note(struct footprint *f, enum topic topic, int partition, int64_t offset)
{
	int64_t *first = &f->first[index_of(f, topic, partition)];

	if (*first == FOOTPRINT_NOWHERE || offset < *first)
		*first = offset;
}

bool footprint_owes(const struct footprint *f)
{
	for (size_t i = 0; i < f->logs; i++)
		if (f->owed[i] != FOOTPRINT_NOWHERE)
			return true;
	return false;
}

bool footprint_takes(const struct footprint *f)
{
	for (int p = 0; p < f->partitions; p++)
		if (f->applied[p] != FOOTPRINT_NOWHERE)
			return true;
	return false;
}

struct output_log footprint_log(const struct footprint *f, size_t i)
{
	size_t partitions = (size_t)f->partitions;

	return (struct output_log){ output_topics[i / partitions], (int)(i % partitions) };
}
