#include "producer/bus.h"

#include "ops/support/clock.h"
#include "ops/support/log.h"
#include "ops/support/settings.h"
#include "producer/reason.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <string.h>

enum { RANGE_WAIT_MS = 5000, SETTLE_MS = 10 };

static const struct bus_setting defaults[] = {
	{ "client.id", "sharebus" },
	{ "socket.nagle.disable", "true" },
	{ "log.connection.close", "false" },
	{ NULL, NULL },
};

/* Most who see this have written a setting of ours after the line [kafka]. */
static int refuse_unknown(const char *name, struct error *err)
{
	if (settings_have(name))
		return error_set(err, ERROR_USAGE,
				 "%s is a setting of sharebus; put it before the line [kafka]",
				 name);
	return error_set(err, ERROR_USAGE,
			 "there is no Kafka setting %s; librdkafka's CONFIGURATION.md lists all "
			 "that there are",
			 name);
}

/*
 * librdkafka's own explanation is not passed on, because it repeats the value,
 * which may be a password: also that of a setting whose name is misspelt.
 */
static int set_one(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *err)
{
	switch (rd_kafka_conf_set(conf, name, value, NULL, 0)) {
	case RD_KAFKA_CONF_OK:
		return 0;
	case RD_KAFKA_CONF_UNKNOWN:
		return refuse_unknown(name, err);
	case RD_KAFKA_CONF_INVALID:
		break;
	}
	return error_set(err, ERROR_USAGE,
			 "Kafka setting %s cannot have the value it was given; librdkafka's "
			 "CONFIGURATION.md says what it may be",
			 name);
}

static int set_all(rd_kafka_conf_t *conf, const struct bus_setting *settings, struct error *err)
{
	int rc = 0;

	for (; !rc && settings->name; settings++)
		rc = set_one(conf, settings->name, settings->value, err);
	return rc;
}

/*
 * Since 2.5 librdkafka reports figures of its own to brokers that ask for them. Closing a client
 * then often takes a second, also where no broker has asked. Earlier versions lack the setting.
 */
static void keep_figures_here(rd_kafka_conf_t *conf)
{
	(void)rd_kafka_conf_set(conf, "enable.metrics.push", "false", NULL, 0);
}

/* Section [kafka] of the configuration file. */
static int set_lines(rd_kafka_conf_t *conf, const struct config *config, struct error *err)
{
	const char *name;
	const char *value;

	for (size_t i = 0; config_kafka_line(config, i, &name, &value); i++)
		if (set_one(conf, name, value, err))
			return config_blame_kafka(config, i, err);
	return 0;
}

int bus_check(const struct config *config, struct error *err)
{
	const char *name;
	const char *value;
	rd_kafka_conf_t *conf;
	int rc;

	if (!config_kafka_line(config, 0, &name, &value))
		return 0;
	conf = rd_kafka_conf_new();
	rc = set_lines(conf, config, err);
	rd_kafka_conf_destroy(conf);
	return rc;
}

/* Addresses stand in messages and in librdkafka's log, so there must be no password in them. */
static int check_brokers(const rd_kafka_conf_t *conf, struct error *err)
{
	char brokers[4096] = "";
	size_t size = sizeof(brokers);

	if (rd_kafka_conf_get(conf, "bootstrap.servers", brokers, &size) == RD_KAFKA_CONF_OK &&
	    !strchr(brokers, '@'))
		return 0;
	return error_set(err, ERROR_USAGE,
			 "the brokers must be host:port, comma separated, without user and "
			 "password, which are Kafka settings");
}

void bus_gist(const char *text, char out[static BUS_GIST_SIZE])
{
	const char *thread = text[0] == '[' ? strstr(text, "]: ") : NULL;
	const char *from = thread ? thread + strlen("]: ") : text;
	const char *client = strstr(from, "#");
	const char *colon = client ? strstr(client, ": ") : NULL;
	const char *end;

	if (colon && !memchr(from, ' ', (size_t)(client - from)))
		from = colon + strlen(": ");
	end = strstr(from, " (after ");
	(void)snprintf(out, BUS_GIST_SIZE, "%.*s", end ? (int)(end - from) : BUS_GIST_SIZE, from);
}

