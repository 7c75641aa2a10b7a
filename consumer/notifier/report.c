#include "consumer/notifier/report.h"

#include "consumer/notifier/workers.h"
#include "ops/support/log.h"
#include "ops/support/memory.h"

#include <stdlib.h>

enum { TIMEOUT_MS = 3000 };

struct report {
	struct job job; /* first */
	struct workers *workers;
	struct notifier_desk *desk; /* of the worker's thread, as the next four while it writes */
	struct buffer text;
	struct buffer group;
	int partition;
	struct error failure; /* code 0: it was written */
	bool writing;
	int64_t sent_ms; /* when the last one was handed in; monotonic */
};

static void write_text(struct job *j, const atomic_bool *stop)
{
	struct report *r = (struct report *)j;

	(void)stop;
	r->failure = (struct error){ 0 };
	if (notifier_desk_write(r->desk, r->partition, buffer_bytes(&r->group),
				buffer_bytes(&r->text), &r->failure))
		return;
	r->failure.code = 0;
}

int report_open(struct report **out, const struct config *config, const struct waker *waker,
		struct error *err)
{
	const struct redis_target target = redis_target_from(config);
	struct report *r = memory_zalloc(1, sizeof(*r));
	int rc;

	r->job.run = write_text;
	buffer_init(&r->text);
	buffer_init(&r->group);
	rc = notifier_desk_open(&r->desk, &target, config_get(config, "prefix"), TIMEOUT_MS, err);
	if (!rc)
		rc = workers_open(&r->workers, 1, waker, err);
	if (rc)
		report_close(&r);
	else
		*out = r;
	return rc;
}

static void take_back(struct report *r)
{
	if (!r->writing || !workers_take(r->workers))
		return;
	r->writing = false;
	if (r->failure.code)
		log_warn_seldom("a report that Redis does not take",
				"`sharebus status` does not show what this notifier does: %s",
				r->failure.text);
}

void report_close(struct report **rp)
{
	struct report *r = *rp;

	if (!r)
		return;
	if (r->workers)
		workers_stop(r->workers);
	while (r->writing) {
		take_back(r);
		clock_pause_ms(1);
	}
	workers_close(&r->workers);
	notifier_desk_close(&r->desk);
	buffer_done(&r->text);
	buffer_done(&r->group);
	free(r);
	*rp = NULL;
}

int64_t report_due_ms(const struct report *r)
{
	return r->sent_ms + REPORT_EVERY_MS;
}

void report_send(struct report *r, int partition, const struct notifier_report *what,
		 int64_t now_ms)
{
	take_back(r);
	r->sent_ms = now_ms;
	if (r->writing)
		return;
	notifier_report_format(&r->text, what);
	buffer_clear(&r->group);
	buffer_append(&r->group, what->group.data, what->group.len);
	r->partition = partition;
	r->writing = true;
	workers_submit(r->workers, &r->job);
}

/* ---- lanes ---- */

static enum told_state state_of(const struct circuit *c, int64_t now_ms)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		return now_ms < c->until_ms ? TOLD_PAUSED : TOLD_OPEN;
	case CIRCUIT_TRIAL:
		/* One that a person has opened is told what is due, and may have nothing to be told. */
		return c->failures ? TOLD_LEFT_ALONE : TOLD_OPEN;
	case CIRCUIT_OPEN:
		return TOLD_LEFT_ALONE;
	case CIRCUIT_DISABLED:
		return TOLD_DISABLED;
	}
	return TOLD_OPEN;
}

void report_lane(const struct lane *l, const struct now *now, struct told_endpoint *out)
{
	int64_t wait_ms = l->circuit.until_ms - now->monotonic_ms;

	*out = (struct told_endpoint){ .name = bytes_of(l->endpoint->name),
				       .state = state_of(&l->circuit, now->monotonic_ms),
				       .moving = l->moving,
				       .failed_ms = l->failed_ms,
				       .problem = bytes_of(l->problem) };
	for (const struct parcel *p = l->first; p; p = p->next) {
		out->owed++;
		if (!out->oldest_ms || p->since < out->oldest_ms)
			out->oldest_ms = p->since;
	}
	if (out->state == TOLD_PAUSED || l->circuit.state == CIRCUIT_OPEN)
		out->until_ms = now->unix_ms + (wait_ms > 0 ? wait_ms : 0);
}
