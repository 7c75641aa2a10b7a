/* Stands in for consumer/prober.h: the end of a batch that cannot be unpacked is known after a while. */

#include "consumer/prober.h"

#include "tests/unit/simulation/broker.h"
#include "tests/unit/simulation/process.h"
#include "tests/unit/simulation/schedule.h"

#include <assert.h>
#include <stdlib.h>

enum { ANSWER_CHANCE = 400, ANSWER_MS = 20 };

struct prober {
	int partition;
	int64_t first;
};

int prober_open(struct prober **out, const struct config *config, enum topic topic,
		const struct waker *waker, struct error *err)
{
	(void)config;
	(void)topic;
	(void)waker;
	(void)err;
	*out = calloc(1, sizeof(**out));
	assert(*out);
	return 0;
}

int prober_begin(struct prober *p, int partition, int64_t first, struct error *err)
{
	step("asks where a log ends, to look for the end of a batch");
	if (request_fails())
		return request_failed("asking where a log ends", err);
	p->partition = partition;
	p->first = first;
	return 0;
}

void prober_close(struct prober **p)
{
	free(*p);
	*p = NULL;
}

int prober_step(struct prober *p, int64_t *end, struct error *err)
{
	const struct input *in = &model.inputs[p->partition][p->first];

	step("looks for the end of a batch");
	if (request_fails())
		return request_failed("looking for the end of a batch", err);
	if (!chance(ANSWER_CHANCE)) {
		step_sleep(ANSWER_MS);
		return PROBED_LATER;
	}
	*end = in->hole_begin + in->hole;
	return PROBED_END;
}
