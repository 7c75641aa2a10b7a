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

/* A list of one partition of the commands topic; the caller's. */
static rd_kafka_topic_partition_list_t *just(const struct partition *part, int64_t offset)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

	rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_COMMANDS), part->id)->offset =
		offset;
	return list;
}

/* Asked with require_stable, because the consumer reads committed: an open transaction makes it wait. */
static int read_committed(struct processor *p, const struct partition *part, int64_t *out,
			  struct error *err)
{
	rd_kafka_topic_partition_list_t *list = just(part, RD_KAFKA_OFFSET_INVALID);
	rd_kafka_resp_err_t code = rd_kafka_committed(p->consumer, list, KAFKA_WAIT_MS);
	int64_t offset = list->elems[0].offset;

	if (!code)
		code = list->elems[0].err;
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the committed offset of partition %d is not settled yet: %s",
				 part->id, rd_kafka_err2str(code));
	*out = offset < 0 ? COMMITTED_NONE : offset;
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

/* The commands from `committed` on are applied and kept unsent; queues them as they stand. */
static int publish_unsent(struct processor *p, struct partition *part, int64_t committed,
			  struct error *err)
{
	struct unsent_list unsent;
	int64_t next = committed;
	int rc = index_read_unsent(p->index, part->id, &unsent, err);

	for (size_t i = 0; !rc && i < unsent.count; i++) {
		struct bytes packed = buffer_bytes(&unsent.list[i].outputs);
		struct run_range range;

		if (!outputs_open(&packed, &range))
			rc = error_set(
				err, ERROR_REFUSED,
				"partition %d keeps unsent outputs that this version cannot read",
				part->id);
		else if (range.applied <= committed)
			offsets_add(&part->sent, unsent.list[i].last);
		else
			publisher_push(p->publisher,
				       batch_new(part->id, unsent.list[i].last, range.applied,
						 buffer_bytes(&unsent.list[i].outputs)));
		next = rc || range.applied < next ? next : range.applied;
	}
	unsent_done(&unsent);
	if (!rc && next != part->mark.applied && part->mark.applied != committed)
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

static int fetch_from(struct processor *p, const struct partition *part, int64_t offset,
		      struct error *err)
{
	rd_kafka_topic_partition_list_t *list = just(part, offset);
	rd_kafka_error_t *e = rd_kafka_seek_partitions(p->consumer, list, SEEK_WAIT_MS);
	rd_kafka_resp_err_t code = e ? rd_kafka_error_code(e) : list->elems[0].err;

	if (e)
		rd_kafka_error_destroy(e);
	rd_kafka_topic_partition_list_destroy(list);
	if (code)
		return error_set(err, ERROR_UNAVAILABLE, "partition %d cannot be fetched: %s",
				 part->id, rd_kafka_err2str(code));
	if (!p->paused)
		processor_pause(p, part, false);
	return 0;
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

int recover_partition(struct processor *p, struct partition *part, struct error *err)
{
	struct mark seen;
	int64_t committed = COMMITTED_NONE;
	int rc = read_committed(p, part, &committed, err);

	if (!rc)
		rc = index_read_mark(p->index, part->id, &seen, err);
	if (!rc)
		rc = act(p, part, &seen, committed, err);
	if (!rc)
		rc = fetch_from(p, part, part->mark.applied, err);
	if (rc)
		return rc;
	part->state = PARTITION_READY;
	log_info("partition %d: epoch %lld, applied %lld, committed %lld", part->id,
		 (long long)part->mark.epoch, (long long)part->mark.applied, (long long)committed);
	return 0;
}
