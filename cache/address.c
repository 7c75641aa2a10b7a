#include "cache/address.h"

#include "ops/support/number.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PORT_MAX = 65535, REDIS_PORT = 6379, SENTINEL_PORT = 26379, PORT_NEEDED = 0 };

static const struct scheme {
	const char *name;
	bool tls;
	bool sentinel;
} schemes[] = {
	{ "redis://", false, false },
	{ "rediss://", true, false },
	{ "redis+sentinel://", false, true },
	{ "rediss+sentinel://", true, true },
};

static int refuse_address(const char *what, struct error *err)
{
	return error_set(err, ERROR_USAGE,
			 "the address of Redis %s; give host:port, the path of a socket, "
			 "redis://[user[:password]@]host[:port][/db], rediss:// for TLS, "
			 "host:port,host:port for nodes of a cluster, or "
			 "redis+sentinel://host,host/master",
			 what);
}

static bool read_number(const char *text, int64_t min, int64_t max, int *out)
{
	int64_t value;

	if (!number_parse(bytes_of(text), min, max, &value))
		return false;
	*out = (int)value;
	return true;
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* Replaces each %XX in place. False when one is not well formed, or gives a zero byte. */
static bool decode_percents(char *text)
{
	char *out = text;

	for (const char *in = text; *in; in++) {
		if (*in != '%') {
			*out++ = *in;
			continue;
		}
		if (hex_digit(in[1]) < 0 || hex_digit(in[2]) < 0)
			return false;
		*out = (char)(hex_digit(in[1]) * 16 + hex_digit(in[2]));
		if (!*out++)
			return false;
		in += 2;
	}
	*out = '\0';
	return true;
}

/* Ends the text at the first such character and returns what comes after it, or NULL. */
static char *cut_at(char *text, char at)
{
	char *found = strchr(text, at);

	if (!found)
		return NULL;
	*found = '\0';
	return found + 1;
}

/* ---- the pieces ---- */

static int parse_port(struct address_host *host, char *colon, int fallback, struct error *err)
{
	host->port = fallback;
	if (colon && !read_number(colon + 1, 1, PORT_MAX, &host->port))
		return refuse_address("has no port from 1 to 65535", err);
	if (!host->port)
		return refuse_address("has no port", err);
	if (colon)
		*colon = '\0';
	return 0;
}

/* host[:port], where the host may be an IPv6 address in brackets. */
static int parse_host(struct address *a, char *text, int port, struct error *err)
{
	struct address_host *host = &a->hosts[a->host_count++];
	char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
	char *colon = bracket ? bracket + 1 : strrchr(text, ':');
	int rc;

	if (bracket && *colon && *colon != ':')
		return refuse_address("has something after the bracket", err);
	if (colon && !*colon)
		colon = NULL;
	rc = parse_port(host, colon, port, err);
	if (rc)
		return rc;
	host->name = bracket ? text + 1 : text;
	if (bracket)
		*bracket = '\0';
	return *host->name && !strpbrk(host->name, "@/[] =") ? 0
							     : refuse_address("has no host", err);
}

static int parse_hosts(struct address *a, char *text, int port, struct error *err)
{
	int rc = 0;

	while (!rc && text) {
		char *rest = cut_at(text, ',');

		if (a->host_count == ADDRESS_HOSTS_MAX)
			return refuse_address("has more than 16 hosts", err);
		rc = parse_host(a, text, port, err);
		text = rest;
	}
	return rc;
}

static int parse_credentials(struct address *a, char *text, struct error *err)
{
	char *password = cut_at(text, ':');

	if (!decode_percents(text) || (password && !decode_percents(password)))
		return refuse_address("has a % without two hexadecimal digits", err);
	a->user = *text ? text : NULL;
	a->password = password && *password ? password : NULL;
	return 0;
}

static int parse_db(struct address *a, const char *text, struct error *err)
{
	if (text && *text && !read_number(text, 0, ADDRESS_DB_MAX, &a->db))
		return refuse_address("has no number of a database after the /", err);
	return 0;
}

/* What comes after the host: the database, or the master, perhaps with a database. */
static int parse_path(struct address *a, char *text, struct error *err)
{
	char *db;

	if (a->kind == ADDRESS_HOST)
		return parse_db(a, text, err);
	if (!text || !*text)
		return refuse_address("names no master", err);
	db = cut_at(text, '/');
	if (!*text || !decode_percents(text))
		return refuse_address("names no master", err);
	a->master = text;
	return parse_db(a, db, err);
}

/* Everything after the scheme. */
static int parse_url(struct address *a, const struct scheme *scheme, char *rest, struct error *err)
{
	char *path = cut_at(rest, '/');
	char *at = strrchr(rest, '@');
	int rc = 0;

	a->kind = scheme->sentinel ? ADDRESS_SENTINEL : ADDRESS_HOST;
	a->tls = scheme->tls;
	if (strpbrk(path ? path : "", "?#") || strpbrk(at ? at : rest, "?#"))
		return refuse_address("has a query, and may not", err);
	if (at) {
		*at = '\0';
		rc = parse_credentials(a, rest, err);
		rest = at + 1;
	}
	if (!rc)
		rc = parse_hosts(a, rest, scheme->sentinel ? SENTINEL_PORT : REDIS_PORT, err);
	return rc ? rc : parse_path(a, path, err);
}

static int parse_text(struct address *a, char *text, struct error *err)
{
	if (text[0] == '/') {
		a->kind = ADDRESS_SOCKET;
		a->path = text;
		return 0;
	}
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(text, schemes[i].name, strlen(schemes[i].name)) == 0)
			return parse_url(a, &schemes[i], text + strlen(schemes[i].name), err);
	if (strstr(text, "://"))
		return refuse_address("is a URL of another kind", err);
	if (strpbrk(text, "@/"))
		return refuse_address("has what only a URL may have", err);
	return parse_hosts(a, text, PORT_NEEDED, err);
}

