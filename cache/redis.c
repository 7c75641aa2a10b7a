/*
 * hiredis parses here and does no I/O: it has timeouts for each read and none for
 * an answer, so that a server which sends a byte now and then would hold it for ever.
 */

#include "cache/redis.h"

#include "cache/shape.h"
#include "cache/socket.h"
#include "ops/support/clock.h"
#include "ops/support/number.h"

#include <assert.h>
#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RECEIVE_BYTES = 64 * 1024,
	/*
	 * Of the replies of one round trip. The largest that we ask for are the outputs of a
	 * partition that are not yet published, and the members of a group.
	 */
	REPLIES_MAX_BYTES = 512 * 1024 * 1024,
	/* Of one array. hiredis makes room for all that the server says are to come. */
	ELEMENTS_MAX = 4 * 1024 * 1024,
};

struct redis {
	char *address;
	char *host; /* or the path of a socket; then port is 0 */
	int port;
	int timeout_ms;
	int fd;              /* -1 while not connected */
	redisReader *parser; /* NULL while not connected */
	char received[RECEIVE_BYTES];
	unsigned connection; /* see redis_connection() */
#if HIREDIS_MAJOR < 1
	redisReplyObjectFunctions functions; /* the parser's, with a bound for arrays */
	void *(*create_array)(const redisReadTask *task, int elements);
#endif
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
	r->fd = -1;
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
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
	if (r->parser)
		redisReaderFree(r->parser);
	r->parser = NULL;
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
	return r->fd >= 0;
}

unsigned redis_connection(const struct redis *r)
{
	return r->connection;
}

#if HIREDIS_MAJOR < 1
/* Later versions of hiredis have this bound themselves. */
static void *create_bounded_array(const redisReadTask *task, int elements)
{
	const struct redis *r = task->privdata;

	return elements > ELEMENTS_MAX ? NULL : r->create_array(task, elements);
}
#endif

static redisReader *make_parser(struct redis *r)
{
	redisReader *parser = redisReaderCreate();

	if (!parser)
		return NULL;
#if HIREDIS_MAJOR < 1
	r->functions = *parser->fn;
	r->create_array = r->functions.createArray;
	r->functions.createArray = create_bounded_array;
	parser->fn = &r->functions;
	parser->privdata = r;
#else
	parser->maxelements = ELEMENTS_MAX;
#endif
	return parser;
}

static int open_connection(struct redis *r, int64_t deadline_ms, struct error *err)
{
	if (r->fd >= 0)
		return 0;
	r->parser = make_parser(r);
	if (!r->parser)
		return error_set(err, ERROR_NOMEM, "out of memory");
	r->fd = socket_connect(r->host, r->port, deadline_ms);
	if (r->fd >= 0)
		return 0;
	(void)error_set(err, ERROR_UNAVAILABLE, "Redis at %s does not answer: %s", r->address,
			strerror(errno));
	close_connection(r);
	return ERROR_UNAVAILABLE;
}

/* Closes the connection, on which nothing that follows can be understood any more. */
static int fail_broken(struct redis *r, const char *why, struct error *err)
{
	(void)error_set(err, ERROR_UNAVAILABLE, "the connection to Redis at %s broke: %s",
			r->address, why);
	close_connection(r);
	return ERROR_UNAVAILABLE;
}

