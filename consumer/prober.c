#include "consumer/prober.h"

#include "ops/support/memory.h"
#include "producer/bus.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <stdlib.h>

struct prober {
	enum topic name;
	int partition;
	const struct waker *waker;
	int64_t first; /* of the batch */
	struct probe_search search;
	rd_kafka_t *client;
	rd_kafka_topic_t *topic;
	rd_kafka_queue_t *answers; /* to the question that is open; NULL: none is */
	int64_t asked;
};

/* ---- the search ---- */

struct probe_search probe_search_begin(int64_t first, int64_t end)
{
	assert(end > first);
	return (struct probe_search){ first, end, 1 };
}

bool probe_search_is_over(const struct probe_search *s)
{
	return s->inside + 1 == s->outside;
}

int64_t probe_search_next(const struct probe_search *s)
{
	int64_t left = s->outside - s->inside;

	assert(left > 1);
	return s->inside + (s->step < left / 2 ? s->step : left / 2);
}

void probe_search_note(struct probe_search *s, int64_t asked, bool is_inside)
{
	assert(asked > s->inside && asked < s->outside);
	if (is_inside) {
		s->step *= 2;
		s->inside = asked;
	} else {
		s->outside = asked;
	}
}

/* ---- asking ---- */

static int open_client(struct prober *p, const struct config *config, struct error *err)
{
	const struct bus_setting settings[] = {
		{ "group.id", config_get(config, "consumer-group") }, /* it does not join it */
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "enable.partition.eof", "true" },
		{ "auto.offset.reset", "error" },
		{ "isolation.level", "read_uncommitted" },
		{ "fetch.wait.max.ms", "50" },
		/* The same batch comes again and again, which is what we ask for. */
		{ "fetch.error.backoff.ms", "10" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, config, settings, err);

	if (!rc)
		rc = bus_open_consumer(&p->client, conf, err);
	if (!rc)
		p->topic = rd_kafka_topic_new(p->client, topic_name(p->name), NULL);
	if (!rc && !p->topic)
		rc = error_set(err, ERROR_UNAVAILABLE, "%s cannot be opened: %s",
			       topic_name(p->name), rd_kafka_err2str(rd_kafka_last_error()));
	return rc;
}

/* Each question has a queue of its own, so that no answer to an earlier one is taken for its. */
static int ask_next(struct prober *p, struct error *err)
{
	p->asked = probe_search_next(&p->search);
	p->answers = rd_kafka_queue_new(p->client);
	rd_kafka_queue_io_event_enable(p->answers, p->waker->write_fd, "", 1);
	if (!rd_kafka_consume_start_queue(p->topic, p->partition, p->asked, p->answers))
		return 0;
	rd_kafka_queue_destroy(p->answers);
	p->answers = NULL;
	return error_set(err, ERROR_UNAVAILABLE, "%s partition %d cannot be read: %s",
			 topic_name(p->name), p->partition,
			 rd_kafka_err2str(rd_kafka_last_error()));
}

static void end_question(struct prober *p)
{
	if (!p->answers)
		return;
	(void)rd_kafka_consume_stop(p->topic, p->partition);
	rd_kafka_queue_destroy(p->answers);
	p->answers = NULL;
}

/*
 * Notes what has come: our batch, or a record, another batch or the log's end,
 * all of which are after it. Other errors pass. True: the question is answered.
 */
static bool take_answer(struct prober *p, const rd_kafka_message_t *m)
{
	bool is_bad = bus_is_unreadable(m);

	if (m->err && m->err != RD_KAFKA_RESP_ERR__PARTITION_EOF && !is_bad)
		return false;
	probe_search_note(&p->search, p->asked, is_bad && m->offset <= p->first);
	return true;
}

int prober_open(struct prober **out, const struct config *config, enum topic topic,
		const struct waker *waker, struct error *err)
{
	struct prober *p = memory_zalloc(1, sizeof(*p));
	int rc;

	p->name = topic;
	p->waker = waker;
	rc = open_client(p, config, err);
	if (rc)
		prober_close(&p);
	else
		*out = p;
	return rc;
}

int prober_begin(struct prober *p, int partition, int64_t first, struct error *err)
{
	int64_t begin = 0;
	int64_t end = 0;
	int rc;

	end_question(p);
	p->partition = partition;
	p->first = first;
	rc = bus_range(p->client, p->name, partition, &begin, &end, err);
	if (!rc && end <= first)
		rc = error_set(err, ERROR_UNAVAILABLE,
			       "%s partition %d ends at %lld, before the batch at %lld that could "
			       "not be unpacked",
			       topic_name(p->name), partition, (long long)end, (long long)first);
	if (!rc)
		p->search = probe_search_begin(first, end);
	return rc;
}

void prober_close(struct prober **pp)
{
	struct prober *p = *pp;

	if (!p)
		return;
	end_question(p);
	if (p->topic)
		rd_kafka_topic_destroy(p->topic);
	bus_close(&p->client);
	free(p);
	*pp = NULL;
}

int prober_step(struct prober *p, int64_t *end, struct error *err)
{
	int rc = 0;

	while (!rc && !probe_search_is_over(&p->search)) {
		rd_kafka_message_t *m;

		if (!p->answers)
			rc = ask_next(p, err);
		m = rc ? NULL : rd_kafka_consume_queue(p->answers, 0);
		if (!rc && !m)
			return PROBED_LATER;
		if (m && take_answer(p, m))
			end_question(p);
		if (m)
			rd_kafka_message_destroy(m);
	}
	if (rc)
		return rc;
	*end = p->search.outside;
	return PROBED_END;
}
