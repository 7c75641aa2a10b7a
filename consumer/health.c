#include "consumer/health.h"

#include "ops/support/log.h"

enum { LOOK_EVERY_MS = 3000 };

/* Says when the policy becomes wrong and when it is right again. */
static void judge_policy(struct health *h, const struct server *s, const struct now *now)
{
	struct error why = { 0 };
	bool wrong = server_check(s, index_address(h->index), &why) != 0;

	if (wrong)
		troubles_note(h->troubles, TROUBLE_REDIS, &why, now);
	else
		troubles_end(h->troubles, TROUBLE_REDIS);
	if (wrong && !h->wrong)
		log_error("%s", why.text);
	else if (!wrong && h->wrong)
		log_info("Redis at %s evicts no keys any more", index_address(h->index));
	h->wrong = wrong;
}

int health_look(struct health *h, const struct now *now, struct error *evicted, struct error *err)
{
	struct server s;
	int rc;

	if (h->known && now->monotonic_ms - h->looked_ms < LOOK_EVERY_MS)
		return 0;
	rc = index_read_server(h->index, &s, err);
	if (rc)
		return rc;
	judge_policy(h, &s, now);
	if (h->known && server_has_evicted(&h->server, &s))
		(void)error_set(evicted, ERROR_DAMAGED,
				"Redis at %s has evicted keys (%lld since its start)",
				index_address(h->index), (long long)s.evicted);
	h->known = true;
	h->server = s;
	h->looked_ms = now->monotonic_ms;
	return 0;
}
