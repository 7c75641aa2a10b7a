#include "consumer/notifier/resolver.h"

#include "consumer/notifier/guard.h"
#include "consumer/notifier/workers.h"
#include "ops/support/hash.h"
#include "ops/support/memory.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>

enum { THREADS = 4 };

struct host {
	struct job job; /* first */
	char *name;
	bool asking;
	bool known;
	int64_t until_ms; /* how long the answer counts */
	struct resolved is;
	UT_hash_handle hh;
};

struct resolver {
	struct workers *workers;
	struct host *hosts; /* as many as the configuration has */
};

/* ---- in a worker's thread ---- */

static void note_forbidden(struct resolved *is, const struct sockaddr *a)
{
	const char *reason = guard_reason(a);
	char text[INET6_ADDRSTRLEN] = "?";

	if (!reason || is->forbidden[0])
		return;
	if (a->sa_family == AF_INET)
		(void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)a)->sin_addr,
				text, sizeof(text));
	else if (a->sa_family == AF_INET6)
		(void)inet_ntop(AF_INET6,
				&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, text,
				sizeof(text));
	(void)snprintf(is->forbidden, sizeof(is->forbidden), "its address %s is %s", text, reason);
}

/* All of them are judged, also those that are not kept. */
static void keep_addresses(struct resolved *is, const struct addrinfo *found)
{
	for (const struct addrinfo *a = found; a; a = a->ai_next) {
		note_forbidden(is, a->ai_addr);
		if (is->count < RESOLVER_ADDRESSES_MAX && a->ai_addrlen <= sizeof(is->list[0]))
			memcpy(&is->list[is->count++], a->ai_addr, a->ai_addrlen);
	}
}

static void look_up(struct job *j, const atomic_bool *stop)
{
	struct host *h = (struct host *)j;
	const struct addrinfo wish = { .ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC };
	struct addrinfo *found = NULL;
	int code;

	(void)stop;
	h->is = (struct resolved){ 0 };
	code = getaddrinfo(h->name, NULL, &wish, &found);
	if (code) {
		h->is.own = code == EAI_AGAIN || code == EAI_MEMORY || code == EAI_SYSTEM;
		(void)snprintf(h->is.why, sizeof(h->is.why), "its host has no address: %s",
			       gai_strerror(code));
		return;
	}
	keep_addresses(&h->is, found);
	freeaddrinfo(found);
}

/* ---- in the loop's thread ---- */

int resolver_open(struct resolver **out, const struct waker *waker, struct error *err)
{
	struct resolver *r = memory_zalloc(1, sizeof(*r));
	int rc = workers_open(&r->workers, THREADS, waker, err);

	if (rc)
		resolver_close(&r);
	else
		*out = r;
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
void resolver_close(struct resolver **rp)
{
	struct resolver *r = *rp;
	struct host *h;
	struct host *next;

	if (!r)
		return;
	workers_close(&r->workers);
	HASH_ITER(hh, r->hosts, h, next)
	{
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer is lost in uthash's lists */
		HASH_DEL(r->hosts, h);
		free(h->name);
		free(h);
	}
	free(r);
	*rp = NULL;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct host *find_host(struct resolver *r, const char *name)
{
	struct host *h;

	HASH_FIND(hh, r->hosts, name, strlen(name), h);
	if (h)
		return h;
	h = memory_zalloc(1, sizeof(*h));
	h->name = memory_must(strdup(name));
	h->job.run = look_up;
	HASH_ADD_KEYPTR(hh, r->hosts, h->name, strlen(h->name), h);
	return h;
}

const struct resolved *resolver_ask(struct resolver *r, const char *host, int64_t now_ms)
{
	struct host *h = find_host(r, host);

	if (h->asking)
		return NULL;
	if (h->known && now_ms < h->until_ms)
		return &h->is;
	h->asking = true;
	workers_submit(r->workers, &h->job);
	return NULL;
}

bool resolver_step(struct resolver *r, int64_t now_ms)
{
	struct job *j;
	bool any = false;

	while ((j = workers_take(r->workers)) != NULL) {
		struct host *h = (struct host *)j;

		h->asking = false;
		h->known = j->ran;
		h->until_ms = now_ms + (h->is.count ? RESOLVER_KEPT_MS : RESOLVER_FAILED_MS);
		any = true;
	}
	return any;
}
