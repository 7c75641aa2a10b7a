#include "consumer/group_offsets.h"

#include <librdkafka/rdkafka.h>

enum { REQUEST_WAIT_MS = 10000, GRACE_MS = 2000 };

static rd_kafka_AdminOptions_t *options_for(rd_kafka_t *client, rd_kafka_admin_op_t what)
{
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(client, what);
	char why[256];

	(void)rd_kafka_AdminOptions_set_request_timeout(options, REQUEST_WAIT_MS, why, sizeof(why));
	return options;
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

static int check_partitions(const rd_kafka_topic_partition_list_t *list, const char *group,
			    struct error *err)
{
	for (int i = 0; i < list->cnt; i++) {
		rd_kafka_resp_err_t code = list->elems[i].err;

		if (code && code != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
			return refuse_group(group, rd_kafka_err2str(code), err);
	}
	return 0;
}

int group_offsets_ask(rd_kafka_t *client, const char *group, rd_kafka_topic_partition_list_t **out,
		      struct error *err)
{
	rd_kafka_AdminOptions_t *options =
		options_for(client, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_ListConsumerGroupOffsets_t *wish =
		rd_kafka_ListConsumerGroupOffsets_new(group, NULL);
	const rd_kafka_group_result_t **groups = NULL;
	rd_kafka_event_t *event;
	size_t count = 0;
	int rc;

	rd_kafka_ListConsumerGroupOffsets(client, &wish, 1, options, queue);
	event = rd_kafka_queue_poll(queue, REQUEST_WAIT_MS + GRACE_MS);
	if (event && !rd_kafka_event_error(event))
		groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
			rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
	rc = check_answer(event, groups, count, group, err);
	if (!rc && groups)
		*out = rd_kafka_topic_partition_list_copy(
			rd_kafka_group_result_partitions(groups[0]));
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_ListConsumerGroupOffsets_destroy(wish);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	return rc;
}

int group_offsets_set(rd_kafka_t *client, const char *group,
		      const rd_kafka_topic_partition_list_t *offsets, struct error *err)
{
	rd_kafka_AdminOptions_t *options =
		options_for(client, RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
	rd_kafka_AlterConsumerGroupOffsets_t *wish =
		rd_kafka_AlterConsumerGroupOffsets_new(group, offsets);
	const rd_kafka_group_result_t **groups = NULL;
	rd_kafka_event_t *event;
	size_t count = 0;
	int rc;

	rd_kafka_AlterConsumerGroupOffsets(client, &wish, 1, options, queue);
	event = rd_kafka_queue_poll(queue, REQUEST_WAIT_MS + GRACE_MS);
	if (event && !rd_kafka_event_error(event))
		groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
			rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
	rc = check_answer(event, groups, count, group, err);
	if (!rc && groups)
		rc = check_partitions(rd_kafka_group_result_partitions(groups[0]), group, err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_AlterConsumerGroupOffsets_destroy(wish);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	return rc;
}
