#include "consumer/changelog.h"

#include "consumer/arrivals.h"
#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

enum {
	TAIL_OFFSETS = 256, /* a transaction ends with each partition's Progress and a marker */
};

/* A partition that is being read. */
struct reading {
	int partition;
	int64_t begin; /* the first offset that is asked for */
	int64_t next;  /* everything before this has been seen */
	int64_t goal;  /* the high watermark when reading began */
};

struct changelog {
	rd_kafka_t *reader; /* read_committed */
	rd_kafka_t *asker;  /* read_uncommitted: Kafka tells it the high watermark */
	struct reading *list;
	size_t count;
	size_t cap;
	size_t unfinished;      /* partitions that are not read to their goal */
	struct error *troubles; /* by partition; kept until the partition is read again */
	size_t troubles_cap;
};

static int open_client(rd_kafka_t **out, const struct config *config, const char *isolation,
		       struct error *err)
{
	const struct bus_setting settings[] = {
		{ "group.id", config_get(config, "consumer-group") }, /* it does not join it */
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "enable.partition.eof", "true" },
		{ "auto.offset.reset", "earliest" },
		{ "isolation.level", isolation },
		{ "fetch.wait.max.ms", "50" },
		{ "queued.max.messages.kbytes", "16384" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, config, settings, err);

	if (rc)
		return rc;
	rc = bus_open_consumer(out, conf, err);
	if (!rc)
		(void)rd_kafka_poll_set_consumer(*out);
	return rc;
}

int changelog_open(struct changelog **out, const struct config *config, const struct waker *waker,
		   struct error *err)
{
	struct changelog *c = memory_zalloc(1, sizeof(*c));
	int rc = open_client(&c->reader, config, "read_committed", err);

	if (!rc)
		rc = open_client(&c->asker, config, "read_uncommitted", err);
	if (rc) {
		changelog_close(&c);
		return rc;
	}
	arrivals_wake(c->reader, waker);
	*out = c;
	return 0;
}

void changelog_close(struct changelog **cp)
{
	struct changelog *c = *cp;

	if (!c)
		return;
	if (c->reader)
		(void)rd_kafka_consumer_close(c->reader);
	bus_close(&c->reader);
	bus_close(&c->asker);
	free(c->list);
	free(c->troubles);
	free(c);
	*cp = NULL;
}

/* ---- where to read from and to ---- */

static int measure_log(struct changelog *c, struct reading *r, enum changelog_from from,
		       struct error *err)
{
	int64_t low;
	int64_t high;
	int rc = bus_range(c->asker, TOPIC_GRANTS, r->partition, &low, &high, err);

	if (rc)
		return rc;
	r->begin = from == CHANGELOG_TAIL && high - low > TAIL_OFFSETS ? high - TAIL_OFFSETS : low;
	r->next = r->begin;
	r->goal = high;
	return 0;
}

static void stop_reading(struct changelog *c)
{
	(void)rd_kafka_assign(c->reader, NULL);
	c->count = 0;
	c->unfinished = 0;
}

static int start_reading(struct changelog *c, struct error *err)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)c->count);
	rd_kafka_resp_err_t code;

	for (size_t i = 0; i < c->count; i++) {
		const struct reading *r = &c->list[i];

		if (r->next >= r->goal)
			continue;
		c->unfinished++;
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_GRANTS), r->partition)
			->offset = r->begin;
	}
	code = list->cnt ? rd_kafka_assign(c->reader, list) : RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_topic_partition_list_destroy(list);
	return code ? error_set(err, ERROR_UNAVAILABLE, "%s cannot be read: %s",
				topic_name(TOPIC_GRANTS), rd_kafka_err2str(code))
		    : 0;
}

static void clear_trouble(struct changelog *c, int partition)
{
	size_t cap = c->troubles_cap;

	c->troubles = memory_grow(c->troubles, &c->troubles_cap, (size_t)partition + 1,
				  sizeof(*c->troubles));
	for (; cap < c->troubles_cap; cap++)
		c->troubles[cap] = (struct error){ 0 };
	c->troubles[partition] = (struct error){ 0 };
}