/* What librdkafka reports stands in the log with all other lines, and waits for nobody. */
static void pass_on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	enum { SYSLOG_WARNING = 4 };
	char gist[BUS_GIST_SIZE];

	reason_note(rk, level, facility, text);
	bus_gist(text, gist);
	if (level <= SYSLOG_WARNING)
		log_warn_seldom(gist, "%s: %s: %s", rd_kafka_name(rk), facility, text);
	else
		log_info("%s: %s: %s", rd_kafka_name(rk), facility, text);
}

int bus_conf(rd_kafka_conf_t **out, const struct config *config, const struct bus_setting *settings,
	     struct error *err)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	int rc = set_all(conf, defaults, err);

	keep_figures_here(conf);
	if (!rc)
		rc = set_one(conf, "bootstrap.servers", config_get(config, "brokers"), err);
	if (!rc)
		rc = set_all(conf, settings, err);
	if (!rc)
		rc = set_lines(conf, config, err);
	if (!rc)
		rc = check_brokers(conf, err);
	if (rc) {
		rd_kafka_conf_destroy(conf);
		return rc;
	}
	rd_kafka_conf_set_log_cb(conf, pass_on_log);
	*out = conf;
	return 0;
}

static int open_client(rd_kafka_t **out, rd_kafka_type_t type, rd_kafka_conf_t *conf,
		       struct error *err)
{
	char why[256];
	rd_kafka_t *rk = rd_kafka_new(type, conf, why, sizeof(why));

	if (!rk) {
		rd_kafka_conf_destroy(conf);
		return error_set(err, ERROR_USAGE, "the Kafka client cannot be made: %s", why);
	}
	*out = rk;
	return 0;
}

int bus_open_producer(rd_kafka_t **out, rd_kafka_conf_t *conf, struct error *err)
{
	return open_client(out, RD_KAFKA_PRODUCER, conf, err);
}

int bus_open_consumer(rd_kafka_t **out, rd_kafka_conf_t *conf, struct error *err)
{
	return open_client(out, RD_KAFKA_CONSUMER, conf, err);
}

int bus_open_reader(rd_kafka_t **out, const struct config *config, bool committed,
		    struct error *err)
{
	const struct bus_setting settings[] = {
		{ "group.id", config_get(config, "consumer-group") },
		{ "enable.auto.commit", "false" },
		{ "enable.auto.offset.store", "false" },
		{ "enable.partition.eof", "true" },
		{ "auto.offset.reset", "earliest" },
		{ "fetch.wait.max.ms", "50" },
		{ "isolation.level", committed ? "read_committed" : "read_uncommitted" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc = bus_conf(&conf, config, settings, err);

	if (rc)
		return rc;
	reason_listen(conf); /* our errors say what the log would */
	return bus_open_consumer(out, conf, err);
}

void bus_close(rd_kafka_t **rk)
{
	const rd_kafka_t *gone = *rk;

	if (*rk)
		rd_kafka_destroy(*rk);
	reason_forget(gone);
	*rk = NULL;
}

int bus_refuse_unreachable(const rd_kafka_t *rk, const char *brokers, int code, struct error *err)
{
	char reason[REASON_SIZE];
	bool known = reason_take(rk, reason);

	return error_set(err, ERROR_UNAVAILABLE, "no Kafka broker answers at %s: %s", brokers,
			 known ? reason : rd_kafka_err2str((rd_kafka_resp_err_t)code));
}

static int partitions_of(const rd_kafka_metadata_t *m, enum topic topic)
{
	for (int i = 0; i < m->topic_cnt; i++)
		if (strcmp(m->topics[i].topic, topic_name(topic)) == 0)
			return m->topics[i].partition_cnt;
	return 0;
}

/* Brokers do not list what we may not see; asked for by name they say which of the two it is. */
static int refuse_missing(rd_kafka_t *rk, enum topic topic, struct error *err)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic_name(topic), NULL);
	rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;
	const rd_kafka_metadata_t *m = NULL;

