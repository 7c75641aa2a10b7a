#include "cache/redis.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

struct redis {
	char *address;
	char *host; /* or the path of a socket; then port is 0 */
	int port;
	int timeout_ms;
	redisContext *context; /* NULL while not connected */
	unsigned connection;   /* see redis_connection() */
};

/* ---- connection ---- */

/* The text is not repeated: it may be a URL with a password in it. */
static int refuse_address(struct error *err)
{
	return error_set(err, ERROR_USAGE,
			 "the address of Redis must be host:port, [IPv6 address]:port or the path "
			 "of a socket, and not a URL");
}

static int parse_address(struct redis *r, const char *address, struct error *err)
{
	const char *colon = strrchr(address, ':');
	char *end = NULL;
	long port = 0;

	if (address[0] == '/') {
		r->host = strdup(address);
		return r->host ? 0 : error_set(err, ERROR_NOMEM, "out of memory");
	}
	if (colon)
		port = strtol(colon + 1, &end, 10);
	if (!colon || colon == address || *end || port < 1 || port > 65535 ||
	    strpbrk(address, "@/"))
		return refuse_address(err);
	r->port = (int)port;
	if (address[0] == '[' && colon[-1] == ']')
		r->host = strndup(address + 1, (size_t)(colon - address) - 2);
	else
		r->host = strndup(address, (size_t)(colon - address));
	return r->host ? 0 : error_set(err, ERROR_NOMEM, "out of memory");
}

int redis_new(struct redis **out, const char *address, int timeout_ms, struct error *err)
{
	struct redis *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return error_set(err, ERROR_NOMEM, "out of memory");
	r->timeout_ms = timeout_ms;
	r->address = strdup(address);
	rc = r->address ? parse_address(r, address, err)
			: error_set(err, ERROR_NOMEM, "out of memory");
	if (rc)
		redis_free(&r);
	else
		*out = r;
	return rc;
}

static void close_connection(struct redis *r)
{
	if (r->context)
		redisFree(r->context);
	r->context = NULL;
	r->connection++;
}

void redis_free(struct redis **rp)
{
	struct redis *r = *rp;

	if (!r)
		return;
	close_connection(r);
	free(r->address);
	free(r->host);
	free(r);
	*rp = NULL;
}

const char *redis_address(const struct redis *r)
{
	return r->address;
}

bool redis_is_connected(const struct redis *r)
{
	return r->context != NULL;
}

unsigned redis_connection(const struct redis *r)
{
	return r->connection;
}

static struct timeval timeval_of(int ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (ms % 1000) * 1000L };
}

static int open_connection(struct redis *r, struct error *err)
{
	struct timeval tv = timeval_of(r->timeout_ms);

	if (r->context)
		return 0;
	r->context = r->port ? redisConnectWithTimeout(r->host, r->port, tv)
			     : redisConnectUnixWithTimeout(r->host, tv);
	if (r->context && !r->context->err)
		return 0;
	(void)error_set(err, ERROR_UNAVAILABLE, "Redis at %s does not answer: %s", r->address,
			r->context ? r->context->errstr : "out of memory");
	close_connection(r);
	return ERROR_UNAVAILABLE;
}

static int fail_broken(struct redis *r, struct error *err)
{
	const char *why = r->context->err ? r->context->errstr : strerror(errno);

	if (errno == EAGAIN && (!r->context->err || r->context->err == REDIS_ERR_IO))
		why = "no answer in time";
	(void)error_set(err, ERROR_UNAVAILABLE, "the connection to Redis at %s broke: %s",
			r->address, why);
	close_connection(r);
	return ERROR_UNAVAILABLE;
}

/* ---- replies ---- */

static int reserve_replies(struct replies *out, size_t count, struct error *err)
{
	struct redisReply **list;

	if (out->cap >= count)
		return 0;
	list = realloc((void *)out->list, count * sizeof(struct redisReply *));
	if (!list)
		return error_set(err, ERROR_NOMEM, "out of memory");
	out->list = list;
	out->cap = count;
	return 0;
}

/* Sends the bytes without hiredis, which would copy them into a buffer that it frees each time. */
static int send_all(int fd, struct bytes rest)
{
	while (rest.len) {
		ssize_t n = send(fd, rest.data, rest.len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0)
			rest = (struct bytes){ rest.data + n, rest.len - (size_t)n };
	}
	return 0;
}

static int read_replies(redisContext *context, size_t count, struct replies *out)
{
	for (size_t i = 0; i < count; i++) {
		void *reply = NULL;

		if (redisGetReply(context, &reply))
			return -1;
		out->list[out->count++] = reply;
	}
	return 0;
}

int redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
			     struct replies *out, struct error *err)
{
	int rc;

	replies_clear(out);
	rc = reserve_replies(out, p->commands, err);
	if (!rc)
		rc = open_connection(r, err);
	if (rc)
		return rc;
	(void)redisSetTimeout(r->context, timeval_of(r->timeout_ms + wait_ms));
	if (send_all(r->context->fd, buffer_bytes(&p->bytes)) ||
	    read_replies(r->context, p->commands, out)) {
		rc = fail_broken(r, err);
		replies_clear(out);
		return rc;
	}
	assert(out->count == p->commands);
	return 0;
}

int redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
		    struct error *err)
{
	return redis_roundtrip_blocking(r, p, 0, out, err);
}

void replies_clear(struct replies *r)
{
	for (size_t i = 0; i < r->count; i++)
		freeReplyObject(r->list[i]);
	r->count = 0;
}

void replies_done(struct replies *r)
{
	replies_clear(r);
	free((void *)r->list);
	*r = (struct replies){ 0 };
}

static int check_reply(const redisReply *r, const char *address, struct error *err)
{
	static const char *const lasting[] = { "WRONGTYPE", "NOPERM", "NOAUTH", "WRONGPASS",
					       "ERR unknown command" };

	if (r->type != REDIS_REPLY_ERROR)
		return 0;
	for (size_t i = 0; i < sizeof(lasting) / sizeof(lasting[0]); i++)
		if (strncmp(r->str, lasting[i], strlen(lasting[i])) == 0)
			return error_set(err, ERROR_REFUSED, "Redis at %s refuses: %s", address,
					 r->str);
	return error_set(err, ERROR_UNAVAILABLE, "Redis at %s cannot serve now: %s", address,
			 r->str);
}

int replies_check(const struct replies *r, const char *address, struct error *err)
{
	for (size_t i = 0; i < r->count; i++) {
		const redisReply *reply = r->list[i];
		int rc = check_reply(reply, address, err);

		for (size_t j = 0; !rc && reply->type == REDIS_REPLY_ARRAY && j < reply->elements;
		     j++)
			rc = check_reply(reply->element[j], address, err);
		if (rc)
			return rc;
	}
	return 0;
}

struct bytes reply_bytes(const struct redisReply *r)
{
	if (!r || (r->type != REDIS_REPLY_STRING && r->type != REDIS_REPLY_STATUS))
		return (struct bytes){ 0 };
	return (struct bytes){ (const uint8_t *)r->str, r->len };
}

int64_t reply_number(const struct redisReply *r, int64_t fallback)
{
	struct bytes text = reply_bytes(r);
	char *end = NULL;
	long long value;

	if (r && r->type == REDIS_REPLY_INTEGER)
		return r->integer;
	if (!text.len)
		return fallback;
	value = strtoll((const char *)text.data, &end, 10);
	return *end ? fallback : value;
}
