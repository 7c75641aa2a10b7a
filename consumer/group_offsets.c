#include "consumer/group_offsets.h"

#include "ops/support/memory.h"
#include "producer/bus.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { REQUEST_WAIT_MS = 10000, GRACE_MS = 2000 };

static const char SIGNATURE[] = "sharebus";

void group_offset_sign(rd_kafka_topic_partition_t *p)
{
	p->metadata = memory_must(strdup(SIGNATURE));
	p->metadata_size = strlen(SIGNATURE);
}

bool group_offset_is_signed(const rd_kafka_topic_partition_t *p)
{
	return p->metadata_size == strlen(SIGNATURE) &&
	       memcmp(p->metadata, SIGNATURE, p->metadata_size) == 0;
}

/* A request, and the answer to it. */
struct exchange {
	rd_kafka_AdminOptions_t *options;
	rd_kafka_queue_t *queue;
	rd_kafka_event_t *event; /* NULL: none has come */
};

static void exchange_begin(struct exchange *x, rd_kafka_t *client, rd_kafka_admin_op_t what)
{
	char why[256];

	*x = (struct exchange){ rd_kafka_AdminOptions_new(client, what), rd_kafka_queue_new(client),
				NULL };
	(void)rd_kafka_AdminOptions_set_request_timeout(x->options, REQUEST_WAIT_MS, why,
							sizeof(why));
}

static void exchange_wait(struct exchange *x)
{
	x->event = rd_kafka_queue_poll(x->queue, REQUEST_WAIT_MS + GRACE_MS);
}

static void exchange_end(struct exchange *x)
{
	if (x->event)
		rd_kafka_event_destroy(x->event);
	rd_kafka_queue_destroy(x->queue);
	rd_kafka_AdminOptions_destroy(x->options);
}

static int refuse_group(const char *group, const char *why, struct error *err)
{
	return error_set(err, ERROR_UNAVAILABLE, "the offsets of the group %s: %s", group, why);
}

/* The one group of an answer, or the error of all. */
static int check_answer(rd_kafka_event_t *event, const rd_kafka_group_result_t **groups,
			size_t count, const char *group, struct error *err)
{
	const rd_kafka_error_t *e;

	if (!event)
		return refuse_group(group, "no answer in time", err);
	if (rd_kafka_event_error(event))
		return refuse_group(group, rd_kafka_event_error_string(event), err);
	if (count != 1)
		return refuse_group(group, "the answer has no group", err);
	e = rd_kafka_group_result_error(groups[0]);
	return e ? refuse_group(group, rd_kafka_error_string(e), err) : 0;
}

static bool is_denial(rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
	       code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

static int check_partitions(const rd_kafka_topic_partition_list_t *list, const char *group,
			    struct error *err)
{
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_resp_err_t code = list->elems[i].err;

		if (code && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			return error_set(err, ERROR_UNAVAILABLE,
					 "the offsets of the group %s in %s: %s%s", group,
					 list->elems[i].topic, rd_kafka_err2str(code),
					 is_denial(code) ? "; allow us to read both" : "");
	}
	return 0;
}

struct group_asker {
	const struct config *config;
	pthread_mutex_t lock; /* of the client */
	rd_kafka_t *client;   /* NULL: none yet, or it has failed */
};

struct group_asker *group_asker_new(const struct config *config)
{
	struct group_asker *a = memory_zalloc(1, sizeof(*a));

	a->config = config;
	(void)pthread_mutex_init(&a->lock, NULL);
	return a;
}

void group_asker_free(struct group_asker **ap)
{
	struct group_asker *a = *ap;

	if (!a)
		return;
	bus_close(&a->client);
	(void)pthread_mutex_destroy(&a->lock);
	free(a);
	*ap = NULL;
}

static int ask_with(rd_kafka_t *client, const char *group, rd_kafka_topic_partition_list_t **out,
		    struct error *err)
{
	rd_kafka_ListConsumerGroupOffsets_t *wish =
		rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
	const rd_kafka_group_result_t **groups = NULL;
	struct exchange x;
	size_t count = 0;
	int rc;

	exchange_begin(&x, client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_ListConsumerGroupOffsets(client, &wish, 1, x.options, x.queue);
	exchange_wait(&x);
	if (x.event && !rd_kafka_event_error(x.event))
		groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
			rd_kafka_event_ListConsumerGroupOffsets_result(x.event), &count);
	rc = check_answer(x.event, groups, count, group, err);
	if (!rc && groups)
		*out = rd_kafka_topic_partition_list_copy(
			rd_kafka_group_result_partitions(groups[0]));
	exchange_end(&x);
	rd_kafka_ListConsumerGroupOffsets_destroy(wish);
	return rc;
}

int group_offsets_ask(struct group_asker *a, const char *group,
		      rd_kafka_topic_partition_list_t **out, struct error *err)
{
	int rc = 0;

	pthread_mutex_lock(&a->lock);
	if (!a->client)
		rc = bus_open_reader(&a->client, a->config, false, err);
	if (!rc)
		rc = ask_with(a->client, group, out, err);
	if (rc)
		bus_close(&a->client);
	pthread_mutex_unlock(&a->lock);
	return rc;
}

int group_offsets_set(rd_kafka_t *client, const char *group,
		      const rd_kafka_topic_partition_list_t *offsets, struct error *err)
{
	rd_kafka_AlterConsumerGroupOffsets_t *wish =
		rd_kafka_AlterConsumerGroupOffsets_new(group, offsets);
	const rd_kafka_group_result_t **groups = NULL;
	struct exchange x;
	size_t count = 0;
	int rc;

	exchange_begin(&x, client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
	rd_kafka_AlterConsumerGroupOffsets(client, &wish, 1, x.options, x.queue);
	exchange_wait(&x);
	if (x.event && !rd_kafka_event_error(x.event))
		groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
			rd_kafka_event_AlterConsumerGroupOffsets_result(x.event), &count);
	rc = check_answer(x.event, groups, count, group, err);
	if (!rc && groups)
		rc = check_partitions(rd_kafka_group_result_partitions(groups[0]), group, err);
	exchange_end(&x);
	rd_kafka_AlterConsumerGroupOffsets_destroy(wish);
	return rc;
}
