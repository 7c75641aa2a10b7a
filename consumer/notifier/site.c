#include "consumer/notifier/site.h"

#include "ops/support/memory.h"
#include "ops/support/number.h"

#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Fills in the port of smtp:// and smtps://, too. */
static bool read_parts(struct site *out, CURLU *u)
{
	char *host = NULL;
	char *port = NULL;
	int64_t number = 0;
	bool good = !curl_url_get(u, CURLUPART_HOST, &host, 0) &&
		    !curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) &&
		    number_parse(bytes_of(port), 1, UINT16_MAX, &number) && host[0] &&
		    strlen(host) < sizeof(out->host);

	if (good) {
		size_t len = strlen(host);
		bool bare = host[0] != '[' || len < 2;

		(void)snprintf(out->host, sizeof(out->host), "%.*s", (int)(bare ? len : len - 2),
			       bare ? host : host + 1);
		out->port = (int)number;
	}
	curl_free(host);
	curl_free(port);
	return good;
}

bool site_parse(struct site *out, const char *url)
{
	CURLU *u = memory_must(curl_url());
	bool good = !curl_url_set(u, CURLUPART_URL, url, 0) && read_parts(out, u);

	curl_url_cleanup(u);
	return good;
}
