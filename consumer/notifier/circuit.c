#include "consumer/notifier/circuit.h"

#include "consumer/notifier/backoff.h"

enum { OPEN_MIN_MS = 1000 };

void circuit_init(struct circuit *c)
{
	*c = (struct circuit){ .state = CIRCUIT_CLOSED, .window = CIRCUIT_WINDOW_MAX };
}

int circuit_window(struct circuit *c, int64_t now_ms)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		return now_ms < c->until_ms ? 0 : c->window;
	case CIRCUIT_OPEN:
		if (now_ms < c->until_ms)
			return 0;
		c->state = CIRCUIT_TRIAL;
		return 1;
	case CIRCUIT_TRIAL:
		return 1;
	case CIRCUIT_DISABLED:
		return 0;
	}
	return 0;
}

int64_t circuit_due_ms(const struct circuit *c, int64_t now_ms)
{
	bool timed = c->state == CIRCUIT_OPEN || c->state == CIRCUIT_CLOSED;

	return timed && now_ms < c->until_ms ? c->until_ms : INT64_MAX;
}

/* Opens for longer each time. */
static void open_circuit(struct circuit *c, int64_t times, int64_t wait_ms, uint64_t chance,
			 int64_t now_ms)
{
	int64_t pause = OPEN_MIN_MS + backoff_ms(times, chance);

	c->state = CIRCUIT_OPEN;
	c->failures = times;
	c->until_ms = now_ms + (wait_ms > pause ? wait_ms : pause);
	c->window = 1;
}

static bool note_success(struct circuit *c)
{
	bool closes = c->state == CIRCUIT_TRIAL;

	if (c->state == CIRCUIT_DISABLED || c->state == CIRCUIT_OPEN)
		return false;
	c->state = CIRCUIT_CLOSED;
	c->failures = 0;
	if (c->window < CIRCUIT_WINDOW_MAX)
		c->window++;
	return closes;
}

static bool note_failure(struct circuit *c, int64_t wait_ms, uint64_t chance, int64_t now_ms)
{
	switch (c->state) {
	case CIRCUIT_CLOSED:
		if (wait_ms > 0 && now_ms + wait_ms > c->until_ms)
			c->until_ms = now_ms + wait_ms;
		if (++c->failures < CIRCUIT_FAILURES)
			return false;
		open_circuit(c, 1, wait_ms, chance, now_ms);
		return true;
	case CIRCUIT_TRIAL:
		open_circuit(c, c->failures + 1, wait_ms, chance, now_ms);
		return true;
	case CIRCUIT_OPEN: /* of one that was on its way when it opened */
	case CIRCUIT_DISABLED:
		return false;
	}
	return false;
}

/* It works, and has not failed in a row any more. */
static bool note_busy(struct circuit *c, int64_t wait_ms, int64_t now_ms)
{
	bool closes = c->state == CIRCUIT_TRIAL;

	if (closes)
		c->state = CIRCUIT_CLOSED;
	if (c->state != CIRCUIT_CLOSED)
		return false;
	c->failures = 0;
	if (wait_ms > 0 && now_ms + wait_ms > c->until_ms)
		c->until_ms = now_ms + wait_ms;
	return closes;
}

bool circuit_note(struct circuit *c, enum reply reply, int64_t wait_ms, uint64_t chance,
		  int64_t now_ms)
{
	switch (reply) {
	case REPLY_DELIVERED:
	case REPLY_REFUSED: /* it works: it has looked at what it got */
		return note_success(c);
	case REPLY_AGAIN:
	case REPLY_UNSURE:
		return note_failure(c, wait_ms, chance, now_ms);
	case REPLY_BUSY:
		return note_busy(c, wait_ms, now_ms);
	case REPLY_DISABLE:
		return circuit_disable(c);
	case REPLY_OWN:
	case REPLY_FORMLESS:
		return false;
	}
	return false;
}

bool circuit_disable(struct circuit *c)
{
	bool news = c->state != CIRCUIT_DISABLED;

	c->state = CIRCUIT_DISABLED;
	return news;
}

bool circuit_enable(struct circuit *c)
{
	if (c->state == CIRCUIT_CLOSED) {
		c->until_ms = 0;
		return false;
	}
	*c = (struct circuit){ .state = CIRCUIT_TRIAL, .window = 1 };
	return true;
}
