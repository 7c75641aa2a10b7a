#include "consumer/notifier/step.h"

#include "consumer/notifier/backoff.h"

static struct step retry_later(const struct attempted *a, bool counts, uint64_t chance)
{
	int64_t wait = backoff_ms(a->attempts > 0 ? a->attempts : 1, chance);

	return (struct step){ STEP_RETRY, counts, wait > a->asked_ms ? wait : a->asked_ms };
}

struct step step_after(const struct endpoint *e, const struct attempted *a, uint64_t chance)
{
	const struct step dead = { STEP_DEAD, true, 0 };

	switch (a->reply) {
	case REPLY_DELIVERED:
		return (struct step){ STEP_DONE, true, 0 };
	case REPLY_REFUSED:
	case REPLY_UNSURE:
	case REPLY_FORMLESS:
		return dead;
	case REPLY_AGAIN:
		if (a->attempts >= e->max_attempts || a->age_ms >= e->give_up_ms)
			return dead;
		return retry_later(a, true, chance);
	case REPLY_BUSY: /* it works, so only time ends it */
		return a->age_ms >= e->give_up_ms ? dead : retry_later(a, true, chance);
	case REPLY_DISABLE:
		return (struct step){ STEP_HOLD, true, 0 };
	case REPLY_OWN:
		return retry_later(a, false, chance);
	}
	return dead;
}
