#include "consumer/settle.h"

#include "consumer/evidence.h"
#include "consumer/kafka_error.h"
#include "consumer/log_ends.h"
#include "consumer/markers.h"
#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

enum {
	ASK_WAIT_MS = 5000, /* as long as a log without a leader holds up the answer */
	END_WAIT_MS = 10000,
};

static const char *group_of(const struct settlement *s)
{
	return config_get(s->config, "consumer-group");
}

/* ---- looking at the logs ---- */

static struct log_end *list_logs(const struct footprint *f)
{
	struct log_end *list = memory_zalloc(f->logs, sizeof(*list));

	for (size_t i = 0; i < f->logs; i++) {
		const struct output_log log = footprint_log(f, i);

		list[i] = (struct log_end){ log.topic, log.partition, 0 };
	}
	return list;
}

static int ask_stable(const struct settlement *s, struct log_end *list, struct error *err)
{
	struct orphans *o = s->orphans;
	int rc = log_ends_ask(s->sender->producer, list, o->last->logs, ASK_WAIT_MS, err);

	for (size_t i = 0; !rc && i < o->last->logs; i++)
		o->sight[i].stable = list[i].offset;
	return rc;
}

static int ask_real(const struct settlement *s, struct log_end *list, struct error *err)
{
	struct orphans *o = s->orphans;
	rd_kafka_t *reader = NULL;
	int rc = bus_open_reader(&reader, s->config, false, err);

	if (!rc)
		rc = log_ends_ask(reader, list, o->last->logs, ASK_WAIT_MS, err);
	for (size_t i = 0; !rc && i < o->last->logs; i++)
		o->sight[i].real = list[i].offset;
	bus_close(&reader);
	return rc;
}

/* In this order: records that come in between make a log look open, and not closed. */
static int look_at_logs(const struct settlement *s, struct error *err)
{
	struct log_end *list = list_logs(s->orphans->last);
	int rc = ask_stable(s, list, err);

	if (!rc)
		rc = ask_real(s, list, err);
	free(list);
	return rc;
}

/* ---- what became of the last transaction ---- */

static bool is_seen_anywhere(const struct orphans *o)
{
	for (size_t i = 0; i < o->last->logs; i++)
		if (o->remains[i] == REMAINS_COMMITTED)
			return true;
	return false;
}

/* What was owed once and has been aborted is lost. */
static void tell_of_loss(const struct orphans *o)
{
	if (!is_seen_anywhere(o))
		return;
	for (size_t i = 0; i < o->last->logs; i++) {
		const struct output_log log = footprint_log(o->last, i);

		if (o->remains[i] == REMAINS_ABORTED)
			log_error(
				"%s partition %d lacks what a transaction has written there: "
				"elsewhere it was committed, but here the brokers have aborted it",
				topic_name(log.topic), log.partition);
	}
}

static int judge_last(const struct settlement *s, enum fate *fate, struct error *err)
{
	struct orphans *o = s->orphans;
	struct offsets_sight offsets = { false, false };
	int rc = 0;

	if (orphans_look(o)) {
		rc = evidence_read(s->config, o->last, o->remains, err);
		if (!rc)
			rc = evidence_ask_offsets(s->asker, group_of(s), o->last, &offsets, err);
	}
	if (rc)
		return rc;
	tell_of_loss(o);
	*fate = orphans_judge(o, offsets.reached);
	return 0;
}

/* ---- transactions over orphans ---- */

static int begin_ending(const struct settlement *s, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_begin_transaction(s->sender->producer);

	return e ? kafka_error(e, "beginning to end orphaned transactions", err) : 0;
}

static int touch_log(const struct settlement *s, size_t i, struct error *err)
{
	const struct output_log log = footprint_log(s->orphans->last, i);

	return sender_touch(s->sender, log.topic, log.partition, err);
}

static int flush_touches(const struct settlement *s, struct error *err)
{
	const struct error none = { 0 };

	return sender_flush(s->sender, &none, err);
}

/* Adds offsets in nobody's name. */
static int add_offsets(const struct settlement *s, const rd_kafka_topic_partition_list_t *offsets,
		       struct error *err)
{
	rd_kafka_consumer_group_metadata_t *m = rd_kafka_consumer_group_metadata_new(group_of(s));
	int rc = sender_add_offsets(s->sender, offsets, m, "ending orphaned offsets", err);

	rd_kafka_consumer_group_metadata_destroy(m);
	return rc;
}

