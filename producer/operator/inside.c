#include "producer/operator/inside.h"

#include <assert.h>

int inside_open_reader(struct session *s, struct error *err)
{
	int rc = session_client(s, err);

	return rc ? rc : client_reader(s->client, err);
}

int inside_open_codec(struct session *s, struct error *err)
{
	int rc = session_client(s, err);

	return rc ? rc : client_codec(s->client, err);
}

int inside_open_bus(struct session *s, struct error *err)
{
	int rc = session_client(s, err);

	if (!rc)
		rc = client_bus(s->client, err);
	return rc ? rc : inside_open_codec(s, err);
}

struct reader *inside_reader(const struct session *s)
{
	assert(s->client && s->client->reader);
	return s->client->reader;
}

struct codec *inside_codec(const struct session *s)
{
	assert(s->client && s->client->codec);
	return s->client->codec;
}

struct rd_kafka_s *inside_bus(const struct session *s)
{
	assert(s->client && s->client->bus);
	return s->client->bus;
}

const struct deployment *inside_deployment(const struct session *s)
{
	assert(s->client && s->client->deployment.partitions > 0);
	return &s->client->deployment;
}
