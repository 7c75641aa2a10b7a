#include "consumer/notifier/source.h"

#include "consumer/arrivals.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { BROKER_WAIT_MS = 5000, GROUP_SIZE = 512, TOPICS = 2 };

static const enum topic topics[TOPICS] = { TOPIC_NOTIFICATIONS, TOPIC_HANDOFFS };

struct source {
	rd_kafka_t *consumer;
	const struct config *config;
	struct source_owner owner;
	char group[GROUP_SIZE];
	bool paused;
	rd_kafka_topic_partition_list_t *assigned; /* what the group gave us; NULL: nothing */
	rd_kafka_topic_partition_list_t *settled;  /* offsets that are being committed, or were */
};

/* ---- membership ---- */

/* Where a partition begins that nothing was committed for: with the oldest that there is. */
static int64_t first_offset(struct source *s, const rd_kafka_topic_partition_t *p)
{
	enum topic topic = strcmp(p->topic, topic_name(topics[0])) == 0 ? topics[0] : topics[1];
	int64_t begin = 0;
	int64_t end = 0;
	struct error err = { 0 };

	if (bus_range(s->consumer, topic, p->partition, &begin, &end, &err))
		log_warn("%s", err.text);
	return begin;
}

/*
 * Only numbers are assigned (see intake.c). If the group's offsets cannot be had, what
 * librdkafka asks for by itself must do; then nothing is paused before it has them.
 */
static void find_offsets(struct source *s, rd_kafka_topic_partition_list_t *list)
{
	rd_kafka_resp_err_t code = rd_kafka_committed(s->consumer, list, BROKER_WAIT_MS);

	if (code)
		log_warn("the offsets of the group %s: %s", s->group, rd_kafka_err2str(code));
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_topic_partition_t *p = &list->elems[i];

		if (code || p->err)
			p->offset = RD_KAFKA_OFFSET_STORED;
		else if (p->offset < 0)
			p->offset = first_offset(s, p);
	}
}

/* Each number once, whichever of the topics it is of. */
static size_t list_numbers(const rd_kafka_topic_partition_list_t *list, int *out)
{
	bool seen[PARTITIONS_MAX] = { false };
	size_t count = 0;

	for (int i = 0; i < list->cnt; i++) {
		int partition = list->elems[i].partition;

		if (partition < PARTITIONS_MAX && !seen[partition])
			out[count++] = partition;
		if (partition < PARTITIONS_MAX)
			seen[partition] = true;
	}
	return count;
}

static void drop_lists(struct source *s)
{
	if (s->assigned)
		rd_kafka_topic_partition_list_destroy(s->assigned);
	if (s->settled)
		rd_kafka_topic_partition_list_destroy(s->settled);
	s->assigned = NULL;
	s->settled = NULL;
}

static void on_given(struct source *s, const rd_kafka_topic_partition_list_t *list)
{
	int *numbers = memory_zalloc((size_t)list->cnt + 1, sizeof(*numbers));
	size_t count = list_numbers(list, numbers);

	drop_lists(s);
	s->assigned = rd_kafka_topic_partition_list_copy(list);
	s->settled = rd_kafka_topic_partition_list_new(list->cnt);
	find_offsets(s, s->assigned);
	(void)rd_kafka_assign(s->consumer, s->assigned);
	s->paused = false;
	source_pause(s, true);
	s->owner.given(s->owner.context, numbers, count);
	free(numbers);
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t code,
			 rd_kafka_topic_partition_list_t *list, void *opaque)
{
	struct source *s = opaque;

	if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
		on_given(s, list);
		return;
	}
	s->owner.taken(s->owner.context, rd_kafka_assignment_lost(rk));
	drop_lists(s);
	(void)rd_kafka_assign(rk, NULL);
}

int source_join(struct source *s, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(TOPICS);
	rd_kafka_resp_err_t code;

	for (int i = 0; i < TOPICS; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(topics[i]),
						  RD_KAFKA_PARTITION_UA);
	code = rd_kafka_subscribe(s->consumer, list);
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "the group %s cannot be joined: %s",
				s->group, rd_kafka_err2str(code))
		    : 0;
}

/* ---- opening ---- */

static void on_error(rd_kafka_t *rk, int code, const char *reason, void *opaque)
{
	char gist[BUS_GIST_SIZE];

	(void)rk;
	(void)code;
	(void)opaque;
	bus_gist(reason, gist);
	log_warn_seldom(gist, "Kafka: %s", reason);
}

