#include "cache/link.h"

#include "cache/parser.h"
#include "cache/shape.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	RECEIVE_BYTES = 64 * 1024,
	/*
	 * Of the replies of one round trip. The largest that we ask for are the outputs of a
	 * partition that are not yet published, and the members of a group.
	 */
	REPLIES_MAX_BYTES = 512 * 1024 * 1024,
};

struct link {
	char *name;
	unsigned *losses;
	struct stream stream;
	struct redisReader *parser; /* NULL while not connected */
	bool answered;              /* the server has answered on this connection */
	bool plain;                 /* it goes over TCP without TLS */
	bool understood; /* the server has answered once, on this connection or one before */
	char received[RECEIVE_BYTES];
};

int link_new(struct link **out, const char *name, unsigned *losses, struct error *err)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l)
		l->name = strdup(name);
	if (!l || !l->name) {
		free(l);
		return error_set(err, ERROR_NOMEM, "out of memory");
	}
	l->losses = losses;
	stream_init(&l->stream);
	*out = l;
	return 0;
}

void link_close(struct link *l)
{
	stream_close(&l->stream);
	parser_free(&l->parser);
	if (l->answered)
		(*l->losses)++;
	l->answered = false;
}

void link_free(struct link **lp)
{
	struct link *l = *lp;

	if (!l)
		return;
	link_close(l);
	free(l->name);
	free(l);
	*lp = NULL;
}

bool link_is_open(const struct link *l)
{
	return stream_is_open(&l->stream);
}

const char *link_name(const struct link *l)
{
	return l->name;
}

int link_open(struct link *l, const struct address_host *at, const struct stream_tls *tls,
	      int64_t deadline_ms, struct error *err)
{
	l->plain = at->port && !tls;
	l->parser = parser_new();
	if (!l->parser)
		return error_set(err, ERROR_NOMEM, "out of memory");
	if (!stream_open(&l->stream, at->name, at->port, tls, deadline_ms))
		return 0;
	(void)error_set(err, ERROR_UNAVAILABLE, "Redis at %s does not answer: %s", l->name,
			stream_trouble(&l->stream));
	link_close(l);
	return ERROR_UNAVAILABLE;
}

/* A server that expects TLS closes the connection at our first words, or answers with an alert. */
static bool may_expect_tls(const struct link *l)
{
	return l->plain && !l->understood && !l->stream.timed_out;
}

static int fail_broken(struct link *l, const char *why, struct error *err)
{
	(void)error_set(err, ERROR_UNAVAILABLE, "the connection to Redis at %s broke: %s%s",
			l->name, why,
			may_expect_tls(l) ? "; if it expects TLS, give rediss://…" : "");
	link_close(l);
	return ERROR_UNAVAILABLE;
}

static int fail_io(struct link *l, struct error *err)
{
	return fail_broken(l, stream_trouble(&l->stream), err);
}

int link_send(struct link *l, const struct pipeline *p, int64_t deadline_ms, struct error *err)
{
	return stream_send(&l->stream, buffer_bytes(&p->bytes), deadline_ms) ? fail_io(l, err) : 0;
}

/* Takes what has arrived, and the replies that are now complete, up to `count` in all. */
static int take_bytes(struct link *l, struct bytes bytes, size_t count, struct replies *out,
		      struct error *err)
{
	if (!parser_read(l->parser, bytes, out, count))
		return fail_broken(l, parser_trouble(l->parser), err);
	if (out->count)
		l->understood = l->answered = true;
	return out->count < count || parser_is_empty(l->parser)
		       ? 0
		       : fail_broken(l, "it sends more than it was asked for", err);
}

static int read_replies(struct link *l, size_t count, int64_t deadline_ms, struct replies *out,
			struct error *err)
{
	size_t received = 0;
	int rc = 0;

	while (!rc && out->count < count) {
		ssize_t n =
			stream_receive(&l->stream, l->received, sizeof(l->received), deadline_ms);

		if (n < 0)
			return fail_io(l, err);
		if (n == 0)
			return fail_broken(l, "the server closed it", err);
		received += (size_t)n;
		if (received > REPLIES_MAX_BYTES)
			return fail_broken(l, "the answer is larger than any can be", err);
		rc = take_bytes(l, (struct bytes){ (const uint8_t *)l->received, (size_t)n }, count,
				out, err);
	}
	return rc;
}

int link_receive(struct link *l, const struct pipeline *p, int64_t deadline_ms, struct replies *out,
		 struct error *err)
{
	int rc = read_replies(l, p->commands, deadline_ms, out, err);

	if (!rc) {
		rc = shape_check(p, out->list, l->name, err);
		if (rc)
			link_close(l); /* replies may be out of step with commands from now on */
	}
	if (rc)
		replies_clear(out);
	assert(rc || out->count == p->commands);
	return rc;
}

int link_exchange(struct link *l, const struct pipeline *p, int64_t deadline_ms,
		  struct replies *out, struct error *err)
{
	int rc;

	replies_clear(out);
	rc = replies_reserve(out, p->commands, err);
	if (!rc)
		rc = link_send(l, p, deadline_ms, err);
	return rc ? rc : link_receive(l, p, deadline_ms, out, err);
}
