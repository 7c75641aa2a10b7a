#include "cache/wait.h"

#include "cache/redis.h"
#include "ops/support/clock.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { BLOCK_MAX_MS = 1000, PAUSE_MS = 2, PAUSE_BROKEN_MS = 50 };

/* Asks for the first entry whose run ends at or after the position; waits up to block_ms for it. */
static int ask_entry(struct reader *r, const struct position *at, int block_ms, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	char before[32];

	(void)snprintf(before, sizeof(before), "%lld-0", (long long)at->offset);
	pipeline_command(p, 8);
	pipeline_text(p, "XREAD");
	pipeline_text(p, "COUNT");
	pipeline_text(p, "1");
	pipeline_text(p, "BLOCK");
	pipeline_number(p, block_ms);
	pipeline_text(p, "STREAMS");
	pipeline_key(p, reader_keys(r, at->partition), "outcomes", NULL);
	pipeline_text(p, before);
	return reader_ask_blocking(r, block_ms, err);
}

/* The value in the reply of XREAD, [[key, [[id, [field, value]]]]]; absent when that is nil. */
static struct bytes entry_value(const redisReply *reply)
{
	static const size_t path[] = { 0, 1, 0, 1, 1 };

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		if (reply->type != REDIS_REPLY_ARRAY || reply->elements <= path[i])
			return (struct bytes){ 0 };
		reply = reply->element[path[i]];
	}
	return reply_bytes(reply);
}

static bool find_outcome(struct bytes entry, int64_t offset, struct outcome_entry *out)
{
	struct outcome_entry found;

	while (outcome_take(&entry, &found)) {
		if (found.offset != offset)
			continue;
		*out = found;
		return true;
	}
	return false;
}

static int fail_late(const struct position *at, struct error *err)
{
	return error_set(
		err, ERROR_UNAVAILABLE,
		"the outcome of command %d:%lld did not come in time; it may still come, see "
		"`sharebus status`",
		at->partition, (long long)at->offset);
}

static int fail_dropped(const struct position *at, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE,
			 "the outcome of command %d:%lld is no longer kept; look for the command "
			 "in sharing.events",
			 at->partition, (long long)at->offset);
}

static int fail_another(const struct position *at, struct error *err)
{
	return error_set(
		err, ERROR_UNAVAILABLE,
		"the outcome at %d:%lld is another command's, so the log of partition %d is "
		"not the one that the index was made from; see what sharebus-consumer says "
		"of the partition, then repeat the command under its id",
		at->partition, (long long)at->offset, at->partition);
}

int wait_outcome(struct reader *r, const struct awaited *a, int64_t deadline_ms,
		 struct arena *arena, struct outcome_entry *out, struct error *err)
{
	const struct position *at = &a->at;
	struct outcome_entry found;
	int rc = 0;

	for (;;) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		struct bytes entry;

		if (left <= 0)
			return rc ? rc : fail_late(at, err);
		rc = ask_entry(r, at, left < BLOCK_MAX_MS ? (int)left : BLOCK_MAX_MS, err);
		if (rc && rc != ERROR_UNAVAILABLE)
			return rc;
		if (rc) {
			clock_pause_ms(PAUSE_BROKEN_MS);
			continue;
		}
		entry = entry_value(reader_reply(r, 0));
		if (!entry.data)
			continue;
		if (!find_outcome(entry, at->offset, &found))
			return fail_dropped(at, err);
		if (!uuid_equal(&found.command_id, &a->command_id))
			return fail_another(at, err);
		*out = found;
		out->message = arena_copy(arena, found.message);
		return 0;
	}
}

static int fail_lagging(int partition, int64_t applied, int64_t offset, struct error *err)
{
	if (partition == KEYS_DIRECTORY)
		return error_set(err, ERROR_STALE,
				 "the directory in the index is only at offset %lld, it did not "
				 "reach %lld in time; try again shortly",
				 (long long)applied, (long long)offset);
	return error_set(err, ERROR_STALE,
			 "partition %d of the index is only at offset %lld, it did not reach %lld "
			 "in time; try again shortly",
			 partition, (long long)applied, (long long)offset);
}

int wait_applied(struct reader *r, int partition, int64_t offset, int64_t deadline_ms,
		 struct error *err)
{
	for (;;) {
		struct mark m;
		int rc = reader_mark(r, partition, &m, err);

		if (!rc && m.applied >= offset)
			return 0;
		if (rc && rc != ERROR_UNAVAILABLE && rc != ERROR_STALE)
			return rc;
		if (clock_monotonic_ms() >= deadline_ms)
			return rc ? rc : fail_lagging(partition, m.applied, offset, err);
		clock_pause_ms(rc ? PAUSE_BROKEN_MS : PAUSE_MS);
	}
}
