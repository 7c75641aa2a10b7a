#include "consumer/holes.h"

#include "ops/support/crash.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <stdlib.h>

enum { RETRY_MS = 1000 };

/* One that is being measured. */
struct hole {
	struct message message; /* its `hole` is 1 until the end is known; 0: there is none */
	struct prober *prober;  /* NULL: it is yet to be opened */
	int64_t retry_ms;       /* not before; monotonic */
};

struct holes {
	const struct config *config;
	const struct flow *flow;
	const struct waker *waker;
	struct hole *list;    /* by partition */
	struct prober *spare; /* of the last hole, for the next; NULL: there is none */
	int count;            /* of those that are being measured */
};

struct holes *holes_new(const struct config *config, const struct flow *flow,
			const struct waker *waker)
{
	struct holes *h = memory_zalloc(1, sizeof(*h));

	h->config = config;
	h->flow = flow;
	h->waker = waker;
	h->list = memory_zalloc((size_t)flow->partitions->count, sizeof(*h->list));
	return h;
}

void holes_free(struct holes **hp)
{
	struct holes *h = *hp;

	if (!h)
		return;
	for (int p = 0; p < h->flow->partitions->count; p++)
		holes_forget(h, p);
	prober_close(&h->spare);
	free(h->list);
	free(h);
	*hp = NULL;
}

void holes_forget(struct holes *h, int partition)
{
	struct hole *one = &h->list[partition];

	if (!one->message.hole)
		return;
	prober_close(&one->prober);
	message_done(&one->message);
	*one = (struct hole){ 0 };
	h->count--;
}

void holes_add(struct holes *h, struct message *hole)
{
	struct partition *part = partitions_get(h->flow->partitions, hole->partition);

	if (part->state != PARTITION_READY || part->probing) {
		message_done(hole);
		return;
	}
	log_partition(LOG_LEVEL_WARN, hole->partition,
		      "the batch at offset %lld of %s cannot be unpacked: %s; looking for its end, "
		      "to step over it",
		      (long long)hole->offset, topic_name(TOPIC_COMMANDS), hole->why);
	h->list[part->id].message = *hole;
	h->count++;
	part->probing = true;
	flow_follow(h->flow, part);
}

/* A client takes long to open, and such batches come in floods: so one is kept. */
static int begin_probing(struct holes *h, struct hole *one, struct error *err)
{
	int rc = 0;

	one->prober = h->spare;
	h->spare = NULL;
	if (!one->prober)
		rc = prober_open(&one->prober, h->config, TOPIC_COMMANDS, h->waker, err);
	return rc ? rc
		  : prober_begin(one->prober, one->message.partition, one->message.offset, err);
}

static void end_probing(struct holes *h, struct hole *one)
{
	prober_close(&h->spare);
	h->spare = one->prober;
	one->prober = NULL;
}

/* Looks for the end of the hole: PROBED_END, PROBED_LATER, or an error. */
static int measure_hole(struct holes *h, struct hole *one, int64_t *end, struct error *err)
{
	int rc = one->prober ? 0 : begin_probing(h, one, err);

	return rc ? rc : prober_step(one->prober, end, err);
}

/* The batch may begin before what is already applied: only the rest of it is lost. */
static void stage_hole(struct partition *part, struct message *hole, int64_t end)
{
	int64_t next = partition_next_offset(part);

	if (hole->offset < next)
		hole->offset = next;
	hole->hole = end - hole->offset;
	if (hole->hole > 0)
		staged_add(&part->staged, hole);
	else
		message_done(hole);
}

/* A partition that cannot be moved on is recovered: the hole will be met again. */
static void finish_hole(struct holes *h, struct partition *part, int64_t end)
{
	struct hole *one = &h->list[part->id];
	struct message hole = one->message;
	struct error err = { 0 };
	struct position next;

	crash_point("before-hole");
	end_probing(h, one);
	*one = (struct hole){ 0 };
	h->count--;
	part->probing = false;
	stage_hole(part, &hole, end);
	next = (struct position){ part->id, partition_next_offset(part) };
	if (!intake_seek(h->flow->intake, &next, 1, &err)) {
		flow_follow(h->flow, part);
		return;
	}
	log_partition(LOG_LEVEL_WARN, part->id, "%s; recovering", err.text);
	partition_claim_again(part);
}

static void step_hole(struct holes *h, struct hole *one, const struct now *now)
{
	struct error err = { 0 };
	int64_t end = 0;
	int rc = measure_hole(h, one, &end, &err);

	if (rc == PROBED_END) {
		finish_hole(h, partitions_get(h->flow->partitions, one->message.partition), end);
	} else if (rc < 0) {
		log_warn("%s; trying again in %d ms", err.text, RETRY_MS);
		prober_close(&one->prober);
		one->retry_ms = now->monotonic_ms + RETRY_MS;
	}
}

void holes_step(struct holes *h, const struct now *now)
{
	for (int p = 0; h->count && p < h->flow->partitions->count; p++)
		if (h->list[p].message.hole && h->list[p].retry_ms <= now->monotonic_ms)
			step_hole(h, &h->list[p], now);
}

int64_t holes_due_ms(const struct holes *h)
{
	int64_t due = INT64_MAX;

	for (int p = 0; h->count && p < h->flow->partitions->count; p++)
		if (h->list[p].message.hole && !h->list[p].prober && h->list[p].retry_ms < due)
			due = h->list[p].retry_ms;
	return due;
}
