#include "cache/redis.h"

#include "cache/cluster.h"
#include "ops/support/clock.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct redis {
	struct address address;
	struct login login;
	struct greeting greeting; /* of these */
	int timeout_ms;
	unsigned connection;     /* see redis_connection() */
	struct link *link;       /* to the one server; NULL or closed where there is a cluster */
	struct cluster *cluster; /* NULL: the server is alone, or not known yet */
	struct replies slots;    /* scratch: what a server says of slots */
	enum login_cluster kind; /* of the server that answered last */
};

int redis_new(struct redis **out, const struct redis_target *target, int timeout_ms,
	      struct error *err)
{
	struct redis *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return error_set(err, ERROR_NOMEM, "out of memory");
	r->timeout_ms = timeout_ms;
	r->greeting = (struct greeting){ &r->address, &r->login, &r->connection };
	rc = address_parse(&r->address, target->address, err);
	if (!rc)
		rc = login_init(&r->login, target, err);
	if (rc)
		redis_free(&r);
	else
		*out = r;
	return rc;
}

void redis_free(struct redis **rp)
{
	struct redis *r = *rp;

	if (!r)
		return;
	link_free(&r->link);
	cluster_free(&r->cluster);
	replies_done(&r->slots);
	address_done(&r->address);
	login_done(&r->login);
	free(r);
	*rp = NULL;
}

const char *redis_address(const struct redis *r)
{
	return r->address.text;
}

bool redis_is_connected(const struct redis *r)
{
	return (r->link && link_is_open(r->link)) ||
	       (r->cluster && cluster_is_connected(r->cluster));
}

unsigned redis_connection(const struct redis *r)
{
	return r->connection;
}

bool redis_is_cluster(const struct redis *r)
{
	return r->kind == LOGIN_CLUSTER;
}

unsigned redis_node(const struct redis *r, struct bytes key)
{
	return r->cluster ? cluster_node(r->cluster, slot_of(key)) : 0;
}

void redis_name_node(const struct redis *r, struct bytes key, char out[static REDIS_NODE_SIZE])
{
	*out = '\0';
	if (r->cluster)
		cluster_name_node(r->cluster, cluster_node(r->cluster, slot_of(key)), out,
				  REDIS_NODE_SIZE);
}

/* ---- Sentinels ---- */

/* Asks one Sentinel for the master. It is reached as the master is, but has no login of its own. */
static int ask_sentinel(const struct redis *r, const struct address_host *at, int64_t deadline_ms,
			struct master *out, struct error *err)
{
	enum { NAME_SIZE = 512 };
	char name[NAME_SIZE];
	unsigned losses = 0;
	struct link *sentinel = NULL;
	struct replies replies = { 0 };
	struct pipeline p;
	int rc;

	(void)address_format_host(name, sizeof(name), at);
	rc = link_new(&sentinel, name, &losses, err);
	pipeline_init(&p);
	login_append_master(&p, r->address.master);
	if (!rc)
		rc = link_open(sentinel, at, r->address.tls ? &r->login.tls : NULL, deadline_ms,
			       err);
	if (!rc)
		rc = link_exchange(sentinel, &p, deadline_ms, &replies, err);
	if (!rc)
		rc = login_take_master(replies.list[0], r->address.master, name, out, err);
	replies_done(&replies);
	pipeline_done(&p);
	link_free(&sentinel);
	return rc;
}

/* The first Sentinel that knows it counts; each has its share of the time that is left. */
static int find_master(struct redis *r, int64_t deadline_ms, struct master *out, struct error *err)
{
	int rc = ERROR_UNAVAILABLE;

	for (size_t i = 0; rc && i < r->address.host_count; i++) {
		int64_t left_ms = deadline_ms - clock_monotonic_ms();
		int64_t share_ms = left_ms / (int64_t)(r->address.host_count - i);

		rc = ask_sentinel(r, &r->address.hosts[i], clock_monotonic_ms() + share_ms, out,
				  err);
	}
	return rc;
}

/* ---- connecting ---- */

/*
 * Several servers that are no cluster are several indexes: whoever answers first would be
 * taken for the one.
 */
static int check_kind(const struct redis *r, struct error *err)
{
	if (r->address.kind != ADDRESS_HOST || r->address.host_count == 1 ||
	    r->kind == LOGIN_CLUSTER)
		return 0;
	return error_set(
		err, ERROR_REFUSED,
		r->kind == LOGIN_DENIED
			? "Redis at %s denies us CLUSTER SLOTS, without which several "
			  "hosts cannot be told to be one cluster; allow it"
			: "several hosts are given for Redis, %s, and the one that answers "
			  "is in no cluster; give one host",
		r->address.text);
}

