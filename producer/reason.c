#include "producer/reason.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* More clients than any process of ours has at once. What finds no room is not kept. */
enum { CLIENTS_MAX = 32, SYSLOG_ERROR = 3 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct client {
	const struct rd_kafka_s *rk; /* NULL: free */
	char text[REASON_SIZE];
} clients[CLIENTS_MAX];

/* Called with the lock. */
static struct client *find_client(const struct rd_kafka_s *rk)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		if (clients[i].rk == rk)
			return &clients[i];
	return NULL;
}

/* "[thrd:ssl://h:1/bootstrap]: ssl://h:1/bootstrap: why (after 3ms in state CONNECT)" */
void reason_clean(char out[REASON_SIZE], const char *text)
{
	const char *from = strncmp(text, "[thrd:", 6) == 0 ? strstr(text, "]: ") : NULL;
	const char *rest;
	char *times;

	from = from ? from + 3 : text;
	rest = strstr(from, ": ");
	if (rest && strcspn(from, " ") > (size_t)(rest - from) &&
	    memchr(from, ':', (size_t)(rest - from)))
		from = rest + 2;
	(void)snprintf(out, REASON_SIZE, "%s", from);
	times = strstr(out, " (after ");
	if (times)
		*times = '\0';
	times = strstr(out, " (connecting to ");
	if (times)
		*times = '\0';
}

/* A broker that expects TLS, or a password, closes a connection on which something else begins. */
static bool was_closed_at_once(const char *text)
{
	return strstr(text, "Disconnected") && strstr(text, "APIVERSION_QUERY");
}

/* Kafka 4 takes what such a librdkafka sends for a wrong password. */
static bool is_too_old_for_scram(const char *text)
{
	enum { FIRST_GOOD = 0x020601ff };

	return strstr(text, "SASL mechanism SCRAM") && rd_kafka_version() < FIRST_GOOD;
}

static void add_doubt(char reason[REASON_SIZE])
{
	size_t len = strlen(reason);

	(void)snprintf(reason + len, REASON_SIZE - len,
		       "; or it is Kafka 4, where librdkafka %s cannot do SCRAM, and 2.6.1 can",
		       rd_kafka_version_str());
}

void reason_listen(rd_kafka_conf_t *conf)
{
	(void)rd_kafka_conf_set(conf, "log.connection.close", "true", NULL, 0);
	rd_kafka_conf_set_log_cb(conf, reason_note);
}

void reason_note(const struct rd_kafka_s *rk, int level, const char *facility, const char *text)
{
	char reason[REASON_SIZE];
	struct client *c;

	if (strcmp(facility, "FAIL") != 0)
		return;
	if (was_closed_at_once(text))
		text = "it closes the connection at once: is the Kafka setting security.protocol "
		       "right?";
	else if (level > SYSLOG_ERROR)
		return;
	reason_clean(reason, text);
	if (is_too_old_for_scram(reason))
		add_doubt(reason);
	pthread_mutex_lock(&lock);
	c = find_client(rk);
	if (!c)
		c = find_client(NULL);
	if (c) {
		c->rk = rk;
		memcpy(c->text, reason, sizeof(reason));
	}
	pthread_mutex_unlock(&lock);
}

bool reason_take(const struct rd_kafka_s *rk, char out[REASON_SIZE])
{
	const struct client *c;

	pthread_mutex_lock(&lock);
	c = find_client(rk);
	(void)snprintf(out, REASON_SIZE, "%s", c ? c->text : "");
	pthread_mutex_unlock(&lock);
	return c != NULL;
}

void reason_forget(const struct rd_kafka_s *rk)
{
	struct client *c;

	pthread_mutex_lock(&lock);
	c = find_client(rk);
	if (c)
		c->rk = NULL;
	pthread_mutex_unlock(&lock);
}
