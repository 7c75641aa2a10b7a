#include "consumer/progress.h"

#include "ops/support/log.h"
#include "schemas/topics.h"

#include <assert.h>
#include <stdio.h>

enum { CHANGELOG_WAIT_MS = 15000 }; /* longer than an abandoned transaction stays open */

void progress_format_committed(char out[static COMMITTED_TEXT_SIZE], int64_t committed)
{
	if (committed == COMMITTED_NONE)
		(void)snprintf(out, COMMITTED_TEXT_SIZE, "nothing");
	else
		(void)snprintf(out, COMMITTED_TEXT_SIZE, "%lld", (long long)committed);
}

void progress_init(struct progress_reader *r, struct changelog *changelog, struct codec *codec)
{
	*r = (struct progress_reader){ .changelog = changelog, .codec = codec };
	arena_init(&r->arena);
}

void progress_done(struct progress_reader *r)
{
	arena_done(&r->arena);
}

void progress_note(struct progress_reader *r, const struct message *m, struct progress *progress)
{
	struct error err = { 0 };
	struct record record;

	arena_reset(&r->arena);
	if (codec_decode(r->codec, m->value, &r->arena, &record, &err) ||
	    record.type != RECORD_PROGRESS)
		log_partition(LOG_LEVEL_WARN, m->partition, "%s offset %lld is passed over: %s",
			      topic_name(TOPIC_GRANTS), (long long)m->offset,
			      err.code ? err.text : "it is not a Progress record");
	else
		*progress = record.as.progress;
}

/* Sets found[p] to the last Progress of each of these partitions p, if it has one. */
static int read_part(struct progress_reader *r, const int *partitions, size_t count,
		     enum changelog_from from, struct progress *found, struct error *err)
{
	int rc = changelog_begin(r->changelog, partitions, count, from, err);

	while (!rc) {
		struct message m;
		int step = changelog_next(r->changelog, CHANGELOG_WAIT_MS, &m, err);

		if (step == CHANGELOG_END)
			break;
		if (step < 0)
			return step;
		if (step == CHANGELOG_LATER)
			return error_set(err, ERROR_UNAVAILABLE,
					 "%s cannot be read to its end yet: a transaction is open",
					 topic_name(TOPIC_GRANTS));
		if (changelog_is_progress(&m))
			progress_note(r, &m, &found[m.partition]);
		message_done(&m);
	}
	return rc;
}

/* Reads the ends of the changelog first, then the whole of those partitions whose end has none. */
int progress_read(struct progress_reader *r, const int *partitions, size_t count,
		  struct progress *out, struct error *err)
{
	struct progress found[PARTITIONS_MAX];
	int rest[PARTITIONS_MAX];
	size_t rest_count = 0;
	int rc;

	assert(count > 0 && count <= PARTITIONS_MAX);
	for (size_t i = 0; i < count; i++)
		found[partitions[i]] = (struct progress){ .applied = COMMITTED_NONE };
	rc = read_part(r, partitions, count, CHANGELOG_TAIL, found, err);
	for (size_t i = 0; i < count; i++)
		if (found[partitions[i]].applied == COMMITTED_NONE &&
		    !changelog_trouble(r->changelog, partitions[i]))
			rest[rest_count++] = partitions[i];
	if (!rc && rest_count)
		rc = read_part(r, rest, rest_count, CHANGELOG_WHOLE, found, err);
	for (size_t i = 0; !rc && i < count; i++)
		out[i] = found[partitions[i]];
	return rc;
}

const struct error *progress_trouble(const struct progress_reader *r, int partition)
{
	return changelog_trouble(r->changelog, partition);
}

struct tip progress_tip(const struct progress *p)
{
	return (struct tip){ p->last_offset, p->last_time, p->last_hash };
}