static int fail_io(struct redis *r, struct error *err)
{
	return fail_broken(r, errno == ETIMEDOUT ? "no answer in time" : strerror(errno), err);
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

/* Takes the replies that have arrived completely, up to `count` in all. */
static int take_replies(struct redis *r, size_t count, struct replies *out, struct error *err)
{
	while (out->count < count) {
		void *reply = NULL;

		if (redisReaderGetReply(r->parser, &reply))
			return fail_broken(r, r->parser->errstr, err);
		if (!reply)
			return 0;
		out->list[out->count++] = reply;
	}
	return r->parser->pos == r->parser->len
		       ? 0
		       : fail_broken(r, "it sends more than it was asked for", err);
}

static int read_replies(struct redis *r, size_t count, int64_t deadline_ms, struct replies *out,
			struct error *err)
{
	size_t received = 0;
	int rc = 0;

	while (!rc && out->count < count) {
		ssize_t n = socket_receive(r->fd, r->received, sizeof(r->received), deadline_ms);

		if (n < 0)
			return fail_io(r, err);
		if (n == 0)
			return fail_broken(r, "the server closed it", err);
		received += (size_t)n;
		if (received > REPLIES_MAX_BYTES)
			return fail_broken(r, "the answer is larger than any can be", err);
		if (redisReaderFeed(r->parser, r->received, (size_t)n))
			return fail_broken(r, r->parser->errstr, err);
		rc = take_replies(r, count, out, err);
	}
	return rc;
}

static int send_and_read(struct redis *r, const struct pipeline *p, int64_t deadline_ms,
			 struct replies *out, struct error *err)
{
	int rc = open_connection(r, deadline_ms, err);

	if (rc)
		return rc;
	if (socket_send(r->fd, buffer_bytes(&p->bytes), deadline_ms))
		return fail_io(r, err);
	rc = read_replies(r, p->commands, deadline_ms, out, err);
	if (rc)
		return rc;
	rc = shape_check(p, out->list, r->address, err);
	if (rc)
		close_connection(r); /* replies may be out of step with commands from now on */
	return rc;
}

int redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
			     struct replies *out, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + r->timeout_ms + wait_ms;
	int rc;

	replies_clear(out);
	rc = reserve_replies(out, p->commands, err);
	if (!rc)
		rc = send_and_read(r, p, deadline_ms, out, err);
	if (rc)
		replies_clear(out);
	assert(rc || out->count == p->commands);
	return rc;
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

static bool begins_with(const redisReply *r, const char *word)
{
	return strncmp(r->str, word, strlen(word)) == 0;
}

static int check_one(const redisReply *r, const char *address, struct error *err)
{
	static const char *const denials[] = { "NOPERM", "NOAUTH", "WRONGPASS",
					       "ERR unknown command" };

	if (r->type != REDIS_REPLY_ERROR)
		return 0;
	if (begins_with(r, "WRONGTYPE"))
		return error_set(err, ERROR_DAMAGED,
				 "Redis at %s holds a key of the index in another type: %s",
				 address, r->str);
	for (size_t i = 0; i < sizeof(denials) / sizeof(denials[0]); i++)
		if (begins_with(r, denials[i]))
			return error_set(err, ERROR_REFUSED, "Redis at %s refuses: %s", address,
					 r->str);
	return error_set(err, ERROR_UNAVAILABLE, "Redis at %s cannot serve now: %s", address,
			 r->str);
}

int reply_check(const redisReply *r, const char *address, struct error *err)
{
	int rc = check_one(r, address, err);

	for (size_t i = 0; !rc && r->type == REDIS_REPLY_ARRAY && i < r->elements; i++)
		rc = check_one(r->element[i], address, err);
	return rc;
}

int replies_check(const struct replies *r, const char *address, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; !rc && i < r->count; i++)
		rc = reply_check(r->list[i], address, err);
	return rc;
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
	int64_t value;
	bool negative;

	if (r && r->type == REDIS_REPLY_INTEGER)
		return r->integer;
	negative = text.len && text.data[0] == '-';
	if (negative)
		text = (struct bytes){ text.data + 1, text.len - 1 };
	if (!number_parse(text, 0, INT64_MAX, &value))
		return fallback;
	return negative ? -value : value;
}

bool reply_time(const struct redisReply *r, int64_t *out)
{
	int64_t seconds;
	int64_t us;

	if (r->type != REDIS_REPLY_ARRAY || r->elements != 2 ||
	    !number_parse(reply_bytes(r->element[0]), 0, INT64_MAX / 2000, &seconds) ||
	    !number_parse(reply_bytes(r->element[1]), 0, 999999, &us))
		return false;
	*out = seconds * 1000 + us / 1000;
	return true;
}
