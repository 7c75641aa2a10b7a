#include "producer/client.h"

#include "ops/support/clock.h"
#include "ops/support/settings.h"
#include "producer/bus.h"
#include "producer/ids.h"
#include "producer/receipt.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

/* Time for a broker to restart. Callers who wait less learn that the command may still arrive. */
#define MESSAGE_TIMEOUT_MS "30000"

static const struct config_setting own_settings[] = {
	{ "source", "NAME", NULL, "library", "who speaks, in the source of events" },
	{ NULL, NULL, NULL, NULL, NULL },
};
static const struct config_setting *const client_settings[] = { settings_shared, own_settings,
								NULL };

/* The public constants have the values of those inside, and are cast into each other. */
_Static_assert((int)SHAREBUS_NOT_FOUND == ERROR_INPUT, "results");
_Static_assert((int)SHAREBUS_UNAVAILABLE == ERROR_UNAVAILABLE, "results");
_Static_assert((int)SHAREBUS_REFUSED == ERROR_REFUSED, "results");
_Static_assert((int)SHAREBUS_NOMEM == ERROR_NOMEM, "results");
_Static_assert((int)SHAREBUS_USAGE == ERROR_USAGE, "results");
_Static_assert((int)SHAREBUS_STALE == ERROR_STALE, "results");
_Static_assert((int)SHAREBUS_ID_SIZE == UUID_TEXT_SIZE, "ids");

/* ---- ids ---- */

int sharebus_parse_id(struct sharebus_id *out, const char *text)
{
	struct uuid u;
	int rc = uuid_parse(&u, bytes_of(text));

	if (!rc)
		*out = public_id(&u);
	return rc;
}

int sharebus_new_id(struct sharebus_id *out)
{
	struct uuid u;

	if (uuid_v7(&u, clock_unix_ms()))
		return SHAREBUS_UNAVAILABLE;
	*out = public_id(&u);
	return 0;
}

void sharebus_format_id(char out[SHAREBUS_ID_SIZE], const struct sharebus_id *id)
{
	const struct uuid u = uuid_of(id);

	uuid_format(out, &u);
}

/* ---- opening ---- */

static int set_option(struct sharebus *c, const char *key, const char *value)
{
	return value ? config_set(c->config, key, value, &c->err) : 0;
}

static int set_redis(struct sharebus *c, const struct sharebus_options *o)
{
	const struct {
		const char *key;
		const char *value;
	} options[] = {
		{ "redis", o->redis },
		{ "redis-password", o->redis_password },
		{ "redis-password-file", o->redis_password_file },
		{ "redis-ca", o->redis_ca },
		{ "redis-cert", o->redis_cert },
		{ "redis-key", o->redis_key },
	};
	int rc = 0;

	for (size_t i = 0; !rc && i < sizeof(options) / sizeof(options[0]); i++)
		rc = set_option(c, options[i].key, options[i].value);
	return rc;
}

static int set_options(struct sharebus *c, const struct sharebus_options *o)
{
	int rc = set_option(c, "brokers", o->brokers);

	if (!rc)
		rc = set_redis(c, o);
	if (!rc)
		rc = set_option(c, "prefix", o->prefix);
	if (!rc)
		rc = set_option(c, "keys-file", o->keys_file);
	if (!rc)
		rc = set_option(c, "signing-key", o->signing_key);
	if (!rc)
		rc = set_option(c, "source", o->source);
	for (size_t i = 0; !rc && o->kafka && o->kafka[i] && o->kafka[i + 1]; i += 2)
		rc = config_add_kafka_line(c->config, o->kafka[i], o->kafka[i + 1], &c->err);
	if (!rc)
		rc = config_load_defaults(c->config, &c->err);
	return rc ? rc : keys_check_prefix(config_get(c->config, "prefix"), &c->err);
}

int sharebus_open(struct sharebus **out, const struct sharebus_options *options)
{
	static const struct sharebus_options defaults;
	struct sharebus *c = calloc(1, sizeof(*c));

	*out = c;
	if (!c)
		return SHAREBUS_NOMEM;
	arena_init(&c->arena);
	options = options ? options : &defaults;
	c->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : CLIENT_TIMEOUT_MS;
	c->max_age_ms = options->max_age_ms > 0 ? options->max_age_ms : READER_MAX_AGE_MS;
	c->config = config_new(client_settings);
	if (!c->config)
		return error_set(&c->err, ERROR_NOMEM, "out of memory");
	return set_options(c, options);
}