	if (handle && !rd_kafka_metadata(rk, 0, handle, &m, RANGE_WAIT_MS)) {
		code = m->topic_cnt ? m->topics[0].err : RD_KAFKA_RESP_ERR_NO_ERROR;
		rd_kafka_metadata_destroy(m);
	}
	if (handle)
		rd_kafka_topic_destroy(handle);
	return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED
		       ? error_set(err, ERROR_REFUSED,
				   "Kafka does not let us see topic %s; allow us to describe it",
				   topic_name(topic))
		       : error_set(err, ERROR_REFUSED,
				   "there is no topic %s; run `sharebus topics create`",
				   topic_name(topic));
}

static int check_layout(rd_kafka_t *rk, const rd_kafka_metadata_t *m, int *partitions,
			struct error *err)
{
	int commands = partitions_of(m, TOPIC_COMMANDS);

	for (int t = 0; t < TOPIC_COUNT; t++) {
		int is = partitions_of(m, (enum topic)t);
		int must = topic_partitions((enum topic)t, commands);

		if (!is)
			return refuse_missing(rk, (enum topic)t, err);
		if (is != must)
			return error_set(err, ERROR_REFUSED,
					 "topic %s has %d partitions, but must have %d; see "
					 "`sharebus topics create --help`",
					 topic_name((enum topic)t), is, must);
	}
	*partitions = commands;
	return 0;
}

/* How many brokers there are, if the one that answers knows all topics; else 0. */
static int brokers_if_complete(rd_kafka_t *rk, int wait_ms)
{
	const rd_kafka_metadata_t *m = NULL;
	bool all = true;
	int brokers;

	if (rd_kafka_metadata(rk, 1, NULL, &m, wait_ms))
		return 0;
	for (int t = 0; t < TOPIC_COUNT; t++)
		all = all && partitions_of(m, (enum topic)t) > 0;
	brokers = m->broker_cnt;
	rd_kafka_metadata_destroy(m);
	return all ? brokers : 0;
}

bool bus_has_topics(rd_kafka_t *rk, int wait_ms)
{
	return brokers_if_complete(rk, wait_ms) > 0;
}

void bus_wait_for_topics(rd_kafka_t *rk, int64_t deadline_ms)
{
	int answers = 0;

	while (clock_monotonic_ms() < deadline_ms) {
		int brokers = brokers_if_complete(rk, RANGE_WAIT_MS);

		answers = brokers ? answers + 1 : 0;
		if (brokers && answers >= 3 * brokers)
			return;
		(void)rd_kafka_poll(rk, brokers ? 0 : SETTLE_MS);
	}
}

int bus_deployment(rd_kafka_t *rk, const char *brokers, int wait_ms, struct deployment *out,
		   struct error *err)
{
	const rd_kafka_metadata_t *m = NULL;
	rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 1, NULL, &m, wait_ms);
	int partitions = 0;
	char *cluster;
	int rc;

	if (code)
		return bus_refuse_unreachable(rk, brokers, code, err);
	rc = check_layout(rk, m, &partitions, err);
	rd_kafka_metadata_destroy(m);
	if (rc)
		return rc;
	cluster = rd_kafka_clusterid(rk, wait_ms);
	if (!cluster)
		return error_set(err, ERROR_UNAVAILABLE,
				 "the Kafka cluster at %s does not tell its id", brokers);
	*out = (struct deployment){ .partitions = partitions };
	(void)snprintf(out->cluster, sizeof(out->cluster), "%s", cluster);
	rd_kafka_mem_free(rk, cluster);
	return 0;
}

/*
 * A client without a subscription does not notice by itself that a broker is
 * back: it still believes that nobody serves the topic, until it asks.
 */
static void refresh_topic(rd_kafka_t *rk, enum topic topic)
{
	rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic_name(topic), NULL);
	const rd_kafka_metadata_t *m = NULL;

	if (!handle)
		return;
	if (!rd_kafka_metadata(rk, 0, handle, &m, RANGE_WAIT_MS))
		rd_kafka_metadata_destroy(m);
	rd_kafka_topic_destroy(handle);
}

/*
 * `which` is RD_KAFKA_OFFSET_BEGINNING or _END; a time that is one of these
 * numbers means the same to brokers. rd_kafka_query_watermark_offsets() would
 * ask for both at once, but does not heed its timeout (2.0.2): a frozen broker
 * holds it for a minute.
 */
