#ifndef SB_PRODUCER_RECEIPT_H
#define SB_PRODUCER_RECEIPT_H

/*
 * A receipt says what became of one record that was sent. A record carries a
 * pointer to its struct receipt as its opaque (bus.h). It is filled in from
 * within any call that polls the client. The pointer is NULL if nobody asks.
 */

#include <stdbool.h>
#include <stdint.h>

struct rd_kafka_s;
struct rd_kafka_conf_s;

struct receipt {
	bool queued;   /* there will be a report */
	bool done;     /* the report has come; the rest is good from here on */
	bool failed;   /* the brokers do not have the record, or it is not known that they do */
	bool refused;  /* failed, and would fail again: the topic takes no such record */
	bool given_up; /* nobody waits for it any more: the report frees it */
	int partition;
	int64_t offset;
	char why[128]; /* it failed; else "" */
};

/*
 * Makes a client of this configuration report deliveries, and log nothing: its log
 * lines would only repeat what our errors say.
 */
void receipt_listen(struct rd_kafka_conf_s *conf);

/* Gives up all that is queued or under way, before the client is closed: it is reported as failed. */
void receipt_give_up(struct rd_kafka_s *rk);

#endif
