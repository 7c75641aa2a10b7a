/*
 * Stands in for consumer/changelog.h: sharing.grants, read up to the high
 * watermark and only what is committed.
 */

#include "consumer/changelog.h"

#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdlib.h>

enum {
	TAIL = 6,          /* so short that it sometimes holds no Progress */
	STOP_CHANCE = 250, /* that nothing more has arrived: so there are batches of all sizes */
};

struct reading {
	bool active;
	size_t begin;
	size_t next;
	size_t goal;
};

struct changelog {
	struct reading readings[PARTITIONS];
};

int changelog_open(struct changelog **out, const struct config *config, const struct waker *waker,
		   struct error *err)
{
	(void)config;
	(void)waker;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	return 0;
}

void changelog_close(struct changelog **c)
{
	free(*c);
	*c = NULL;
}

int changelog_begin(struct changelog *c, const int *partitions, size_t count,
		    enum changelog_from from, struct error *err)
{
	memset(c->readings, 0, sizeof(c->readings));
	for (size_t i = 0; i < count; i++) {
		struct reading *r = &c->readings[partitions[i]];
		size_t high;

		step("asks where the changelog ends");
		if (request_fails())
			return request_failed("asking where the changelog ends", err);
		high = broker.logs[TOPIC_GRANTS][partitions[i]].count;
		r->active = true;
		r->begin = from == CHANGELOG_TAIL && high > TAIL ? high - TAIL : 0;
		r->next = r->begin;
		r->goal = high;
	}
	return 0;
}

int changelog_check_begin(struct changelog *c, int partition, struct error *err)
{
	(void)c;
	(void)partition;
	(void)err;
	return 0;
}

const struct error *changelog_trouble(const struct changelog *c, int partition)
{
	(void)c;
	(void)partition;
	return NULL;
}

struct changelog_reach changelog_reach(const struct changelog *c, int partition)
{
	const struct reading *r = &c->readings[partition];

	return (struct changelog_reach){ (int64_t)(r->next - r->begin),
					 (int64_t)(r->goal - r->begin) };
}

/* The next record that a reader sees, which may lie beyond the goal; NULL: none has arrived. */
static const struct logged *read_on(struct reading *r, int partition)
{
	const struct log *l = &broker.logs[TOPIC_GRANTS][partition];
	size_t stable = log_stable(l, TOPIC_GRANTS, partition);

	while (r->next < stable) {
		const struct logged *at = &l->list[r->next++];

		if (logged_is_visible(at))
			return at;
	}
	return NULL;
}

static struct message message_of_logged(const struct logged *at, int partition)
{
	return (struct message){ .partition = partition, .key = at->key, .value = at->value };
}

int changelog_next(struct changelog *c, int wait_ms, struct message *out, struct error *err)
{
	bool unfinished = false;

	step("reads the changelog");
	if (request_fails())
		return request_failed("reading the changelog", err);
	if (!wait_ms && chance(STOP_CHANCE))
		return CHANGELOG_LATER;
	for (int p = 0; p < PARTITIONS; p++) {
		struct reading *r = &c->readings[p];
		const struct logged *at = r->active && r->next < r->goal ? read_on(r, p) : NULL;

		if (at) {
			*out = message_of_logged(at, p);
			return CHANGELOG_RECORD;
		}
		unfinished = unfinished || (r->active && r->next < r->goal);
	}
	if (!unfinished)
		return CHANGELOG_END;
	if (wait_ms)
		step_sleep(wait_ms);
	return CHANGELOG_LATER;
}

bool changelog_is_progress(const struct message *m)
{
	return bytes_equal_text(m->key, PROGRESS_KEY);
}
