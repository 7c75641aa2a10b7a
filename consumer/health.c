#include "consumer/health.h"

#include "ops/support/log.h"

enum { LOOK_EVERY_MS = 3000 };

/* Says when the policy becomes wrong and when it is right again. */
static void judge_policy(struct health *h, const struct now *now)
{
	struct error why = { 0 };
	bool wrong = servers_check(&h->now, index_address(h->index), &why) != 0;

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

void health_done(struct health *h)
{
	servers_done(&h->known);
	servers_done(&h->now);
}

int health_look(struct health *h, const struct now *now, struct error *evicted, struct error *err)
{
	const struct server *evicting;
	int rc;

	if (h->asked && now->monotonic_ms - h->looked_ms < LOOK_EVERY_MS)
		return 0;
	rc = index_read_servers(h->index, &h->now, err);
	if (rc)
		return rc == ERROR_NODE ? 0 : rc; /* whose partitions are watched all the same */
	judge_policy(h, now);
	evicting = servers_note(&h->known, &h->now);
	if (evicting)
		(void)error_set(evicted, ERROR_DAMAGED,
				"Redis at %s has evicted keys (%lld since its start)",
				*evicting->node ? evicting->node : index_address(h->index),
				(long long)evicting->evicted);
	h->asked = true;
	h->looked_ms = now->monotonic_ms;
	return 0;
}
