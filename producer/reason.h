#ifndef SB_PRODUCER_REASON_H
#define SB_PRODUCER_REASON_H

/*
 * Why brokers do not serve a client: a wrong password, a certificate that is not
 * accepted, a name that nobody knows. librdkafka only logs that, and its calls end
 * with "Broker transport failure". So the last such line of each client is kept. May
 * be called from any thread.
 */

#include <stdbool.h>

struct rd_kafka_s;
struct rd_kafka_conf_s;

enum { REASON_SIZE = 320 };

/*
 * Makes a client of this configuration keep its reasons and log nothing. It also
 * hears of connections that are closed at once, which only guesses why.
 */
void reason_listen(struct rd_kafka_conf_s *conf);

/* For rd_kafka_conf_set_log_cb(): keeps the reason, and logs nothing. */
void reason_note(const struct rd_kafka_s *rk, int level, const char *facility, const char *text);

/* Writes the client's last reason; false, and an empty text: it has given none. */
bool reason_take(const struct rd_kafka_s *rk, char out[REASON_SIZE]);

/* To be called before the client is destroyed. */
void reason_forget(const struct rd_kafka_s *rk);

/* A pure function: a line of librdkafka without its thread, the broker's address and the times. */
void reason_clean(char out[REASON_SIZE], const char *text);

#endif
