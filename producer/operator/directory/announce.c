#include "producer/operator/directory/announce.h"

#include "cache/wait.h"
#include "ops/support/clock.h"
#include "producer/operator/inside.h"
#include "producer/send.h"
#include "producer/topic_settings.h"

#include <assert.h>

enum {
	DEFAULT_WAIT_MS = 10000,
	STEP_MS = 250,              /* how often progress is looked for */
	LARGE_BYTES = 900000,       /* less fits into any topic: the default of Kafka is 1 MB */
	BYTES_A_REFERENCE = 1 + 36, /* an id in text */
	BYTES_BESIDES = 4096,       /* names, headers, frame, the batch around it */
	LIMIT_WAIT_MS = 5000,
	QUEUED_MAX = 10000, /* records that may be under way */
};

struct announcing {
	struct session *s;
	struct meter *meter;
	const struct directory_diff *diff;
	struct receipt *deliveries; /* one for each change */
};

static bool is_command(const struct directory_change *c)
{
	return c->kind == DIRECTORY_WORKSPACES;
}

/* Roughly the bytes that the change takes on the bus. */
static size_t size_of(const struct directory_change *c)
{
	const struct record *r = c->new;
	size_t references = 0;

	if (r && r->type == RECORD_GROUP_CHANGED)
		references = r->as.group_changed.member_count;
	else if (r && r->type == RECORD_USER_CHANGED)
		references = 2 * r->as.user_changed.organization_count;
	return references * BYTES_A_REFERENCE + BYTES_BESIDES;
}

/*
 * A file must not be announced by half because one record is too large for the
 * topic. Only a group can be that large.
 */
static int check_sizes(struct announcing *a, struct error *err)
{
	const struct directory_change *largest = NULL;
	const struct group_changed *group;
	struct topics_found found;
	int64_t limit;

	for (size_t i = 0; i < a->diff->count; i++)
		if (!largest || size_of(&a->diff->list[i]) > size_of(largest))
			largest = &a->diff->list[i];
	if (!largest || size_of(largest) < LARGE_BYTES)
		return 0;
	assert(largest->kind == DIRECTORY_GROUPS);
	group = &largest->new->as.group_changed;
	topics_find(inside_bus(a->s), LIMIT_WAIT_MS, &found);
	limit = found.list[TOPIC_DIRECTORY].max_message_bytes;
	if (!limit || size_of(largest) <= (size_t)limit)
		return 0;
	return error_set(
		err, ERROR_REFUSED,
		"group %.*s with %zu members takes %zu bytes, but %s takes at most %lld bytes a "
		"record; raise its max.message.bytes (nothing was sent)",
		BYTES_ARG(group->name), group->member_count, size_of(largest),
		topic_name(TOPIC_DIRECTORY), (long long)limit);
}

static int send_change(struct session *s, const struct directory_change *c, struct receipt *d,
		       struct error *err)
{
	const struct record *r = c->new ? c->new : c->old;
	char key[UUID_TEXT_SIZE] = "deployment";

	if (c->kind != DIRECTORY_SWITCH)
		uuid_format(key, directory_id(r));
	return send_record(s->client, is_command(c) ? TOPIC_COMMANDS : TOPIC_DIRECTORY, c->new,
			   bytes_of(key), d, err);
}

/* Counts how many of those queued are delivered. ERROR_UNAVAILABLE when one has failed. */
static int count_delivered(const struct announcing *a, size_t queued, size_t *out,
			   struct error *err)
{
	size_t done = 0;

	for (size_t i = 0; i < queued; i++) {
		const struct receipt *d = &a->deliveries[i];

		if (d->failed)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the brokers at %s did not take all records: %s",
					 config_get(a->s->config, "brokers"), d->why);
		done += d->done;
	}
	*out = done;
	return 0;
}

/*
 * Waits until at most `max` of those queued are under way. Fails when the brokers
 * have taken nothing for as long as the session waits.
 */
static int drain_queue(struct announcing *a, size_t queued, int max, struct error *err)
{
	int64_t wait_ms = a->s->wait_ms ? a->s->wait_ms : DEFAULT_WAIT_MS;
	int64_t deadline = clock_monotonic_ms() + wait_ms;
	size_t before = 0;

	for (;;) {
		int64_t now = clock_monotonic_ms();
		int64_t step = now + STEP_MS < deadline ? now + STEP_MS : deadline;
		size_t done = 0;
		struct error given_up;
		int rc = send_drain(a->s->client, max, step, err);

		if (count_delivered(a, queued, &done, &given_up)) {
			*err = given_up;
			return err->code;
		}
		if (rc != ERROR_UNAVAILABLE || now >= deadline)
			return rc;
		if (done > before)
			deadline = now + wait_ms;
		before = done;
		meter_show(a->meter, "sending", done, a->diff->count);
	}
}

static int send_changes(struct announcing *a, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < a->diff->count; i++) {
		rc = send_change(a->s, &a->diff->list[i], &a->deliveries[i], err);
		if (!rc && i % QUEUED_MAX == QUEUED_MAX - 1)
			rc = drain_queue(a, i + 1, QUEUED_MAX / 2, err);
	}
	return rc ? rc : drain_queue(a, a->diff->count, 0, err);
}

/*
 * Waits until the index has all before that offset. Fails when it has made no
 * progress for as long as the session waits.
 */
static int wait_for(struct announcing *a, int partition, int64_t offset, struct error *err)
{
	struct reader *reader = inside_reader(a->s);
	int64_t deadline = clock_monotonic_ms() + a->s->wait_ms;
	int64_t applied = -1;

	for (;;) {
		int64_t now = clock_monotonic_ms();
		int64_t step = now + STEP_MS < deadline ? now + STEP_MS : deadline;
		struct error ignored;
		struct mark m;
		int rc = wait_applied(reader, partition, offset, step, err);

		if (!rc || (rc != ERROR_UNAVAILABLE && rc != ERROR_STALE) || now >= deadline)
			return rc;
		if (!reader_mark(reader, partition, &m, &ignored) && m.applied > applied) {
			applied = m.applied;
			deadline = now + a->s->wait_ms;
		}
		meter_show(a->meter, "waiting until the index has it", 0, 0);
	}
}

/* Waits for the last record of each partition: then all before it are there. */
static int wait_for_all(struct announcing *a, struct error *err)
{
	int partitions = inside_deployment(a->s)->partitions;
	int64_t *ends = arena_zalloc(&a->s->arena, (size_t)partitions, sizeof(*ends));
	int64_t directory = 0;
	int rc = 0;

	for (size_t i = 0; i < a->diff->count; i++) {
		const struct receipt *d = &a->deliveries[i];
		int64_t *end = is_command(&a->diff->list[i]) ? &ends[d->partition] : &directory;

		if (d->offset >= *end)
			*end = d->offset + 1;
	}
	if (directory)
		rc = wait_for(a, KEYS_DIRECTORY, directory, err);
	for (int i = 0; !rc && i < partitions; i++)
		if (ends[i])
			rc = wait_for(a, i, ends[i], err);
	return rc;
}

int directory_announce(struct session *s, struct meter *m, const struct directory_diff *diff,
		       struct error *err)
{
	struct announcing a = { .s = s, .meter = m, .diff = diff };
	int rc = check_sizes(&a, err);

	a.deliveries = arena_zalloc(&s->arena, diff->count + 1, sizeof(*a.deliveries));
	if (!rc)
		rc = send_changes(&a, err);
	if (!rc && s->wait_ms)
		rc = wait_for_all(&a, err);
	return rc;
}
