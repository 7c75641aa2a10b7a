#ifndef SB_CONSUMER_NOTIFIER_SITE_H
#define SB_CONSUMER_NOTIFIER_SITE_H

/* The host and the port that a URL leads to. Pure. */

#include <stdbool.h>

enum { SITE_HOST_SIZE = 256 };

struct site {
	char host[SITE_HOST_SIZE]; /* a name, or an address: of IPv6 without brackets */
	int port;                  /* that of the scheme if the URL has none */
};

/* As libcurl reads the URL, which is what is sent to. False: it is no URL with a host. */
bool site_parse(struct site *out, const char *url);

#endif