/* Aborts the transaction, also if writing to it has failed. */
static int end_aborted(const struct settlement *s, int rc, struct error *err)
{
	rd_kafka_error_t *e = rd_kafka_abort_transaction(s->sender->producer, END_WAIT_MS);

	if (!rc)
		return e ? kafka_error(e, "aborting orphaned transactions", err) : 0;
	if (e)
		rd_kafka_error_destroy(e);
	if (rc == ERROR_REFUSED) /* the topic went meanwhile; the next time it is passed over */
		rc = err->code = ERROR_UNAVAILABLE;
	return rc;
}

/* ---- committing what is owed ---- */

static size_t count_due(const struct orphans *o)
{
	size_t count = 0;

	for (size_t i = 0; i < o->last->logs; i++)
		count += orphans_is_due(o, i);
	return count;
}

/* Writes to a log that shows the marker. */
static int touch_witness(const struct settlement *s, struct error *err)
{
	int witness = orphans_witness(s->orphans);

	if (witness < 0)
		return error_set(err, ERROR_UNAVAILABLE,
				 "no partition of the outputs can be written to");
	return touch_log(s, (size_t)witness, err);
}

/* Both the orphans and what ends them have to be seen afterwards. */
static int touch_due(const struct settlement *s, struct error *err)
{
	const struct footprint *last = s->orphans->last;
	int rc = 0;

	for (size_t i = 0; !rc && i < last->logs; i++) {
		if (!orphans_is_due(s->orphans, i))
			continue;
		s->own->owed[i] = last->owed[i];
		rc = touch_log(s, i, err);
	}
	if (!rc)
		rc = touch_witness(s, err);
	return rc ? rc : flush_touches(s, err);
}

/* What readers see now is no longer owed. */
static void forget_paid(const struct settlement *s)
{
	struct footprint *last = s->orphans->last;

	for (size_t i = 0; i < last->logs; i++)
		if (orphans_is_due(s->orphans, i) && s->own->owed[i] == FOOTPRINT_NOWHERE)
			last->owed[i] = FOOTPRINT_NOWHERE;
}

/* From the first record on, until it has committed, an abort would abort what is owed, too. */
static int commit_due(const struct settlement *s, struct error *err)
{
	size_t count = count_due(s->orphans);
	int rc = count ? begin_ending(s, err) : 0;

	if (rc || !count)
		return rc;
	log_warn("the brokers have left out some markers of a transaction that was committed; now "
		 "it is committed in %zu more logs",
		 count);
	rc = touch_due(s, err);
	if (rc)
		return end_aborted(s, rc, err);
	orphans_note_unseen(s->orphans, s->own->first);
	rc = sender_commit(s->sender, "committing the rest of a transaction", err);
	if (!rc)
		rc = markers_wait(s->sender->producer, s->asker, group_of(s), s->own, err);
	if (rc)
		return rc;
	forget_paid(s);
	return look_at_logs(s, err);
}

/* ---- aborting the rest ---- */

static int touch_suspects(const struct settlement *s, struct error *err)
{
	int rc = touch_witness(s, err);

	for (size_t i = 0; !rc && i < s->orphans->last->logs; i++)
		if (orphans_is_suspect(s->orphans, i))
			rc = touch_log(s, i, err);
	return rc ? rc : flush_touches(s, err);
}

/* It never counts, because the transaction is aborted, and nobody reads that topic by the group. */
static int touch_offsets(const struct settlement *s, struct error *err)
{
	rd_kafka_topic_partition_list_t *offsets = rd_kafka_topic_partition_list_new(1);
	int rc;

	rd_kafka_topic_partition_list_add(offsets, topic_name(TOPIC_GRANTS), 0)->offset = 0;
	rc = add_offsets(s, offsets, err);
	rd_kafka_topic_partition_list_destroy(offsets);
	return rc;
}

/* The first time also without suspects: offsets may be open. */
static int abort_rest(const struct settlement *s, struct error *err)
{
	int rc;

	footprint_clear(s->own);
	if (s->orphans->state != ORPHANS_UNCLEAR && !orphans_has_suspects(s->orphans))
		return 0;
	rc = begin_ending(s, err);
	if (rc)
		return rc;
	rc = touch_suspects(s, err);
	if (!rc)
		rc = touch_offsets(s, err);
	return end_aborted(s, rc, err);
}

int settle_orphans(const struct settlement *s, struct error *err)
{
	enum fate fate;
	int rc = look_at_logs(s, err);

	footprint_clear(s->own);
	if (!rc)
		rc = judge_last(s, &fate, err);
	if (rc || fate == FATE_UNCLEAR)
		return rc;
	rc = commit_due(s, err);
	if (!rc)
		rc = abort_rest(s, err);
	if (!rc)
		orphans_aborted(s->orphans);
	return rc;
}
