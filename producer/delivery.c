#include "producer/delivery.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>

enum { GIVE_UP_WAIT_MS = 100 }; /* purged records are reported at once */

static void fill_delivery(struct delivery *d, const rd_kafka_message_t *m)
{
	d->done = true;
	d->failed = m->err != 0;
	d->refused = m->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
		     m->err == RD_KAFKA_RESP_ERR_INVALID_RECORD;
	d->partition = m->partition;
	d->offset = m->offset;
	(void)snprintf(d->why, sizeof(d->why), "%s", m->err ? rd_kafka_err2str(m->err) : "");
}

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *m, void *opaque)
{
	struct delivery *d = m->_private;

	(void)rk;
	(void)opaque;
	if (!d)
		return;
	if (d->given_up)
		free(d);
	else
		fill_delivery(d, m);
}

static void on_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
	(void)rk;
	(void)level;
	(void)facility;
	(void)text;
}

void delivery_listen(rd_kafka_conf_t *conf)
{
	rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	rd_kafka_conf_set_log_cb(conf, on_log);
}

void delivery_give_up(rd_kafka_t *rk)
{
	(void)rd_kafka_purge(rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	(void)rd_kafka_flush(rk, GIVE_UP_WAIT_MS);
}
