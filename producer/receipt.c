#include "producer/receipt.h"

#include "producer/reason.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { GIVE_UP_WAIT_MS = 100 }; /* purged records are reported at once */

/* An idempotent producer that may write nowhere is not even given its id. */
static bool is_denied(rd_kafka_t *rk, rd_kafka_resp_err_t code)
{
	return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
	       rd_kafka_fatal_error(rk, NULL, 0) == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

static void describe_failure(rd_kafka_t *rk, struct receipt *d, const rd_kafka_message_t *m)
{
	const char *topic = rd_kafka_topic_name(m->rkt);

	if (is_denied(rk, m->err))
		(void)snprintf(d->why, sizeof(d->why),
			       "Kafka does not let us write to %s; allow us to write to it", topic);
	else
		(void)snprintf(d->why, sizeof(d->why), "%s", rd_kafka_err2str(m->err));
}

static void fill_delivery(rd_kafka_t *rk, struct receipt *d, const rd_kafka_message_t *m)
{
	d->done = true;
	d->failed = m->err != 0;
	d->refused = m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
		     m->err == RD_KAFKA_RESP_ERR_INVALID_RECORD;
	d->partition = m->partition;
	d->offset = m->offset;
	d->why[0] = '\0';
	if (m->err)
		describe_failure(rk, d, m);
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct receipt *d = m->_private;

	(void)opaque;
	if (!d)
		return;
	if (d->given_up)
		free(d);
	else
		fill_delivery(rk, d, m);
}

void receipt_listen(rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	reason_listen(conf);
}

void receipt_give_up(rd_kafka_t *rk)
{
	(void)rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	(void)rd_kafka_flush(rk, GIVE_UP_WAIT_MS);
}
