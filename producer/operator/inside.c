#include "producer/operator/inside.h"

#include <assert.h>

static void show_waiting(void *context, const char *what)
{
	struct session *s = context;

	if (what)
		meter_show(&s->meter, text_of(arena_printf(&s->arena, "waiting for %s", what)), 0,
			   0);
	else
		meter_end(&s->meter);
}

int inside_bear_with_servers(struct session *s, struct error *err)
{
	int rc = session_client(s, err);

	if (rc)
		return rc;
	meter_begin(&s->meter);
	s->client->patience = (struct patience){
		.deadline_ms = s->deadline_ms,
		.tell = show_waiting,
		.context = s,
	};
	return 0;
}

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
