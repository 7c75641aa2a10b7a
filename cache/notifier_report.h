#ifndef SB_CACHE_NOTIFIER_REPORT_H
#define SB_CACHE_NOTIFIER_REPORT_H

/*
 * What each running notifier says of itself, for people: what it owes, how its
 * endpoints do, and how its loop spends its time. It writes that every second under the
 * lowest partition that it owns. The text expires soon if it is not written again, so
 * only running notifiers are shown. Several groups may tell people of one deployment,
 * each to endpoints of its own. Nothing else depends on it.
 *
 *   sb:{p}:notifiers  hash: the notifiers' group -> when it was written, and its text
 *                     (self_report.h): a line "<written, unix ms> <uptime in ms> <instance>",
 *                     "<group>", "<since, unix ms> <what keeps it from going on>" or "0 ",
 *                     "<records> <delivered> <failed> <dead>"; then for each endpoint a
 *                     line "e <state> <owed> <moving> <oldest> <until> <failed> <name>
 *                     <problem>", and for each stage of the loop a line
 *                     "s <turns> <us> <longest us> <name>"
 */

#include "cache/marks.h"
#include "cache/stages.h"
#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/buffer.h"

enum told_state {
	TOLD_OPEN = 1,   /* it is told what is due */
	TOLD_PAUSED,     /* it has asked not to be told until until_ms */
	TOLD_LEFT_ALONE, /* it has failed several times in a row, and is tried at until_ms again */
	TOLD_DISABLED,   /* until a person opens it */
};

/* An endpoint, as one notifier sees it. Times are unix times in ms; 0: none. */
struct told_endpoint {
	struct bytes name; /* without blanks */
	enum told_state state;
	int64_t owed; /* deliveries that have not arrived, and are not dead */
	int64_t moving;
	int64_t oldest_ms; /* since when the oldest of them is owed */
	int64_t until_ms;  /* while it is paused or left alone */
	int64_t failed_ms; /* when an attempt failed last */
	struct bytes problem;
};

struct notifier_report {
	struct bytes instance;
	struct bytes group; /* in Kafka */
	int64_t written_ms;
	int64_t uptime_ms;
	int64_t trouble_ms; /* since when it cannot go on; 0: it can */
	struct bytes trouble;
	int64_t records; /* since it started, as are the next three */
	int64_t delivered;
	int64_t failed; /* attempts */
	int64_t dead;
	struct told_endpoint *endpoints;
	size_t endpoint_count;
	struct stages stages; /* its instance and uptime are those above */
};

/* "open", "paused", "left_alone" or "disabled". */
const char *told_state_name(enum told_state state);

/* Writes the report as text into the buffer, in place of what it holds. Line ends in texts become blanks. */
void notifier_report_format(struct buffer *out, const struct notifier_report *r);

/*
 * Sets *out, which borrows from the text, and whose list of endpoints is in the arena.
 * False if the text is broken; *out is then untouched.
 */
bool notifier_report_parse(struct notifier_report *out, struct bytes text, struct arena *arena);

/*
 * Reads the reports of all running notifiers of so many partitions; the list lives in
 * the arena. Connects and blocks. The errors are those of marks_read().
 */
MUST_USE int notifier_reports_read(struct notifier_report **out, size_t *count,
				   const struct marks_source *from, int partitions,
				   struct arena *arena, struct error *err);

/* ---- for the notifier ---- */

/* A connection to Redis over which reports are written. One thread at a time. */
struct notifier_desk;

/* It connects when it is first used. Target and prefix are copied. ERROR_USAGE: one of them is bad. */
MUST_USE int notifier_desk_open(struct notifier_desk **out, const struct redis_target *redis,
				const char *prefix, int timeout_ms, struct error *err);
void notifier_desk_close(struct notifier_desk **d); /* sets *d NULL; accepts NULL */

/*
 * Writes the text of that group under the partition, where it expires after ten seconds.
 * Blocks for as long as the timeout. ERROR_UNAVAILABLE; ERROR_REFUSED: Redis denies us the command.
 */
MUST_USE int notifier_desk_write(struct notifier_desk *d, int partition, struct bytes group,
				 struct bytes text, struct error *err);

#endif
