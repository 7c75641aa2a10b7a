#include "consumer/processor.h"

#include "consumer/rebuild.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"

#include <assert.h>
#include <stdlib.h>

enum {
	WAIT_FIRST_MS = 50,
	WAIT_MAX_MS = 5000,
	WAIT_STEP_MS = 50,
	REDIS_TIMEOUT_MS = 5000,
	WORKSPACES_BYTES = 24 * 1024 * 1024,
	RUN_OUTPUTS_MAX_BYTES = 16 * 1024 * 1024, /* 2,000 usual records have a quarter of it */
};

void staged_clear(struct staged *s)
{
	for (size_t i = 0; i < s->count; i++)
		message_done(&s->list[i]);
	s->count = 0;
}

void staged_drop(struct staged *s, size_t count)
{
	for (size_t i = 0; i < count; i++)
		message_done(&s->list[i]);
	s->count -= count;
	memmove(s->list, s->list + count, s->count * sizeof(*s->list));
}

size_t staged_portion(const struct staged *s, size_t max, size_t bytes)
{
	size_t count = 0;
	size_t sum = 0;

	while (count < s->count && count < max && sum < bytes)
		sum += s->list[count++].value.len;
	return count;
}

void staged_add(struct staged *s, const struct message *m)
{
	if (s->count == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 64;
		struct message *list = realloc(s->list, cap * sizeof(*list));

		assert(list);
		s->list = list;
		s->cap = cap;
	}
	s->list[s->count++] = *m;
}

void offsets_add(struct offsets *o, int64_t offset)
{
	if (o->count == o->cap) {
		size_t cap = o->cap ? o->cap * 2 : 16;
		int64_t *list = realloc(o->list, cap * sizeof(*list));

		assert(list);
		o->list = list;
		o->cap = cap;
	}
	o->list[o->count++] = offset;
}

void processor_claim_again(struct processor *p, struct partition *part)
{
	if (part->state == PARTITION_FOREIGN)
		return;
	if (part->state == PARTITION_REBUILDING)
		p->rebuild.phase = REBUILD_BROKEN;
	part->state = PARTITION_CLAIMING;
	intake_pause(p->intake, part->id, true);
	staged_clear(&part->staged);
	part->sent.count = 0;
	workspaces_forget(p->workspaces, part->id);
	index_forget_ahead(p->index);
}

int processor_make_ready(struct processor *p, struct partition *const *parts, size_t count,
			 struct error *err)
{
	struct place *places = calloc(count + 1, sizeof(*places));
	int rc;

	assert(places);
	for (size_t i = 0; i < count; i++)
		places[i] = (struct place){ parts[i]->id, parts[i]->mark.applied };
	rc = count ? intake_seek(p->intake, places, count, err) : 0;
	free(places);
	for (size_t i = 0; !rc && i < count; i++) {
		parts[i]->state = PARTITION_READY;
		parts[i]->fetched = false;
		parts[i]->reached = parts[i]->mark.applied;
		if (!p->paused)
			intake_pause(p->intake, parts[i]->id, false);
	}
	return rc;
}

void processor_wait(const struct processor *p, unsigned attempt, const struct error *why)
{
	int wait_ms = attempt < 7 ? WAIT_FIRST_MS << attempt : WAIT_MAX_MS;
	int64_t deadline = clock_monotonic_ms() + wait_ms;

	log_warn("%s; trying again in %d ms", why->text, wait_ms);
	while (!*p->stop && clock_monotonic_ms() < deadline)
		clock_pause_ms(WAIT_STEP_MS);
}

/* ---- lifecycle ---- */

/* Repeats a step until it succeeds, the process is told to stop, or a person must act. */
static int insist(struct processor *p, int (*step)(struct processor *, struct error *),
		  struct error *err)
{
	unsigned attempt = 0;
	int rc = step(p, err);

	while (rc == ERROR_UNAVAILABLE && !*p->stop) {
		processor_wait(p, attempt++, err);
		rc = step(p, err);
	}
	return rc;
}

