#include "producer/session.h"

#include "producer/bus.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { REDIS_TIMEOUT_MS = 3000, BROKER_WAIT_MS = 5000 };

const struct config_setting session_settings[] = {
	{ "brokers", "SHAREBUS_BROKERS", "127.0.0.1:9092",
	  "Kafka brokers, host:port, comma separated" },
	{ "redis", "SHAREBUS_REDIS", "127.0.0.1:6379", "Redis, host:port or the path of a socket" },
	{ "prefix", "SHAREBUS_PREFIX", "sb", "what all keys in Redis begin with" },
	{ "consumer-group", "SHAREBUS_CONSUMER_GROUP", "sharebus",
	  "consumer group of sharebus-consumer" },
	{ "as", "SHAREBUS_USER", NULL, "user who asks; default: the login name" },
};
const size_t session_setting_count = sizeof(session_settings) / sizeof(session_settings[0]);

int session_open(struct session *s, struct error *err)
{
	*s = (struct session){ .wait_ms = 10000 };
	arena_init(&s->arena);
	s->config = config_new(session_settings, session_setting_count);
	return s->config ? codec_new(&s->codec, err) : error_set(err, ERROR_NOMEM, "out of memory");
}

void session_close(struct session *s)
{
	if (s->bus)
		(void)rd_kafka_flush(s->bus, 0);
	bus_close(&s->bus);
	reader_close(&s->reader);
	codec_free(&s->codec);
	config_free(&s->config);
	arena_done(&s->arena);
}

int session_reader(struct session *s, struct error *err)
{
	if (s->reader)
		return 0;
	return reader_open(&s->reader, config_get(s->config, "redis"),
			   config_get(s->config, "prefix"), REDIS_TIMEOUT_MS, err);
}

/* The opaque of each record is where its delivery goes. */
static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct delivery *d = m->_private;

	(void)rk;
	(void)opaque;
	if (!d)
		return;
	d->done = true;
	d->failed = m->err != 0;
	d->partition = m->partition;
	d->offset = m->offset;
	d->code = m->err;
	(void)snprintf(d->why, sizeof(d->why), "%s", m->err ? rd_kafka_err2str(m->err) : "");
}

/* librdkafka's own log lines would only repeat what the error says. */
static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

static int open_bus(struct session *s, struct error *err)
{
	char timeout[24];
	char largest[16];
	const struct bus_setting settings[] = {
		{ "enable.idempotence", "true" },
		{ "partitioner", "murmur2_random" }, /* the same as Java clients' */
		{ "linger.ms", "0" },
		{ "message.max.bytes", largest }, /* what is too large is the topic's to say */
		{ "message.timeout.ms", timeout },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc;

	(void)snprintf(timeout, sizeof(timeout), "%lld",
		       (long long)(s->wait_ms ? s->wait_ms : BROKER_WAIT_MS));
	(void)snprintf(largest, sizeof(largest), "%d", BUS_MESSAGE_MAX_BYTES);
	rc = bus_conf(&conf, s->config, settings, err);
	if (rc)
		return rc;
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_log_cb(conf, on_log);
	return bus_open(&s->bus, RD_KAFKA_PRODUCER, conf, err);
}

static int check_same(struct session *s, struct error *err)
{
	const struct deployment *index = s->reader ? reader_deployment(s->reader) : NULL;

	if (!index || (strcmp(index->cluster, s->deployment.cluster) == 0 &&
		       index->partitions == s->deployment.partitions))
		return 0;
	return error_set(
		err, ERROR_REFUSED,
		"the index in Redis at %s belongs to another deployment (Kafka cluster %s, %d "
		"partitions) than the brokers at %s (%s, %d); check --redis and --brokers",
		config_get(s->config, "redis"), index->cluster, index->partitions,
		config_get(s->config, "brokers"), s->deployment.cluster, s->deployment.partitions);
}

int session_bus(struct session *s, struct error *err)
{
	int64_t wait_ms = s->wait_ms && s->wait_ms < BROKER_WAIT_MS ? s->wait_ms : BROKER_WAIT_MS;
	int rc;

	if (s->bus)
		return 0;
	rc = open_bus(s, err);
	if (!rc)
		rc = bus_deployment(s->bus, config_get(s->config, "brokers"), (int)wait_ms,
				    &s->deployment, err);
	return rc ? rc : check_same(s, err);
}

static const char *login_name(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw ? pw->pw_name : "";
}

int session_me(struct session *s, struct error *err)
{
	const char *name = config_get(s->config, "as");
	struct bytes names[1];
	struct uuid id;
	int rc = session_reader(s, err);

	if (rc || s->me.username.data)
		return rc;
	names[0] = bytes_of(name ? name : login_name());
	rc = lookup_usernames(s->reader, names, 1, &id, err);
	if (rc)
		return rc;
	if (uuid_is_nil(&id))
		return error_set(err, ERROR_INPUT,
				 "there is no user %s; say who you are with --as or SHAREBUS_USER",
				 (const char *)names[0].data);
	return lookup_users(s->reader, &id, 1, &s->arena, &s->me, err);
}

enum exit_code exit_code_of(int rc)
{
	if (rc == 0)
		return EXIT_DONE;
	if (rc == ERROR_USAGE)
		return EXIT_USAGE;
	return rc == ERROR_INPUT ? EXIT_NO : EXIT_UNAVAILABLE;
}
