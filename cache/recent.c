#include "cache/recent.h"

#include "ops/support/memory.h"

#include <stdlib.h>
#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

void recent_done(struct recent *r)
{
	free(r->list);
	*r = (struct recent){ 0 };
}

int64_t recent_end(const struct recent *r)
{
	return r->first + (int64_t)r->count;
}

bool recent_has_forgotten(const struct recent *r)
{
	return r->first > 0 || r->forgotten > 0;
}

bool recent_holds(const struct recent *r, const struct uuid *command_id)
{
	for (size_t i = r->count; i > 0; i--)
		if (uuid_equal(&r->list[i - 1].id, command_id))
			return true;
	return false;
}

bool recent_reaches(const struct recent *r, const struct uuid *command_id)
{
	return uuid_v7_time(command_id) > r->forgotten;
}

static int64_t late_minutes(const struct uuid *command_id, int64_t now)
{
	int64_t late_ms = now - uuid_v7_time(command_id);

	return late_ms > 0 ? (late_ms + MINUTE_MS - 1) / MINUTE_MS : 0;
}

static bool is_over(const struct recent_command *c, int64_t now)
{
	return uuid_v7_time(&c->id) + c->late_minutes * MINUTE_MS + RECENT_SPAN_MS <= now;
}

/* How many of the oldest make way for one more. */
static size_t count_over(const struct recent *r, int64_t now)
{
	size_t over = 0;

	while (r->count - over >= RECENT_MAX ||
	       (r->count - over >= RECENT_MIN && is_over(&r->list[over], now)))
		over++;
	return over;
}

static void forget_first(struct recent *r, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t time = uuid_v7_time(&r->list[i].id);

		if (time > r->forgotten)
			r->forgotten = time;
	}
	r->first += (int64_t)count;
	r->count -= count;
	memmove(r->list, r->list + count, r->count * sizeof(*r->list));
}

/* What was stored may say anything; a command cannot be later than this. */
static int64_t bound_minutes(int64_t minutes)
{
	const int64_t max = RECENT_BEHIND_MAX_MS / MINUTE_MS;

	if (minutes < 0)
		return 0;
	return minutes < max ? minutes : max;
}

static void append_command(struct recent *r, const struct recent_command *c)
{
	r->list = memory_grow(r->list, &r->cap, r->count + 1, sizeof(*r->list));
	r->list[r->count++] = (struct recent_command){ c->id, bound_minutes(c->late_minutes) };
}

void recent_add(struct recent *r, const struct uuid *command_id, int64_t now)
{
	size_t over = count_over(r, now);

	if (over)
		forget_first(r, over);
	append_command(r, &(struct recent_command){ *command_id, late_minutes(command_id, now) });
}

void recent_restore(struct recent *r, const struct recent_command *c)
{
	if (r->count == RECENT_MAX)
		forget_first(r, 1);
	append_command(r, c);
}

bool recent_place(struct recent *r, int64_t number, const struct recent_command *c)
{
	static const struct recent_command missing;

	if (number < r->first)
		return true;
	if (number - r->first >= RECENT_MAX)
		return false;
	while (recent_end(r) <= number)
		append_command(r, &missing);
	r->list[number - r->first] =
		(struct recent_command){ c->id, bound_minutes(c->late_minutes) };
	return true;
}

bool recent_is_whole(const struct recent *r)
{
	for (size_t i = 0; i < r->count; i++)
		if (uuid_is_nil(&r->list[i].id))
			return false;
	return true;
}
