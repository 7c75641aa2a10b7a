#include "consumer/recover.h"

#include "consumer/output.h"
#include "ops/support/log.h"

enum { KAFKA_WAIT_MS = 15000, SEEK_WAIT_MS = 5000 };

enum recovery recovery_case(const struct mark *mark, int64_t committed)
{
	if (mark->state == MARK_MISSING)
		return committed == COMMITTED_NONE ? RECOVERY_FRESH : RECOVERY_LOST;
	if (mark->state == MARK_REBUILDING || mark->applied < committed)
		return RECOVERY_LOST;
	return mark->applied == committed ? RECOVERY_GO_ON : RECOVERY_PUBLISH;
}

/* The partitions that wait for recovery; the caller's. */
static rd_kafka_topic_partition_list_t *list_claiming(const struct processor *p)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	for (int i = 0; i < p->deployment.partitions; i++)
		if (p->partitions[i].state == PARTITION_CLAIMING)
			rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS), i);
	return list;
}

/* Asked with require_stable, because the consumer reads committed: an open transaction makes it wait. */
static int read_committed(struct processor *p, rd_kafka_topic_partition_list_t *list,
			  struct error *err)
{
	rd_kafka_resp_err_t code = rd_kafka_committed(p->consumer, list, KAFKA_WAIT_MS);

	for (int i = 0; !code && i < list->cnt; i++) {
		code = list->elems[i].err;
		if (list->elems[i].offset < 0)
			list->elems[i].offset = COMMITTED_NONE;
	}
	if (code)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the committed offsets are not settled yet: %s",
				 rd_kafka_err2str(code));
	return 0;
}

static int read_low(struct processor *p, const struct partition *part, int64_t *low,
		    struct error *err)
{
	int64_t high;
	rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
		p->consumer, topic_name(TOPIC_COMMANDS), part->id, low, &high, KAFKA_WAIT_MS);

	return code ? error_set(err, ERROR_UNAVAILABLE, "partition %d does not answer: %s",
				part->id, rd_kafka_err2str(code))
		    : 0;
}

/*
 * Queues one run's unsent outputs as they stand, unless they are committed.
 * *next moves to where they end.
 */
static int publish_run(struct processor *p, struct partition *part, const struct unsent *u,
		       int64_t *next, struct error *err)
{
	struct bytes packed = buffer_bytes(&u->outputs);
	struct run_range range;

	if (!outputs_open(&packed, &range))
		return error_set(err, ERROR_REFUSED,
				 "partition %d keeps unsent outputs that this version cannot read",
				 part->id);
	if (range.applied <= *next) {
		offsets_add(&part->sent, u->last);
		return 0;
	}
	publisher_push(p->publisher,
		       batch_new(part->id, u->last, range.applied, buffer_bytes(&u->outputs)));
	*next = range.applied;
	return 0;
}

/*
 * The commands from `committed` on are applied and their outputs kept unsent.
 * When nothing was ever committed, all that is kept is unsent.
 */
static int publish_unsent(struct processor *p, struct partition *part, int64_t committed,
			  struct error *err)
{
	struct unsent_list unsent;
	int64_t next = committed;
	int rc = index_read_unsent(p->index, part->id, &unsent, err);

	for (size_t i = 0; !rc && i < unsent.count; i++)
		rc = publish_run(p, part, &unsent.list[i], &next, err);
	if (next == COMMITTED_NONE)
		next = part->mark.applied;
	unsent_done(&unsent);
	if (!rc && next != part->mark.applied)
		return error_set(err, ERROR_REFUSED,
				 "partition %d is applied up to %lld, but its unsent outputs end "
				 "at %lld: the index is damaged",
				 part->id, (long long)part->mark.applied, (long long)next);
	return rc;
}

static int take_epoch(struct processor *p, struct partition *part, const struct mark *seen,
		      int64_t applied, struct error *err)
{
	part->mark = *seen;
	part->mark.state = MARK_READY;
	part->mark.applied = applied;
	return index_claim(p->index, part->id, seen, &part->mark, err);
}

static int begin_fresh(struct processor *p, struct partition *part, const struct mark *seen,
		       struct error *err)
{
	int64_t low = 0;
	int rc = read_low(p, part, &low, err);

	if (!rc && low > 0)
		return error_set(err, ERROR_REFUSED,
				 "neither Kafka nor Redis knows how far partition %d was applied, "
				 "and its log begins at %lld: commands are gone",
				 part->id, (long long)low);
	return rc ? rc : take_epoch(p, part, seen, low, err);
}

static int act(struct processor *p, struct partition *part, const struct mark *seen,
	       int64_t committed, struct error *err)
{
	int rc;

	switch (recovery_case(seen, committed)) {
	case RECOVERY_FRESH:
		return begin_fresh(p, part, seen, err);
	case RECOVERY_GO_ON:
	case RECOVERY_PUBLISH:
		rc = take_epoch(p, part, seen, seen->applied, err);
		return rc ? rc : publish_unsent(p, part, committed, err);
	case RECOVERY_LOST:
		break;
	}
	return error_set(
		err, ERROR_REFUSED,
		"Redis has lost data of partition %d: it is at %lld, Kafka has committed %lld",
		part->id, (long long)seen->applied, (long long)committed);
}

static int recover_one(struct processor *p, struct partition *part, int64_t committed,
		       struct error *err)
{
	struct mark seen;
	int rc = index_read_mark(p->index, part->id, &seen, err);

	if (!rc)
		rc = act(p, part, &seen, committed, err);
	if (!rc)
		log_info("partition %d: epoch %lld, applied %lld, committed %lld", part->id,
			 (long long)part->mark.epoch, (long long)part->mark.applied,
			 (long long)committed);
	return rc;
}

/* Fetching goes on where each partition stands. */
static int fetch(struct processor *p, rd_kafka_topic_partition_list_t *list, struct error *err)
{
	rd_kafka_resp_err_t code;
	rd_kafka_error_t *e;

	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = p->partitions[list->elems[i].partition].mark.applied;
	e = rd_kafka_seek_partitions(p->consumer, list, SEEK_WAIT_MS);
	code = e ? rd_kafka_error_code(e) : RD_KAFKA_RESP_ERR_NO_ERROR;
	if (e)
		rd_kafka_error_destroy(e);
	for (int i = 0; !code && i < list->cnt; i++)
		code = list->elems[i].err;
	if (code)
		return error_set(err, ERROR_UNAVAILABLE, "the partitions cannot be fetched: %s",
				 rd_kafka_err2str(code));
	for (int i = 0; i < list->cnt; i++) {
		struct partition *part = &p->partitions[list->elems[i].partition];

		part->state = PARTITION_READY;
		if (!p->paused)
			processor_pause(p, part, false);
	}
	return 0;
}

int recover_partitions(struct processor *p, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = list_claiming(p);
	int rc = list->cnt ? read_committed(p, list, err) : 0;

	for (int i = 0; !rc && i < list->cnt; i++)
		rc = recover_one(p, &p->partitions[list->elems[i].partition], list->elems[i].offset,
				 err);
	if (!rc && list->cnt)
		rc = fetch(p, list, err);
	rd_kafka_topic_partition_list_destroy(list);
	return rc;
}
