#include "consumer/troubles.h"

#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "schemas/topics.h"

#include <stdlib.h>
#include <string.h>

enum { REPORT_EVERY_MS = 1000 };

/* What is known of one partition, or of the directory. */
struct watched {
	struct standing standing;
	struct trouble_note note;
	bool written; /* Redis has a trouble of it, or may have one that an earlier owner left */
	bool ours;    /* it was when we last looked */
};

struct troubles {
	struct troubles_options options;
	struct trouble_note process[TROUBLE_SOURCES];
	struct standing publishing; /* its position counts the batches that were committed */
	int64_t published;
	struct watched *places; /* one for each partition, then the directory */
	int *ids;               /* scratch: what is written in this report */
	struct trouble *list;   /* parallel to ids */
	int64_t reported_ms;    /* monotonic */
};

struct troubles *troubles_new(const struct troubles_options *o)
{
	struct troubles *t = memory_zalloc(1, sizeof(*t));
	size_t places = (size_t)o->partitions->count + 1;

	t->options = *o;
	t->places = memory_zalloc(places, sizeof(*t->places));
	t->ids = memory_zalloc(places, sizeof(*t->ids));
	t->list = memory_zalloc(places, sizeof(*t->list));
	return t;
}

void troubles_free(struct troubles **tp)
{
	struct troubles *t = *tp;

	if (!t)
		return;
	free(t->places);
	free(t->ids);
	free(t->list);
	free(t);
	*tp = NULL;
}

/* ---- noting ---- */

static void set_note(struct trouble_note *n, const struct error *why, const struct now *now)
{
	if (!n->why.code || strcmp(n->why.text, why->text) != 0)
		n->since_ms = now->unix_ms;
	n->why = *why;
}

void troubles_note(struct troubles *t, enum trouble_source source, const struct error *why,
		   const struct now *now)
{
	set_note(&t->process[source], why, now);
}

void troubles_end(struct troubles *t, enum trouble_source source)
{
	t->process[source] = (struct trouble_note){ 0 };
}

void troubles_note_published(struct troubles *t)
{
	t->published++;
	troubles_end(t, TROUBLE_PUBLISHER);
}

/* ---- what stands still ---- */

/* A publisher that was broken has recovered when nothing is left to publish or to recover. */
static void look_at_publisher(struct troubles *t, const struct now *now)
{
	size_t backlog = publisher_backlog(t->options.publisher);
	struct error why = { 0 };

	if (!backlog && publisher_is_started(t->options.publisher) &&
	    !partitions_any(t->options.partitions, PARTITION_CLAIMING))
		troubles_end(t, TROUBLE_PUBLISHER);
	if (!standing_note(&t->publishing, t->published, backlog ? INT64_MAX : t->published,
			   now->monotonic_ms) ||
	    t->process[TROUBLE_PUBLISHER].why.code)
		return;
	(void)error_set(&why, ERROR_UNAVAILABLE,
			"outputs of applied commands are not published: the brokers have not "
			"committed a transaction for %d s",
			STANDING_MS / 1000);
	troubles_note(t, TROUBLE_PUBLISHER, &why, now);
}

/* Notes whether the log of that topic stands still before its end. */
static void look_at_log(struct watched *place, enum topic topic, int partition, int64_t position,
			int64_t end, const struct now *now)
{
	struct error why = { 0 };

	if (!standing_note(&place->standing, position, end, now->monotonic_ms)) {
		place->note = (struct trouble_note){ 0 };
		return;
	}
	(void)error_set(
		&why, ERROR_UNAVAILABLE,
		"%s partition %d cannot be read from offset %lld on, although it ends at "
		"%lld: a producer has left a transaction open, or its leader does not answer",
		topic_name(topic), partition, (long long)position, (long long)end);
	set_note(&place->note, &why, now);
}

static void look_at_partition(struct troubles *t, const struct partition *part,
			      const struct now *now)
{
	struct watched *place = &t->places[part->id];
	int64_t next = partition_next_offset(part);
	int64_t position = part->end > next ? part->end : next;

	if (part->state == PARTITION_READY) {
		/* What keeps a partition from being fetched is a trouble of its own. */
		look_at_log(place, TOPIC_COMMANDS, part->id, position,
			    flow_holds(t->options.flow, part)
				    ? position
				    : intake_high(t->options.intake, part->id),
			    now);
		return;
	}
	place->standing = (struct standing){ 0 };
	if (part->trouble.code)
		set_note(&place->note, &part->trouble, now);
	else
		place->note = (struct trouble_note){ 0 };
}

static void look_at_directory(struct troubles *t, const struct now *now)
{
	const struct follower *f = t->options.follower;
	const struct error *why = follower_trouble(f);

	if (why->code) {
		set_note(&t->places[t->options.partitions->count].note, why, now);
		troubles_note(t, TROUBLE_DIRECTORY, why, now);
		return;
	}
	troubles_end(t, TROUBLE_DIRECTORY);

	look_at_log(&t->places[t->options.partitions->count], TOPIC_DIRECTORY, 0,
		    follower_position(f), follower_high(f), now);
}

/* ---- writing ---- */

/* The place's own trouble, or else the first of the process; NULL: none. */
static const struct trouble_note *note_for(const struct troubles *t, const struct watched *place)
{
	if (place->note.why.code)
		return &place->note;
	for (int i = 0; i < TROUBLE_SOURCES; i++)
		if (t->process[i].why.code)
			return &t->process[i];
	return NULL;
}

/* Adds what is to be written of the place, if anything is, to the first `count`; returns their number. */
static size_t add_place(struct troubles *t, size_t count, size_t at, bool ours,
			const struct now *now)
{
	struct watched *place = &t->places[at];
	const struct trouble_note *n = note_for(t, place);

	place->written = place->written || (ours && !place->ours);
	place->ours = ours;
	if (!ours || (!n && !place->written))
		return count;
	t->ids[count] = (int)at < t->options.partitions->count ? (int)at : KEYS_DIRECTORY;
	t->list[count] = (struct trouble){ 0 };
	if (n)
		t->list[count] = (struct trouble){ .text = bytes_of(n->why.text),
						   .since_ms = n->since_ms,
						   .seen_ms = now->unix_ms,
						   .instance = bytes_of(t->options.instance) };
	return count + 1;
}

static void write_places(struct troubles *t, const struct now *now)
{
	const struct partitions *all = t->options.partitions;
	size_t places = (size_t)all->count + 1;
	struct error err = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < places; i++)
		count = add_place(t, count, i,
				  (int)i < all->count ? all->list[i].state != PARTITION_FOREIGN
						      : follower_owns(t->options.follower),
				  now);
	if (trouble_write(t->options.index, t->ids, t->list, count, &err)) {
		log_debug("troubles were not written: %s", err.text);
		return;
	}
	for (size_t i = 0; i < places; i++)
		t->places[i].written = t->places[i].ours && note_for(t, &t->places[i]) != NULL;
}

void troubles_report(struct troubles *t, const struct now *now)
{
	const struct partitions *all = t->options.partitions;

	t->reported_ms = now->monotonic_ms;
	look_at_publisher(t, now);
	for (int i = 0; i < all->count; i++)
		look_at_partition(t, &all->list[i], now);
	look_at_directory(t, now);
	if (index_is_connected(t->options.index))
		write_places(t, now);
}

int64_t troubles_due_ms(const struct troubles *t)
{
	return t->reported_ms + REPORT_EVERY_MS;
}
