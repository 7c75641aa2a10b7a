#include "cache/greeting.h"

#include <assert.h>

/* Asks all that there is to ask of a new connection in one round trip. */
static int log_in(const struct greeting *g, struct link *l, int64_t deadline_ms,
		  struct replies *replies, struct error *err)
{
	struct pipeline p;
	int rc;

	pipeline_init(&p);
	rc = login_append(g->login, g->address, &p, err);
	login_append_hello(&p);
	if (!rc)
		rc = link_exchange(l, &p, deadline_ms, replies, err);
	pipeline_done(&p);
	return rc;
}

/* The error that a cluster has for this does not say what to do. */
static int check_database(const struct greeting *g, const struct link *l,
			  const struct redisReply *slots, struct error *err)
{
	if (!g->address->db || reply_is_error(slots, "") || login_is_alone(slots))
		return 0;
	return error_set(
		err, ERROR_REFUSED,
		"Redis at %s is a cluster, which has no database but 0; leave the /%d out of "
		"its address",
		link_name(l), g->address->db);
}

/* Leaves only the last reply. */
static void keep_last(struct replies *r)
{
	r->list[0] = r->list[r->count - 1];
	r->count = 1;
}

/* Checks the login, and leaves the one reply that tells of a cluster. */
static int look_around(const struct greeting *g, struct link *l, int64_t deadline_ms,
		       struct replies *replies, struct error *err)
{
	const char *name = link_name(l);
	struct redisReply *hello = replies->list[replies->count - 1];
	int rc = check_database(g, l, hello, err);

	if (!rc)
		rc = login_check(replies->list, replies->count - 1, name, err);
	if (rc)
		return rc;
	keep_last(replies);
	if (login_is_alone(hello))
		return 0;
	rc = greeting_ask_slots(l, deadline_ms, replies, err);
	return rc ? rc : check_database(g, l, replies->list[0], err);
}

int greeting_open(const struct greeting *g, struct link *l, const struct address_host *at,
		  int64_t deadline_ms, struct replies *slots, struct error *err)
{
	int rc = link_open(l, at, g->address->tls ? &g->login->tls : NULL, deadline_ms, err);

	if (rc)
		return rc;
	rc = log_in(g, l, deadline_ms, slots, err);
	if (!rc)
		rc = look_around(g, l, deadline_ms, slots, err);
	if (!rc)
		return 0;
	if (link_is_open(l))
		link_close(l);
	return rc;
}

int greeting_ask_slots(struct link *l, int64_t deadline_ms, struct replies *slots,
		       struct error *err)
{
	struct pipeline p;
	int rc;

	assert(link_is_open(l));
	pipeline_init(&p);
	login_append_slots(&p);
	rc = link_exchange(l, &p, deadline_ms, slots, err);
	pipeline_done(&p);
	return rc;
}
