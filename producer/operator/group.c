#include "producer/operator/group.h"

#include "schemas/records.h"

#include <librdkafka/rdkafka.h>
#include <string.h>

enum { GRACE_MS = 1000, WHY_SIZE = 256 };

/* ---- members ---- */

static void tell_member(const rd_kafka_MemberDescription_t *member, int number,
			group_share_fn *told, void *context)
{
	struct group_share s = { number, rd_kafka_MemberDescription_client_id(member), NULL, 0 };
	const rd_kafka_topic_partition_list_t *list =
		rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));

	if (!list || !list->cnt)
		told(context, &s);
	for (int i = 0; list && i < list->cnt; i++) {
		s.topic = list->elems[i].topic;
		s.partition = list->elems[i].partition;
		told(context, &s);
	}
}

static int take_group(rd_kafka_event_t *event, group_share_fn *told, void *context,
		      const char **state, struct error *err)
{
	size_t count = 0;
	const rd_kafka_ConsumerGroupDescription_t **groups =
		rd_kafka_DescribeConsumerGroups_result_groups(
			rd_kafka_event_DescribeConsumerGroups_result(event), &count);
	const rd_kafka_error_t *e =
		count ? rd_kafka_ConsumerGroupDescription_error(groups[0]) : NULL;

	if (e && rd_kafka_error_code(e) == RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND)
		return 0;
	if (e || !count)
		return error_set(err, ERROR_UNAVAILABLE, "%s",
				 e ? rd_kafka_error_string(e) : "no answer");
	*state = rd_kafka_consumer_group_state_name(
		rd_kafka_ConsumerGroupDescription_state(groups[0]));
	count = rd_kafka_ConsumerGroupDescription_member_count(groups[0]);
	for (size_t i = 0; i < count; i++)
		tell_member(rd_kafka_ConsumerGroupDescription_member(groups[0], i), (int)i, told,
			    context);
	return 0;
}

int group_describe(const struct group_asked *g, group_share_fn *told, void *context,
		   const char **state, struct error *err)
{
	char why[WHY_SIZE];
	const char *group = g->group;
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(g->asker, RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(g->asker);
	rd_kafka_event_t *event;
	int rc;

	(void)rd_kafka_AdminOptions_set_request_timeout(options, g->wait_ms, why, sizeof(why));
	rd_kafka_DescribeConsumerGroups(g->asker, &group, 1, options, queue);
	event = rd_kafka_queue_poll(queue, g->wait_ms + GRACE_MS);
	if (!event || rd_kafka_event_error(event))
		rc = error_set(err, ERROR_UNAVAILABLE, "%s",
			       event ? rd_kafka_event_error_string(event) : "no answer in time");
	else
		rc = take_group(event, told, context, state, err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	return rc;
}

/* ---- offsets ---- */

static int take_offsets(rd_kafka_event_t *event, int64_t *committed, int partitions,
			struct error *err)
{
	size_t count = 0;
	const rd_kafka_group_result_t **groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
		rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
	const rd_kafka_error_t *e = count ? rd_kafka_group_result_error(groups[0]) : NULL;
	const rd_kafka_topic_partition_list_t *list =
		count && !e ? rd_kafka_group_result_partitions(groups[0]) : NULL;

	if (!list)
		return error_set(err, ERROR_UNAVAILABLE, "%s",
				 e ? rd_kafka_error_string(e) : "no answer");
	for (int i = 0; i < list->cnt; i++) {
		const rd_kafka_topic_partition_t *p = &list->elems[i];

		if (p->err)
			return error_set(err, ERROR_UNAVAILABLE, "%s", rd_kafka_err2str(p->err));
		if (p->offset >= 0 && p->partition < partitions)
			committed[p->partition] = p->offset;
	}
	return 0;
}

static rd_kafka_ListConsumerGroupOffsets_t *make_question(const char *group, enum topic topic,
							  int partitions)
{
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);
	rd_kafka_ListConsumerGroupOffsets_t *question;

	for (int i = 0; i < partitions; i++)
		rd_kafka_topic_partition_list_add(list, topic_name(topic), i);
	question = rd_kafka_ListConsumerGroupOffsets_new(group, list);
	rd_kafka_topic_partition_list_destroy(list);
	return question;
}

int group_committed(const struct group_asked *g, enum topic topic, int64_t *committed,
		    int partitions, struct error *err)
{
	char why[WHY_SIZE];
	rd_kafka_ListConsumerGroupOffsets_t *question = make_question(g->group, topic, partitions);
	rd_kafka_AdminOptions_t *options =
		rd_kafka_AdminOptions_new(g->asker, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS);
	rd_kafka_queue_t *queue = rd_kafka_queue_new(g->asker);
	rd_kafka_event_t *event;
	int rc;

	for (int i = 0; i < partitions; i++)
		committed[i] = ABSENT;
	(void)rd_kafka_AdminOptions_set_request_timeout(options, g->wait_ms, why, sizeof(why));
	rd_kafka_ListConsumerGroupOffsets(g->asker, &question, 1, options, queue);
	event = rd_kafka_queue_poll(queue, g->wait_ms + GRACE_MS);
	if (!event || rd_kafka_event_error(event))
		rc = error_set(err, ERROR_UNAVAILABLE, "%s",
			       event ? rd_kafka_event_error_string(event) : "no answer in time");
	else
		rc = take_offsets(event, committed, partitions, err);
	if (event)
		rd_kafka_event_destroy(event);
	rd_kafka_queue_destroy(queue);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_ListConsumerGroupOffsets_destroy(question);
	return rc;
}