static int learn_deployment(struct processor *p, struct error *err)
{
	return intake_deployment(p->intake, &p->deployment, err);
}

static int check_redis(struct processor *p, struct error *err)
{
	struct mark mark;
	int rc = index_check_server(p->index, err);

	/* A foreign index is refused before anything is claimed. */
	return rc ? rc : index_read_mark(p->index, 0, &mark, err);
}

static int open_index(struct processor *p, struct error *err)
{
	const struct index_options options = {
		.address = config_get(p->config, "redis"),
		.prefix = config_get(p->config, "prefix"),
		.topic = topic_name(TOPIC_COMMANDS),
		.deployment = p->deployment,
		.timeout_ms = REDIS_TIMEOUT_MS,
	};

	return index_open(&p->index, &options, err);
}

static int open_parts(struct processor *p, struct error *err)
{
	int rc = open_index(p, err);

	if (!rc)
		rc = insist(p, check_redis, err);
	if (!rc)
		rc = codec_new(&p->codec, err);
	if (!rc)
		rc = follower_open(&p->follower, p->config, p->codec, p->index, err);
	if (!rc)
		rc = changelog_open(&p->changelog, p->config, err);
	if (rc)
		return rc;
	p->workspaces = workspaces_new(WORKSPACES_BYTES);
	p->partitions = calloc((size_t)p->deployment.partitions, sizeof(*p->partitions));
	if (!p->partitions)
		return error_set(err, ERROR_NOMEM, "out of memory");
	for (int i = 0; i < p->deployment.partitions; i++)
		p->partitions[i].id = i;
	p->reaper = reaper_new(p->deployment.partitions);
	arena_init(&p->run.arena);
	apply_init(&p->run.apply);
	p->run.emitter = (struct emitter){ .codec = p->codec,
					   .access_url = config_get(p->config, "access-url"),
					   .arena = &p->run.arena,
					   .packed = &p->run.packed };
	return 0;
}

static int read_settings(struct processor *p, struct error *err)
{
	int64_t grants = 0;
	int rc = config_get_number(p->config, "max-grants", 1, 100000, &grants, err);

	p->limits.grants_per_workspace = (size_t)grants;
	p->run_outputs_max = RUN_OUTPUTS_MAX_BYTES;
	p->accept_lost_commands = config_get(p->config, "accept-lost-commands") != NULL;
	return rc;
}

int processor_open(struct processor **out, const struct config *config,
		   const volatile sig_atomic_t *stop, const struct intake_owner *owner,
		   struct error *err)
{
	struct processor *p = calloc(1, sizeof(*p));
	struct intake_owner mine = *owner;
	int rc;

	if (!p)
		return error_set(err, ERROR_NOMEM, "out of memory");
	p->config = config;
	p->stop = stop;
	mine.context = p;
	rc = read_settings(p, err);
	if (!rc)
		rc = intake_open(&p->intake, config, &mine, err);
	if (!rc)
		rc = insist(p, learn_deployment, err);
	if (!rc)
		rc = open_parts(p, err);
	if (!rc)
		rc = intake_join(p->intake, err);
	if (rc)
		processor_close(&p);
	else
		*out = p;
	return rc;
}

void processor_close(struct processor **pp)
{
	struct processor *p = *pp;

	if (!p)
		return;
	publisher_stop(&p->publisher);
	for (int i = 0; p->partitions && i < p->deployment.partitions; i++) {
		staged_clear(&p->partitions[i].staged);
		free(p->partitions[i].staged.list);
		free(p->partitions[i].sent.list);
	}
	rebuild_done(&p->rebuild);
	changelog_close(&p->changelog);
	follower_close(&p->follower);
	intake_close(&p->intake);
	reaper_free(&p->reaper);
	workspaces_free(&p->workspaces);
	index_close(&p->index);
	codec_free(&p->codec);
	arena_done(&p->run.arena);
	apply_done(&p->run.apply);
	buffer_done(&p->run.emitter.value);
	buffer_done(&p->run.packed);
	buffer_done(&p->run.outcomes);
	free(p->partitions);
	free(p);
	*pp = NULL;
}
