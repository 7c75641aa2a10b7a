#include "consumer/verifier.h"

#include "ops/support/log.h"
#include "schemas/topics.h"

enum {
	LOOK_WAIT_MS = 5000,
	VOUCH_WAIT_MS = 3000, /* a batch that cannot be unpacked holds the client up */
	PAUSE_MS = 500, /* shorter than it takes to restart a broker or to make a topic anew */
};

enum log_verdict log_verdict_of(const struct applied_log *applied, const struct log_view *view)
{
	if (view->end < applied->applied)
		return LOG_SHORT;
	if (!tip_is_known(&applied->tip) || applied->tip.offset < view->begin)
		return applied->suspect ? LOG_SUSPECT : LOG_SAME;
	return tip_equal(&applied->tip, &view->found) ? LOG_SAME : LOG_OTHER;
}

int verifier_look(const struct verifier *v, int partition, const struct applied_log *applied,
		  struct log_view *out, struct error *err)
{
	const struct tip *tip = &applied->tip;
	int rc = intake_range(v->intake, partition, &out->begin, &out->end, err);

	out->found = (struct tip){ 0 };
	if (rc || !tip_is_known(tip) || tip->offset < out->begin || tip->offset >= out->end)
		return rc;
	return lookback_read(v->lookback,
			     &(struct lookback_range){ partition, tip->offset, applied->applied },
			     LOOK_WAIT_MS, &out->found, err);
}

bool verifier_doubts(const struct verifier *v, const struct partition *part)
{
	return part->doubts != intake_doubts(v->intake);
}

bool verifier_vouches(const struct verifier *v, struct partition *part, int64_t now_ms)
{
	unsigned doubts = intake_doubts(v->intake);
	const struct tip *tip = &part->mark.tip;
	const struct lookback_range range = { part->id, tip->offset, part->mark.applied };
	struct error err = { 0 };
	struct tip found;
	int rc = 0;

	if (part->doubts == doubts && now_ms - part->vouched_ms < PAUSE_MS)
		return true;
	if (tip_is_known(tip)) {
		rc = lookback_read(v->lookback, &range, VOUCH_WAIT_MS, &found, &err);
		if (rc)
			log_warn("%s", err.text);
		else if (!tip_equal(tip, &found))
			log_partition(LOG_LEVEL_WARN, part->id,
				      "the last record applied, at offset %lld, is not there any "
				      "more; recovering",
				      (long long)tip->offset);
		if (rc || !tip_equal(tip, &found))
			return false;
	}
	part->doubts = doubts;
	part->vouched_ms = now_ms;
	return true;
}
