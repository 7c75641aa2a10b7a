/*
 * Stands in for consumer/courier.h. What a process sends to sharing.commands
 * reaches the log later, or fails, and then may be on the log all the same.
 */

#include "consumer/courier.h"

#include "ops/support/buffer.h"
#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdlib.h>

enum { QUEUE_MAX = 32, LATER_CHANCE = 300 };

struct queued {
	int partition;
	struct buffer value;
};

struct courier {
	struct codec *codec;
	struct queued queue[QUEUE_MAX];
	size_t count;
};

int courier_open(struct courier **out, const struct courier_options *o, struct error *err)
{
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	(*out)->codec = o->codec;
	return 0;
}

void courier_close(struct courier **cp)
{
	struct courier *c = *cp;

	if (!c)
		return;
	for (size_t i = 0; i < c->count; i++)
		buffer_done(&c->queue[i].value);
	free(c);
	process_current()->queued = 0;
	*cp = NULL;
}

int courier_send(struct courier *c, int partition, const struct record *r, struct error *err)
{
	struct queued *q = &c->queue[c->count];
	int rc;

	if (c->count == QUEUE_MAX)
		return error_set(err, ERROR_UNAVAILABLE, "the queue is full");
	if (request_fails())
		return error_set(err, ERROR_INPUT, "the producer has broken");
	q->partition = partition;
	buffer_init(&q->value);
	rc = codec_encode(c->codec, r, &q->value, err);
	assert(!rc);
	process_current()->queued = ++c->count;
	return 0;
}

/* The memory of the log does not belong to the process. */
static int64_t append(const struct queued *q)
{
	int64_t offset;

	memory_use(NULL);
	offset = (int64_t)model_take(q->partition, buffer_bytes(&q->value));
	memory_use(&process_current()->memory);
	return offset;
}

/* Delivers the first of the queue, or fails to. */
static struct receipt deliver(struct courier *c)
{
	struct queued q = c->queue[0];
	struct receipt out = { .partition = q.partition, .offset = NO_OFFSET, .time = -1 };

	out.failed = broker.closed || request_fails();
	if (!broker.closed && (!out.failed || chance(500)))
		out.offset = append(&q);
	trace("%s a removal of partition %d: offset %lld%s", process_current()->instance,
	      q.partition, (long long)out.offset, out.failed ? ", but it gets an error" : "");
	if (!out.failed)
		out.time = model.inputs[q.partition][out.offset].time;
	buffer_done(&q.value);
	memmove(c->queue, c->queue + 1, --c->count * sizeof(*c->queue));
	process_current()->queued = c->count;
	return out;
}

bool courier_next(struct courier *c, struct receipt *out)
{
	if (!c->count || chance(LATER_CHANCE))
		return false;
	step("puts a removal on the log");
	*out = deliver(c);
	step("hears that a removal is on the log");
	return true;
}

void courier_flush(struct courier *c, int wait_ms)
{
	(void)wait_ms;
	while (c->count) {
		step("puts its last removals on the log");
		(void)deliver(c);
	}
}
