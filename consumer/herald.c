#include "consumer/herald.h"

#include "ops/support/log.h"
#include "schemas/ranges.h"
#include "schemas/topics.h"

#include <stdio.h>
#include <string.h>

enum {
	WARN_EVERY_MS = 60000,
	LOOK_EVERY_MS = 1000, /* at a rebuild, whose progress changes no state */
};

static double seconds_since(int64_t since_ms, int64_t now_ms)
{
	return (double)(now_ms - since_ms) / 1000;
}

/* ---- what is ours ---- */

void herald_note_given(struct herald *h, bool directory, int64_t now_ms)
{
	h->given = true;
	h->directory = directory;
	h->stale = h->changed = true;
	h->since_ms = now_ms;
}

void herald_note_taken(struct herald *h)
{
	h->given = false;
	h->stale = true;
	h->told[0] = '\0';
}

void herald_note_partition(struct herald *h, const struct partition *part,
			   enum partition_state before, int64_t now_ms)
{
	h->stale = true;
	if (h->changed || before != PARTITION_READY || part->state == PARTITION_FOREIGN)
		return;
	h->changed = true;
	h->since_ms = now_ms;
}

/* Names the partitions in one state. Returns how many there are. */
static int name_those(const struct herald *h, enum partition_state state,
		      char out[static RANGES_SHORT_SIZE])
{
	bool marked[PARTITIONS_MAX];

	for (int i = 0; i < h->partitions->count; i++)
		marked[i] = h->partitions->list[i].state == state;
	return ranges_format(out, RANGES_SHORT_SIZE, marked, h->partitions->count);
}

static int count_busy(const struct herald *h)
{
	int busy = 0;

	for (int i = 0; i < h->partitions->count; i++)
		busy += h->partitions->list[i].state == PARTITION_CLAIMING ||
			h->partitions->list[i].state == PARTITION_REBUILDING;
	return busy;
}

/*
 * What is so when nothing is on its way: "partitions 0-11 and the directory are ours
 * and ready". `after` follows that: ", after 1.2 s", or nothing.
 */
static void describe_settled(const struct herald *h, const char *after,
			     char out[static HERALD_TEXT_SIZE])
{
	char ready[RANGES_SHORT_SIZE];
	char aside[RANGES_SHORT_SIZE];
	int ready_count = name_those(h, PARTITION_READY, ready);
	int aside_count = name_those(h, PARTITION_ASIDE, aside);
	const char *directory = h->directory ? " and the directory" : "";

	if (ready_count)
		(void)snprintf(out, HERALD_TEXT_SIZE, "%s%s %s ours and ready%s%s%s", ready,
			       directory, ready_count > 1 || h->directory ? "are" : "is", after,
			       aside_count ? "; set aside: " : "", aside);
	else if (aside_count)
		(void)snprintf(out, HERALD_TEXT_SIZE, "none of ours is ready; set aside: %s",
			       aside);
	else if (h->directory)
		(void)snprintf(out, HERALD_TEXT_SIZE,
			       "only the directory is ours: other consumers of the group have the "
			       "partitions");
	else
		(void)snprintf(out, HERALD_TEXT_SIZE,
			       "no partition is ours: other consumers of the group have them");
}

static void describe_busy(int busy, int rebuilt, char out[static HERALD_TEXT_SIZE])
{
	char rebuild[48] = "";

	if (rebuilt >= 0)
		(void)snprintf(rebuild, sizeof(rebuild), "; the index is being rebuilt, %d %%",
			       rebuilt);
	(void)snprintf(out, HERALD_TEXT_SIZE, "%d partition%s of ours %s not ready yet%s", busy,
		       busy == 1 ? "" : "s", busy == 1 ? "is" : "are", rebuild);
}

static void tell_settled(struct herald *h, int64_t now_ms)
{
	char text[HERALD_TEXT_SIZE];
	char timed[HERALD_TEXT_SIZE];
	char after[32];

	(void)snprintf(after, sizeof(after), ", after %.1f s", seconds_since(h->since_ms, now_ms));
	describe_settled(h, "", text);
	describe_settled(h, h->changed ? after : "", timed);
	if (h->changed || strcmp(text, h->told) != 0)
		log_info("%s", timed);
	h->changed = false;
	memcpy(h->told, text, sizeof(text));
	supervisor_status(h->supervisor, text);
	supervisor_ready(h->supervisor);
}

void herald_tell(struct herald *h, int rebuilt, int64_t now_ms)
{
	char text[HERALD_TEXT_SIZE];
	int busy;

	supervisor_ping(h->supervisor, now_ms);
	if (!h->stale && now_ms - h->looked_ms < LOOK_EVERY_MS)
		return;
	h->stale = false;
	h->looked_ms = now_ms;
	busy = count_busy(h);
	if (!h->given) {
		supervisor_status(h->supervisor, "waiting for the consumer group");
	} else if (busy) {
		describe_busy(busy, rebuilt, text);
		supervisor_status(h->supervisor, text);
	} else {
		tell_settled(h, now_ms);
	}
}

int64_t herald_due_ms(const struct herald *h)
{
	return h->stale ? 0 : supervisor_due_ms(h->supervisor);
}

/* ---- what is waited for ---- */

void herald_wait(struct herald *h, const struct error *why, int64_t now_ms)
{
	char text[ERROR_TEXT_SIZE + 32];
	bool other = strcmp(h->waiting, why->text) != 0;

	supervisor_ping(h->supervisor, now_ms);
	(void)snprintf(text, sizeof(text), "waiting: %s", why->text);
	supervisor_status(h->supervisor, text);
	if (!h->waiting_ms)
		h->waiting_ms = now_ms;
	if (other || now_ms - h->warned_ms >= WARN_EVERY_MS) {
		log_warn("%s; trying again", why->text);
		(void)snprintf(h->waiting, sizeof(h->waiting), "%s", why->text);
		h->warned_ms = now_ms;
	} else {
		log_debug("%s; trying again", why->text);
	}
}

void herald_go_on(struct herald *h, int64_t now_ms)
{
	if (!h->waiting_ms)
		return;
	log_info("going on, after %.1f s of waiting", seconds_since(h->waiting_ms, now_ms));
	h->stale = true;
	h->waiting_ms = 0;
	h->waiting[0] = '\0';
}