/* ---- what messages say ---- */

int address_format_host(char *out, size_t size, const struct address_host *host)
{
	bool v6 = strchr(host->name, ':') != NULL;

	return snprintf(out, size, "%s%s%s:%d", v6 ? "[" : "", host->name, v6 ? "]" : "",
			host->port);
}

static size_t print_hosts(const struct address *a, char *out, size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < a->host_count; i++) {
		if (i)
			out[len++] = ',';
		len += (size_t)address_format_host(out + len, size - len, &a->hosts[i]);
	}
	return len;
}

static void print_text(const struct address *a, char *out, size_t size)
{
	size_t len = 0;

	if (a->kind == ADDRESS_SOCKET) {
		(void)snprintf(out, size, "%s", a->path);
		return;
	}
	if (a->tls || a->kind == ADDRESS_SENTINEL)
		len = (size_t)snprintf(out, size, "redis%s%s://", a->tls ? "s" : "",
				       a->kind == ADDRESS_SENTINEL ? "+sentinel" : "");
	len += print_hosts(a, out + len, size - len);
	if (a->master)
		len += (size_t)snprintf(out + len, size - len, "/%s", a->master);
	if (a->db)
		(void)snprintf(out + len, size - len, "/%d", a->db);
}

int address_parse(struct address *out, const char *text, struct error *err)
{
	enum { EACH = 16 }; /* brackets, a port and a comma, where the text may have none */
	size_t size = strlen(text) + 1;
	size_t room = size + (size_t)ADDRESS_HOSTS_MAX * EACH + 32;
	int rc;

	*out = (struct address){ .memory = calloc(1, size + room) };
	if (!out->memory)
		return error_set(err, ERROR_NOMEM, "out of memory");
	memcpy(out->memory, text, size);
	rc = parse_text(out, out->memory, err);
	if (rc) {
		address_done(out);
		return rc;
	}
	print_text(out, out->memory + size, room);
	out->text = out->memory + size;
	return 0;
}

void address_done(struct address *a)
{
	free(a->memory);
	*a = (struct address){ 0 };
}