static rd_kafka_resp_err_t ask_offset(rd_kafka_t *rk, enum topic topic, int partition,
				      int64_t which, int64_t *out)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_resp_err_t code;

	rd_kafka_topic_partition_list_add(list, topic_name(topic), partition)->offset = which;
	code = rd_kafka_offsets_for_times(rk, list, RANGE_WAIT_MS);
	if (!code)
		code = list->elems[0].err;
	if (!code)
		*out = list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return code;
}

static int fail_silent(rd_kafka_t *rk, enum topic topic, int partition, rd_kafka_resp_err_t code,
		       struct error *err)
{
	refresh_topic(rk, topic);
	return error_set(err, ERROR_UNAVAILABLE, "%s partition %d does not answer: %s",
			 topic_name(topic), partition, rd_kafka_err2str(code));
}

int bus_end(rd_kafka_t *rk, enum topic topic, int partition, int64_t *end, struct error *err)
{
	rd_kafka_resp_err_t code = ask_offset(rk, topic, partition, RD_KAFKA_OFFSET_END, end);

	return code ? fail_silent(rk, topic, partition, code, err) : 0;
}

int bus_range(rd_kafka_t *rk, enum topic topic, int partition, int64_t *begin, int64_t *end,
	      struct error *err)
{
	int64_t low = 0;
	rd_kafka_resp_err_t code =
		ask_offset(rk, topic, partition, RD_KAFKA_OFFSET_BEGINNING, &low);

	if (!code)
		code = ask_offset(rk, topic, partition, RD_KAFKA_OFFSET_END, end);
	if (code)
		return fail_silent(rk, topic, partition, code, err);
	*begin = low;
	return 0;
}

int64_t bus_high(rd_kafka_t *rk, enum topic topic, int partition)
{
	int64_t low;
	int64_t high;

	return rd_kafka_get_watermark_offsets(rk, topic_name(topic), partition, &low, &high) ||
			       high < 0
		       ? INT64_MIN
		       : high;
}

static void describe_lost(const rd_kafka_topic_partition_t *p, struct error *out)
{
	bool directory = strcmp(p->topic, topic_name(TOPIC_DIRECTORY)) == 0;

	(void)error_set(out, ERROR_REFUSED,
			"%s partition %d begins at offset %lld, so its older records are gone "
			"although it should be compacted: %s",
			p->topic, (int)p->partition, (long long)p->offset,
			directory ? "announce the whole directory again"
				  : "grants may be missing from it, and only Redis has them; keep "
				    "copies of Redis until each workspace has changed, or make the "
				    "deployment anew");
}

bool bus_lacks_beginning(rd_kafka_t *rk, int partitions, int wait_ms, struct error *out)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions + 1);
	rd_kafka_resp_err_t code;
	bool lacks = false;

	for (int i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_GRANTS), i);
	rd_kafka_topic_partition_list_add(list, topic_name(TOPIC_DIRECTORY), 0);
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = RD_KAFKA_OFFSET_BEGINNING;
	code = rd_kafka_offsets_for_times(rk, list, wait_ms);
	for (int i = 0; !code && !lacks && i < list->cnt; i++) {
		lacks = !list->elems[i].err && list->elems[i].offset > 0;
		if (lacks)
			describe_lost(&list->elems[i], out);
	}
	rd_kafka_topic_partition_list_destroy(list);
	return lacks;
}

bool bus_is_orphan(const rd_kafka_message_t *m)
{
	rd_kafka_headers_t *headers;

	return !m->err && !m->payload && m->key && m->key_len == strlen(BUS_ORPHAN_KEY) &&
	       memcmp(m->key, BUS_ORPHAN_KEY, m->key_len) == 0 &&
	       rd_kafka_message_headers(m, &headers) == RD_KAFKA_RESP_ERR__NOENT;
}