int changelog_begin(struct changelog *c, const int *partitions, size_t count,
		    enum changelog_from from, struct error *err)
{
	int rc = 0;

	c->list = memory_grow(c->list, &c->cap, count, sizeof(*c->list));
	stop_reading(c);
	for (size_t i = 0; !rc && i < count; i++) {
		c->list[i] = (struct reading){ .partition = partitions[i] };
		clear_trouble(c, partitions[i]);
		rc = measure_log(c, &c->list[i], from, err);
	}
	if (rc)
		return rc;
	c->count = count;
	return start_reading(c, err);
}

int changelog_check_begin(struct changelog *c, int partition, struct error *err)
{
	int64_t begin = 0;
	int64_t end = 0;
	int rc = bus_range(c->asker, TOPIC_GRANTS, partition, &begin, &end, err);

	if (rc || !begin)
		return rc;
	return error_set(
		err, ERROR_REFUSED,
		"%s partition %d begins at offset %lld, so its older records are gone "
		"although it should be compacted, and a rebuild from it would lose grants; "
		"restore Redis or the topic from a copy, or start once with "
		"--accept-lost-grants",
		topic_name(TOPIC_GRANTS), partition, (long long)begin);
}

/* ---- reading ---- */

static struct reading *find_reading(const struct changelog *c, int partition)
{
	for (size_t i = 0; i < c->count; i++)
		if (c->list[i].partition == partition)
			return &c->list[i];
	return NULL;
}

struct changelog_reach changelog_reach(const struct changelog *c, int partition)
{
	const struct reading *r = find_reading(c, partition);

	return r ? (struct changelog_reach){ r->next - r->begin, r->goal - r->begin }
		 : (struct changelog_reach){ 0 };
}

static void advance_to(struct changelog *c, struct reading *r, int64_t next)
{
	bool unfinished = r->next < r->goal;

	r->next = next > r->next ? next : r->next;
	if (unfinished && r->next >= r->goal)
		c->unfinished--;
}

const struct error *changelog_trouble(const struct changelog *c, int partition)
{
	return (size_t)partition < c->troubles_cap && c->troubles[partition].code
		       ? &c->troubles[partition]
		       : NULL;
}

/* The batch would come again for ever: the partition is read no further. */
static void give_up(struct changelog *c, struct reading *r, const rd_kafka_message_t *m)
{
	(void)error_set(&c->troubles[r->partition], ERROR_REFUSED,
			"%s partition %d: the batch at offset %lld cannot be unpacked (%s); only "
			"the consumer should write there, so somebody else has, and what is in it "
			"is lost",
			topic_name(TOPIC_GRANTS), r->partition, (long long)m->offset,
			rd_kafka_message_errstr(m));
	advance_to(c, r, r->goal);
}

/* Notes how far m brings its partition. True: m is a record, and *out has taken it over. */
static bool take_message(struct changelog *c, rd_kafka_message_t *m, struct message *out)
{
	struct reading *r = find_reading(c, m->partition);

	if (!r)
		return false;
	if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		advance_to(c, r, m->offset);
	if (bus_is_unreadable(m) && !c->troubles[r->partition].code)
		give_up(c, r, m);
	if (m->err)
		return false;
	advance_to(c, r, m->offset + 1);
	*out = message_of(m);
	return true;
}

int changelog_next(struct changelog *c, int wait_ms, struct message *out, struct error *err)
{
	int rc;

	while (c->unfinished) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(c->reader, wait_ms);

		if (!m)
			return CHANGELOG_LATER;
		if (take_message(c, m, out))
			return CHANGELOG_RECORD;
		rc = m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && !bus_is_unreadable(m)
			     ? error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic_name(TOPIC_GRANTS),
					 rd_kafka_message_errstr(m))
			     : 0;
		rd_kafka_message_destroy(m);
		if (rc)
			return rc;
	}
	stop_reading(c);
	return CHANGELOG_END;
}

bool changelog_is_progress(const struct message *m)
{
	return bytes_equal_text(m->key, PROGRESS_KEY);
}