static int open_consumer(struct source *s, struct error *err)
{
	const struct bus_setting settings[] = {
		{ "client.id",
		  config_get(s->config, "instance") }, /* what `sharebus status` shows */
		{ "group.id", s->group },
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "auto.offset.reset", "earliest" },
		{ "enable.partition.eof", "true" },
		{ "isolation.level", "read_committed" },
		{ "partition.assignment.strategy", "range" },
		{ "session.timeout.ms", "10000" },
		{ "heartbeat.interval.ms", "2000" },
		{ "max.poll.interval.ms", "90000" },
		{ "fetch.wait.max.ms", "100" },
		{ "queued.max.messages.kbytes", "16384" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, s->config, settings, err);

	if (rc)
		return rc;
	rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	rd_kafka_conf_set_opaque(conf, s);
	rd_kafka_conf_set_error_cb(conf, on_error);
	rc = bus_open_consumer(&s->consumer, conf, err);
	if (!rc)
		(void)rd_kafka_poll_set_consumer(s->consumer);
	return rc;
}

int source_open(struct source **out, const struct config *config, const struct source_owner *owner,
		const struct waker *waker, struct error *err)
{
	struct source *s = memory_zalloc(1, sizeof(*s));
	int rc;

	s->config = config;
	s->owner = *owner;
	(void)snprintf(s->group, sizeof(s->group), "%s.notifier",
		       config_get(config, "consumer-group"));
	rc = open_consumer(s, err);
	if (rc) {
		source_close(&s);
		return rc;
	}
	arrivals_wake(s->consumer, waker);
	*out = s;
	return 0;
}

const char *source_group(const struct source *s)
{
	return s->group;
}

void source_close(struct source **sp)
{
	struct source *s = *sp;

	if (!s)
		return;
	if (s->consumer)
		(void)rd_kafka_consumer_close(s->consumer);
	bus_close(&s->consumer);
	drop_lists(s);
	free(s);
	*sp = NULL;
}

int source_deployment(struct source *s, struct deployment *out, struct error *err)
{
	return bus_deployment(s->consumer, config_get(s->config, "brokers"), BROKER_WAIT_MS, out,
			      err);
}

/* ---- fetching ---- */

static bool find_topic(const char *name, enum topic *out)
{
	for (int i = 0; i < TOPICS; i++) {
		if (strcmp(name, topic_name(topics[i])) != 0)
			continue;
		*out = topics[i];
		return true;
	}
	return false;
}

static enum sourced pass_over(rd_kafka_message_t *m)
{
	log_warn_seldom(rd_kafka_message_errstr(m), "Kafka: %s", rd_kafka_message_errstr(m));
	rd_kafka_message_destroy(m);
	return SOURCED_TROUBLE;
}

enum sourced source_poll(struct source *s, enum topic *topic, struct message *out)
{
	rd_kafka_message_t *m = rd_kafka_consumer_poll(s->consumer, 0);

	if (!m)
		return SOURCED_NOTHING;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF &&
	    find_topic(rd_kafka_topic_name(m->rkt), topic)) {
		*out = (struct message){ .partition = m->partition, .offset = m->offset };
		rd_kafka_message_destroy(m);
		return SOURCED_END;
	}
	if (m->err || !find_topic(rd_kafka_topic_name(m->rkt), topic))
		return pass_over(m);
	*out = message_of(m);
	return SOURCED_RECORD;
}

void source_pause(struct source *s, bool pause)
{
	if (pause == s->paused || !s->assigned)
		return;
	s->paused = pause;
	if (pause)
		(void)rd_kafka_pause_partitions(s->consumer, s->assigned);
	else
		(void)rd_kafka_resume_partitions(s->consumer, s->assigned);
}

/* ---- committing ---- */

void source_commit(struct source *s, enum topic topic, int partition, int64_t offset)
{
	rd_kafka_topic_partition_list_t *one;
	rd_kafka_topic_partition_t *p;

	if (!s->settled)
		return;
	p = rd_kafka_topic_partition_list_find(s->settled, topic_name(topic), partition);
	if (!p)
		p = rd_kafka_topic_partition_list_add(s->settled, topic_name(topic), partition);
	p->offset = offset;
	one = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(one, topic_name(topic), partition)->offset = offset;
	(void)rd_kafka_commit(s->consumer, one, 1);
	rd_kafka_topic_partition_list_destroy(one);
}

void source_commit_all(struct source *s)
{
	rd_kafka_resp_err_t code;

	if (!s->settled || !s->settled->cnt)
		return;
	code = rd_kafka_commit(s->consumer, s->settled, 0);
	if (code)
		log_warn(
			"the group %s: offsets were not committed: %s; some deliveries may be made "
			"once more",
			s->group, rd_kafka_err2str(code));
}