bool bus_is_unreadable(const rd_kafka_message_t *m)
{
	return m->rkt && m->offset >= 0 &&
	       (m->err == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
		m->err == RD_KAFKA_RESP_ERR__BAD_MSG ||
		m->err == RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
}

int bus_check_allowed(const rd_kafka_message_t *m, struct error *err)
{
	if (!m->rkt || m->err != RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
		return 0;
	return error_set(err, ERROR_REFUSED,
			 "Kafka does not let us read topic %s; allow us to read it",
			 rd_kafka_topic_name(m->rkt));
}

int bus_check_readable(const rd_kafka_message_t *m, struct error *err)
{
	int rc = bus_check_allowed(m, err);

	if (rc || !bus_is_unreadable(m))
		return rc;
	return error_set(err, ERROR_REFUSED,
			 "%s partition %d: the batch at offset %lld cannot be unpacked: %s",
			 rd_kafka_topic_name(m->rkt), (int)m->partition, (long long)m->offset,
			 rd_kafka_message_errstr(m));
}

rd_kafka_headers_t *bus_headers(const struct header *list, size_t count)
{
	rd_kafka_headers_t *h = rd_kafka_headers_new(count);

	for (size_t i = 0; i < count; i++)
		(void)rd_kafka_header_add(h, list[i].name, -1, list[i].value.data,
					  (ssize_t)list[i].value.len);
	return h;
}

/* Without a right to write anywhere, an idempotent producer is not even given its id, and is broken. */
static int refuse_fatal(rd_kafka_t *rk, const char *topic, struct error *err)
{
	char why[256];

	return rd_kafka_fatal_error(rk, why, sizeof(why)) ==
			       RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED
		       ? error_set(err, ERROR_UNAVAILABLE,
				   "Kafka does not let us write to %s; allow us to write to it",
				   topic)
		       : error_set(err, ERROR_UNAVAILABLE, "%s: %s", topic, why);
}

static int refuse_record(rd_kafka_t *rk, const char *topic, const rd_kafka_error_t *e,
			 struct error *err)
{
	if (rd_kafka_fatal_error(rk, NULL, 0))
		return refuse_fatal(rk, topic, err);
	return error_set(err,
			 rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR__QUEUE_FULL ? ERROR_UNAVAILABLE
										 : ERROR_INPUT,
			 "%s: %s", topic, rd_kafka_error_string(e));
}

static rd_kafka_error_t *produce_record(rd_kafka_t *rk, rd_kafka_topic_t *topic,
					const struct bus_record *r)
{
	rd_kafka_headers_t *headers = bus_headers(r->headers, r->header_count);
	const rd_kafka_vu_t message[] = {
		{ .vtype = RD_KAFKA_VTYPE_RKT, .u.rkt = topic },
		{ .vtype = RD_KAFKA_VTYPE_PARTITION,
		  .u.i32 = r->placed ? r->partition : RD_KAFKA_PARTITION_UA },
		{ .vtype = RD_KAFKA_VTYPE_KEY,
		  .u.mem = { .ptr = (void *)(uintptr_t)r->key.data, .size = r->key.len } },
		{ .vtype = RD_KAFKA_VTYPE_VALUE,
		  .u.mem = { .ptr = (void *)(uintptr_t)r->value.data, .size = r->value.len } },
		{ .vtype = RD_KAFKA_VTYPE_HEADERS, .u.headers = headers },
		{ .vtype = RD_KAFKA_VTYPE_MSGFLAGS, .u.i = RD_KAFKA_MSG_F_COPY },
		{ .vtype = RD_KAFKA_VTYPE_OPAQUE, .u.ptr = r->opaque },
	};
	rd_kafka_error_t *e = rd_kafka_produceva(rk, message, sizeof(message) / sizeof(message[0]));

	if (e)
		rd_kafka_headers_destroy(headers);
	return e;
}

/*
 * The topic is opened, because librdkafka then asks at once who leads it. For one that a record
 * only names it asks once a second (2.8), and the first record waits for that.
 */
int bus_send(rd_kafka_t *rk, const struct bus_record *r, struct error *err)
{
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, r->topic, NULL);
	rd_kafka_error_t *e;
	int rc = 0;

	if (!topic)
		return error_set(err, ERROR_INPUT, "%s: %s", r->topic,
				 rd_kafka_err2str(rd_kafka_last_error()));
	e = produce_record(rk, topic, r);
	rd_kafka_topic_destroy(topic); /* the client keeps it for the next record */
	if (e) {
		rc = refuse_record(rk, r->topic, e, err);
		rd_kafka_error_destroy(e);
	}
	return rc;
}
