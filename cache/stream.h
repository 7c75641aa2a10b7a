#ifndef SB_CACHE_STREAM_H
#define SB_CACHE_STREAM_H

/*
 * A stream of bytes to a server, over TCP or a socket of the file system, plain or
 * over TLS 1.2 and later. Each call ends at its deadline, of clock_monotonic_ms(),
 * however slowly the other side goes on; only the resolution of a host's name has
 * no deadline but the system's own. What fails returns -1, and stream_trouble()
 * says why.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct ssl_st;

enum { STREAM_TROUBLE_SIZE = 256 };

struct stream {
	int fd;             /* -1: closed */
	struct ssl_st *tls; /* NULL: plain */
	bool timed_out;     /* a call has missed its deadline since it was opened */
	char trouble[STREAM_TROUBLE_SIZE];
};

/* Files in PEM form; NULL: none. */
struct stream_tls {
	const char *ca;   /* whom we trust; NULL: whom the system trusts */
	const char *cert; /* ours, with its chain */
	const char *key;  /* its key; NULL: it is in the file of the certificate */
};

/* A closed stream. */
void stream_init(struct stream *s);

/*
 * Connects to a host, whose addresses are tried one after another, or with port 0
 * to the path of a socket. With tls, the server's certificate must be valid, come
 * from somebody whom we trust, and be for that host. The files are read each time.
 */
MUST_USE int stream_open(struct stream *s, const char *host, int port, const struct stream_tls *tls,
			 int64_t deadline_ms);

/* Closes it without a word to the other side. Accepts a closed one. */
void stream_close(struct stream *s);

static inline bool stream_is_open(const struct stream *s)
{
	return s->fd >= 0;
}

/* Sends all the bytes. */
MUST_USE int stream_send(struct stream *s, struct bytes bytes, int64_t deadline_ms);

/* Waits for bytes and receives up to `size` of them. Returns how many; 0: the stream has ended. */
MUST_USE ssize_t stream_receive(struct stream *s, void *out, size_t size, int64_t deadline_ms);

/* Why the last call failed: a phrase such as "no answer in time". */
const char *stream_trouble(const struct stream *s);

#endif