/* Opens the connection to a server, and learns what it is. */
static int open_at(struct redis *r, const struct address_host *at, int64_t deadline_ms,
		   struct error *err)
{
	int rc = r->link ? 0 : link_new(&r->link, r->address.text, &r->connection, err);

	if (!rc)
		rc = greeting_open(&r->greeting, r->link, at, deadline_ms, &r->slots, err);
	if (rc)
		return rc;
	rc = login_take_slots(r->slots.list[0], r->address.text, &r->kind, err);
	if (!rc)
		rc = check_kind(r, err);
	if (!rc && r->kind == LOGIN_CLUSTER)
		rc = cluster_new(&r->cluster, &r->greeting, &r->link, at, r->slots.list[0], err);
	replies_clear(&r->slots);
	if (r->link && (rc || r->cluster))
		link_free(&r->link);
	return rc;
}

/* The first that answers counts; each has its share of the time that is left. */
static int open_any(struct redis *r, int64_t deadline_ms, struct error *err)
{
	int rc = ERROR_UNAVAILABLE;

	for (size_t i = 0; rc == ERROR_UNAVAILABLE && i < r->address.host_count; i++) {
		int64_t now_ms = clock_monotonic_ms();
		int64_t share_ms = (deadline_ms - now_ms) / (int64_t)(r->address.host_count - i);

		rc = open_at(r, &r->address.hosts[i], now_ms + share_ms, err);
	}
	return rc;
}

static int open_connection(struct redis *r, int64_t deadline_ms, struct error *err)
{
	const struct address *a = &r->address;
	struct master master;
	int rc;

	if (r->cluster && cluster_is_stale(r->cluster) &&
	    cluster_refresh(r->cluster, deadline_ms, err))
		cluster_free(&r->cluster); /* the hosts of the address may know new ones */
	if (r->cluster || (r->link && link_is_open(r->link)))
		return 0;
	switch (a->kind) {
	case ADDRESS_HOST:
		return open_any(r, deadline_ms, err);
	case ADDRESS_SOCKET:
		return open_at(r, &(struct address_host){ a->path, 0 }, deadline_ms, err);
	case ADDRESS_SENTINEL:
		break;
	}
	rc = find_master(r, deadline_ms, &master, err);
	return rc ? rc
		  : open_at(r, &(struct address_host){ master.host, master.port }, deadline_ms,
			    err);
}

/* ---- round trips ---- */

static bool has_error(const struct replies *replies, const char *word)
{
	for (size_t i = 0; i < replies->count; i++)
		if (reply_is_error(replies->list[i], word))
			return true;
	return false;
}

/* With the one server. */
static int exchange_alone(struct redis *r, const struct pipeline *p, int64_t deadline_ms,
			  struct replies *out, struct error *err)
{
	int rc = link_exchange(r->link, p, deadline_ms, out, err);

	if (rc)
		return rc;
	/* It has become a replica, so the next connection may find another master. */
	if (r->address.kind == ADDRESS_SENTINEL && has_error(out, "READONLY"))
		link_close(r->link);
	if (!has_error(out, "MOVED")) /* any key may be the first that is not its own */
		return 0;
	link_close(r->link); /* it may have become a node of a cluster; we look again */
	if (r->kind != LOGIN_DENIED)
		return 0;
	replies_clear(out);
	return error_set(err, ERROR_REFUSED,
			 "Redis at %s is a cluster, and denies us CLUSTER SLOTS, which tells where "
			 "keys are; allow it",
			 r->address.text);
}

int redis_roundtrip_blocking(struct redis *r, const struct pipeline *p, int wait_ms,
			     struct replies *out, struct error *err)
{
	int64_t deadline_ms = clock_monotonic_ms() + r->timeout_ms + wait_ms;
	int rc;

	replies_clear(out);
	rc = open_connection(r, deadline_ms, err);
	if (rc || !p->commands)
		return rc;
	return r->cluster ? cluster_roundtrip(r->cluster, p, deadline_ms, out, err)
			  : exchange_alone(r, p, deadline_ms, out, err);
}

int redis_roundtrip(struct redis *r, const struct pipeline *p, struct replies *out,
		    struct error *err)
{
	return redis_roundtrip_blocking(r, p, 0, out, err);
}
