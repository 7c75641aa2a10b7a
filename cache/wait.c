#include "cache/wait.h"

#include "cache/redis.h"
#include "ops/support/clock.h"

#include <hiredis/hiredis.h>
#include <stdio.h>

enum { BLOCK_MAX_MS = 1000, PAUSE_MS = 2, PAUSE_BROKEN_MS = 50 };

/* The first run that ends at or behind the offset, now or when it comes: its entry in the stream. */
static int ask_stream(struct reader *r, const struct position *at, int block_ms, struct error *err)
{
	struct pipeline *p = reader_begin(r);
	char after[32];

	(void)snprintf(after, sizeof(after), "%lld-0", (long long)at->offset);
	pipeline_command(p, 8);
	pipeline_text(p, "XREAD");
	pipeline_text(p, "COUNT");
	pipeline_text(p, "1");
	pipeline_text(p, "BLOCK");
	pipeline_number(p, block_ms);
	pipeline_text(p, "STREAMS");
	pipeline_key(p, reader_keys(r, at->partition), "outcomes", NULL);
	pipeline_text(p, after);
	return reader_ask_blocking(r, block_ms, err);
}

/* XREAD's reply: [[key, [[id, [field, value, …]]]]] or nil. */
static struct bytes entry_value(const redisReply *reply)
{
	const redisReply *at = reply;

	static const size_t path[] = { 0, 1, 0, 1, 1 };

	for (size_t i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		if (at->type != REDIS_REPLY_ARRAY || at->elements <= path[i])
			return (struct bytes){ 0 };
		at = at->element[path[i]];
	}
	return reply_bytes(at);
}

static bool find_outcome(struct bytes entry, int64_t offset, struct outcome_entry *out)
{
	while (outcome_take(&entry, out))
		if (out->offset == offset)
			return true;
	return false;
}

int wait_outcome(struct reader *r, const struct position *at, int64_t deadline_ms,
		 struct arena *arena, struct outcome_entry *out, struct error *err)
{
	int rc = 0;

	for (;;) {
		int64_t left = deadline_ms - clock_monotonic_ms();
		struct bytes entry;

		if (left <= 0)
			return rc ? rc /* Redis kept it from coming */
				  : error_set(err, ERROR_UNAVAILABLE,
					      "the outcome of %d:%lld did not come in time",
					      at->partition, (long long)at->offset);
		rc = ask_stream(r, at, left < BLOCK_MAX_MS ? (int)left : BLOCK_MAX_MS, err);
		if (rc && rc != ERROR_UNAVAILABLE)
			return rc;
		if (rc) {
			clock_pause_ms(PAUSE_BROKEN_MS);
			continue;
		}
		entry = entry_value(reader_reply(r, 0));
		if (!entry.data)
			continue;
		if (!find_outcome(entry, at->offset, out))
			return error_set(err, ERROR_UNAVAILABLE,
					 "the outcome of %d:%lld is no longer kept", at->partition,
					 (long long)at->offset);
		out->message = arena_copy(arena, out->message);
		return 0;
	}
}

static int too_late(int partition, int64_t applied, int64_t offset, struct error *err)
{
	if (partition == KEYS_DIRECTORY)
		return error_set(err, ERROR_STALE,
				 "the directory in the index is at %lld and did not come to %lld "
				 "in time",
				 (long long)applied, (long long)offset);
	return error_set(err, ERROR_STALE,
			 "the index is at %lld of partition %d and did not come to %lld in time",
			 (long long)applied, partition, (long long)offset);
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
			return rc ? rc : too_late(partition, m.applied, offset, err);
		clock_pause_ms(rc ? PAUSE_BROKEN_MS : PAUSE_MS);
	}
}
