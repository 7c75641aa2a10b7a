#include "consumer/ready.h"

#include "ops/support/log.h"
#include "schemas/topics.h"

enum {
	LOOK_WAIT_MS = 5000,
	TIP_OFFSETS = 8, /* some may be markers of transactions */
};

/* Moves the partition past commands that are gone from the log; check_log() has accepted that. */
static int skip_lost(const struct ready_maker *r, struct partition *part, const struct now *now,
		     struct error *err)
{
	int64_t begin = 0;
	int64_t end = 0;
	int rc = intake_range(r->intake, part->id, &begin, &end, err);

	if (rc || part->mark.applied >= begin)
		return rc;
	return runner_skip(r->runner, part, begin, now->unix_ms, err);
}

/* The last record before that offset shows from now on whether the log is the same. */
static int find_tip(const struct ready_maker *r, int partition, int64_t begin, int64_t from,
		    struct tip *out, struct error *err)
{
	int64_t first = from - begin > TIP_OFFSETS ? from - TIP_OFFSETS : begin;
	const struct lookback_range range = { partition, first, from };

	*out = (struct tip){ 0 };
	return from > begin ? lookback_read(r->lookback, &range, LOOK_WAIT_MS, out, err) : 0;
}

/*
 * Moves the partition on to the log that Kafka has now. Records that the brokers
 * took before the last one applied are not decided again: they were applied, or
 * were lost with what came after them.
 */
static int begin_log(const struct ready_maker *r, struct partition *part, const struct now *now,
		     struct error *err)
{
	int64_t begin = 0;
	int64_t end = 0;
	int64_t from = 0;
	struct tip tip;
	int rc = intake_range(r->intake, part->id, &begin, &end, err);

	from = end;
	if (!rc && tip_is_known(&part->mark.tip))
		rc = intake_after(r->intake, part->id, part->mark.tip.time, &from, err);
	if (!rc)
		rc = find_tip(r, part->id, begin, from, &tip, err);
	if (rc)
		return rc;
	log_partition(LOG_LEVEL_WARN, part->id,
		      "another log is accepted, which has the offsets %lld to %lld; going "
		      "on at %lld, and keeping what was applied up to %lld of the log before",
		      (long long)begin, (long long)end - 1, (long long)from,
		      (long long)part->mark.applied);
	return runner_begin_log(r->runner, part, from, &tip, now->unix_ms, err);
}

static int seek_all(const struct ready_maker *r, struct partition *const *parts, size_t count,
		    struct error *err)
{
	struct position positions[PARTITIONS_MAX];

	for (size_t i = 0; i < count; i++)
		positions[i] = (struct position){ parts[i]->id, parts[i]->mark.applied };
	return count ? intake_seek(r->intake, positions, count, err) : 0;
}

/* Moves the partition to where it goes on. Its node of Redis may keep it from that. */
static int advance_log(const struct ready_maker *r, struct partition *part, const struct now *now,
		       struct error *err)
{
	int rc = part->accepting ? begin_log(r, part, now, err) : 0;

	if (!rc && r->accept_lost_commands)
		rc = skip_lost(r, part, now, err);
	return partition_await_node(part, rc, err, now->monotonic_ms);
}

int ready_make(const struct ready_maker *r, struct partition **parts, size_t count,
	       const struct now *now, struct error *err)
{
	size_t kept = 0;
	int rc = 0;

	for (size_t i = 0; !rc && i < count; i++) {
		rc = advance_log(r, parts[i], now, err);
		if (parts[i]->state != PARTITION_ASIDE)
			parts[kept++] = parts[i];
	}
	if (!rc)
		rc = seek_all(r, parts, kept, err);
	for (size_t i = 0; !rc && i < kept; i++) {
		parts[i]->vouched_ms = now->monotonic_ms;
		partition_become(parts[i], PARTITION_READY);
	}
	return rc;
}
