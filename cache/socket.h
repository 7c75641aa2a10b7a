#ifndef SB_CACHE_SOCKET_H
#define SB_CACHE_SOCKET_H

/*
 * A stream socket each of whose calls ends at a deadline, however slowly the
 * other side goes on. Deadlines are of clock_monotonic_ms(). A call that fails
 * returns -1 and sets errno, to ETIMEDOUT when the deadline has passed. Only
 * the resolution of a host's name has no deadline but the system's own.
 */

#include "ops/support/attributes.h"
#include "ops/support/bytes.h"

#include <stdint.h>
#include <sys/types.h>

/*
 * Connects to a host, whose addresses are tried one after another, or with port
 * 0 to the path of a socket. Returns a descriptor that does not block, for
 * close(), or -1. Then *unresolved is what the resolver says of a host that has no
 * address, a constant, or NULL where errno tells more.
 */
MUST_USE int socket_connect(const char *host, int port, int64_t deadline_ms,
			    const char **unresolved);

/* Sends all the bytes. Returns 0 or -1. */
MUST_USE int socket_send(int fd, struct bytes bytes, int64_t deadline_ms);

/* Waits for bytes and receives up to `size` of them. Returns how many; 0: the stream has ended. */
MUST_USE ssize_t socket_receive(int fd, void *out, size_t size, int64_t deadline_ms);

#endif