void sharebus_close(struct sharebus **client)
{
	struct sharebus *c = client ? *client : NULL;

	if (!c)
		return;
	if (c->bus)
		receipt_give_up(c->bus);
	bus_close(&c->bus);
	reader_close(&c->reader);
	people_free(&c->people);
	codec_free(&c->codec);
	signing_close(&c->signing);
	config_free(&c->config);
	arena_done(&c->arena);
	free(c);
	*client = NULL;
}

const char *sharebus_error(const struct sharebus *client)
{
	return client ? client->err.text : "out of memory";
}

struct error *client_begin(struct sharebus *c)
{
	arena_reset(&c->arena);
	c->err = (struct error){ 0 };
	return &c->err;
}

/* ---- connections ---- */

int client_reader(struct sharebus *c, struct error *err)
{
	const struct redis_target redis = redis_target_from(c->config);
	const char *prefix = config_get(c->config, "prefix");
	int rc;

	if (c->reader)
		return 0;
	if (!c->people)
		c->people = people_new();
	do
		rc = reader_open(&c->reader, &redis, prefix, c->timeout_ms, err);
	while (patience_lasts(&c->patience, "the index in Redis", rc));
	if (rc)
		return rc;
	reader_set_max_age(c->reader, c->max_age_ms);
	reader_set_patience(c->reader, &c->patience);
	return 0;
}

int client_codec(struct sharebus *c, struct error *err)
{
	return c->codec ? 0 : codec_new(&c->codec, err);
}

static int open_bus(struct sharebus *c, struct error *err)
{
	char largest[16];
	const struct bus_setting settings[] = {
		{ "enable.idempotence", "true" },
		/* As the clients in Java do it. */
		{ "partitioner", "murmur2_random" },
		{ "linger.ms", "0" },
		/* Only the topic decides what is too large. */
		{ "message.max.bytes", largest },
		{ "message.timeout.ms", MESSAGE_TIMEOUT_MS },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = NULL;
	int rc;

	(void)snprintf(largest, sizeof(largest), "%d", BUS_MESSAGE_MAX_BYTES);
	rc = bus_conf(&conf, c->config, settings, err);
	if (rc)
		return rc;
	receipt_listen(conf);
	return bus_open_producer(&c->bus, conf, err);
}

static int check_same(struct sharebus *c, struct error *err)
{
	const struct deployment *index = c->reader ? reader_deployment(c->reader) : NULL;

	if (!index || (strcmp(index->cluster, c->deployment.cluster) == 0 &&
		       index->partitions == c->deployment.partitions))
		return 0;
	return error_set(
		err, ERROR_REFUSED,
		"the index in Redis at %s belongs to another deployment (Kafka cluster %s, %d "
		"partitions) than the brokers at %s (%s, %d); check --redis and --brokers",
		reader_address(c->reader), index->cluster, index->partitions,
		config_get(c->config, "brokers"), c->deployment.cluster, c->deployment.partitions);
}

/* Waits for brokers that are only just coming up, and for topics that are being made. */
static void bear_with_brokers(struct sharebus *c)
{
	int rc;

	if (!c->patience.deadline_ms)
		return;
	do
		rc = bus_has_topics(c->bus, c->timeout_ms) ? 0 : ERROR_UNAVAILABLE;
	while (patience_lasts(&c->patience, "Kafka", rc));
}

static int learn_deployment(struct sharebus *c, struct error *err)
{
	bear_with_brokers(c);
	return bus_deployment(c->bus, config_get(c->config, "brokers"), c->timeout_ms,
			      &c->deployment, err);
}

int client_bus(struct sharebus *c, struct error *err)
{
	int rc = 0;

	/* After an error that librdkafka calls fatal, this client produces nothing more. */
	if (c->bus && rd_kafka_fatal_error(c->bus, NULL, 0)) {
		receipt_give_up(c->bus);
		bus_close(&c->bus);
	}
	if (!c->signing)
		rc = signing_open(&c->signing, c->config, err);
	if (!rc && !c->bus)
		rc = open_bus(c, err);
	if (!rc && !c->deployment.partitions)
		rc = learn_deployment(c, err);
	return rc ? rc : check_same(c, err);
}
