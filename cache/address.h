#ifndef SB_CACHE_ADDRESS_H
#define SB_CACHE_ADDRESS_H

/*
 * Where Redis is, as people write it:
 *
 *   host:port, [IPv6]:port                       plain TCP
 *   /path/of/a/socket
 *   redis://[user[:password]@]host[:port][/db]   rediss:// is the same over TLS
 *   host:port,…  redis://…host[:port],…          nodes of a cluster; one is enough, if it is up
 *   redis+sentinel://host[:port],…/master[/db]   the master that Sentinels name; rediss+sentinel://
 *                                                reaches them and it over TLS
 *
 * User, password and master may have bytes as %XX (RFC 3986), as IANA's scheme
 * "redis" says, too. Nothing is connected here.
 */

#include "ops/support/attributes.h"
#include "ops/support/error.h"

#include <stdbool.h>
#include <stddef.h>

enum { ADDRESS_HOSTS_MAX = 16, ADDRESS_DB_MAX = 65535 };

enum address_kind {
	ADDRESS_HOST,     /* one host, or some nodes of a cluster */
	ADDRESS_SOCKET,   /* path */
	ADDRESS_SENTINEL, /* all hosts are Sentinels, which know the master */
};

struct address_host {
	const char *name; /* a name or an IP address, without brackets */
	int port;
};

struct address {
	enum address_kind kind;
	struct address_host hosts[ADDRESS_HOSTS_MAX];
	size_t host_count;
	const char *path;
	const char *master;
	const char *user;     /* NULL: none */
	const char *password; /* NULL: none */
	int db;
	bool tls;
	const char *text; /* for messages: no user, no password */
	char *memory;     /* of all these texts */
};

/*
 * Reads an address; *out is the caller's, for address_done(). ERROR_USAGE says what is
 * wrong and does not repeat the text, in which a password may be anywhere;
 * ERROR_NOMEM.
 */
MUST_USE int address_parse(struct address *out, const char *text, struct error *err);

/* Writes "host:port" or "[IPv6]:port", as snprintf() does. */
int address_format_host(char *out, size_t size, const struct address_host *host);

/* Frees it and sets it to zeros; accepts zeros. */
void address_done(struct address *a);

#endif
