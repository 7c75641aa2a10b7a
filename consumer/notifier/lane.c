#include "consumer/notifier/lane.h"

#include "ops/support/memory.h"

#include <assert.h>
#include <stdlib.h>

/* The parcels of an ordered lane for one recipient; only the first is not BLOCKED. */
struct chain {
	struct uuid recipient;
	struct parcel *first;
	struct parcel *last;
	UT_hash_handle hh;
};

/* ---- the heap ---- */

static bool comes_before(const struct parcel *a, const struct parcel *b)
{
	return a->due_ms < b->due_ms || (a->due_ms == b->due_ms && a->since < b->since);
}

static void put_at(struct lane *l, size_t at, struct parcel *p)
{
	l->heap[at] = p;
	p->at = at;
}

static void sift_up(struct lane *l, struct parcel *p)
{
	size_t at = p->at;

	while (at && comes_before(p, l->heap[(at - 1) / 2])) {
		put_at(l, at, l->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put_at(l, at, p);
}

static void sift_down(struct lane *l, struct parcel *p)
{
	size_t at = p->at;

	for (;;) {
		size_t child = 2 * at + 1;

		if (child + 1 < l->waiting && comes_before(l->heap[child + 1], l->heap[child]))
			child++;
		if (child >= l->waiting || !comes_before(l->heap[child], p))
			break;
		put_at(l, at, l->heap[child]);
		at = child;
	}
	put_at(l, at, p);
}

static void heap_push(struct lane *l, struct parcel *p)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): it is a list of pointers */
	l->heap = memory_grow((void *)l->heap, &l->cap, l->waiting + 1, sizeof(*l->heap));
	put_at(l, l->waiting++, p);
	sift_up(l, p);
}

static void heap_remove(struct lane *l, struct parcel *p)
{
	struct parcel *last = l->heap[--l->waiting];

	if (last == p)
		return;
	put_at(l, p->at, last);
	sift_up(l, last);
	sift_down(l, last);
}

/* ---- states ---- */

/* The one place where a parcel's state changes. */
static void change_state(struct lane *l, struct parcel *p, enum parcel_state state)
{
	if (p->state == PARCEL_WAITING)
		heap_remove(l, p);
	if (p->state == PARCEL_MOVING) {
		l->moving--;
		if (l->host)
			l->host->moving--;
	}
	p->state = state;
	if (state == PARCEL_WAITING)
		heap_push(l, p);
	if (state == PARCEL_MOVING) {
		l->moving++;
		if (l->host)
			l->host->moving++;
	}
}

/* ---- chains ---- */

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct chain *find_chain(const struct lane *l, const struct uuid *recipient)
{
	struct chain *c;

	HASH_FIND(hh, l->chains, recipient, sizeof(*recipient), c);
	return c;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct chain *make_chain(struct lane *l, const struct uuid *recipient)
{
	struct chain *c = memory_zalloc(1, sizeof(*c));

	c->recipient = *recipient;
	HASH_ADD(hh, l->chains, recipient, sizeof(c->recipient), c);
	return c;
}

/*
 * The one after which the parcel comes; NULL: it is the first. What was owed first comes
 * first, whenever it is added: the ledger tells last of what was tried last. One that
 * is on its way cannot be overtaken.
 */
static struct parcel *find_place(const struct chain *c, const struct parcel *p)
{
	struct parcel *before = NULL;

	if (c->last && c->last->since <= p->since)
		return c->last;
	for (struct parcel *one = c->first; one; one = one->next_for) {
		if (one->since > p->since && one->state != PARCEL_MOVING)
			break;
		before = one;
	}
	return before;
}

static void join_chain(struct lane *l, struct parcel *p)
{
	struct chain *c = find_chain(l, &p->load->recipient);
	struct parcel *before;

	if (!c)
		c = make_chain(l, &p->load->recipient);
	before = find_place(c, p);
	p->next_for = before ? before->next_for : c->first;
	if (!p->next_for)
		c->last = p;
	if (before) {
		before->next_for = p;
		change_state(l, p, PARCEL_BLOCKED);
		return;
	}
	if (c->first)
		change_state(l, c->first, PARCEL_BLOCKED);
	c->first = p;
	change_state(l, p, PARCEL_WAITING);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void leave_chain(struct lane *l, struct parcel *p)
{
	struct chain *c = find_chain(l, &p->load->recipient);
	struct parcel *before = NULL;

	assert(c);
	for (struct parcel *one = c->first; one != p; one = one->next_for)
		before = one;
	if (before)
		before->next_for = p->next_for;
	else
		c->first = p->next_for;
	if (c->last == p)
		c->last = before;
	if (!before && c->first)
		change_state(l, c->first, PARCEL_WAITING);
	if (c->first)
		return;
	HASH_DEL(l->chains, c);
	free(c);
}

/* ---- lanes ---- */

void lane_init(struct lane *l, const struct endpoint *e, struct host_use *host)
{
	*l = (struct lane){ .endpoint = e, .host = host };
	circuit_init(&l->circuit);
}

void lane_done(struct lane *l)
{
	while (l->first)
		lane_end(l, l->first);
	free((void *)l->heap);
	l->heap = NULL;
	l->cap = 0;
}

static void count_stored(struct lane *l, const struct parcel *p)
{
	l->stored++;
	l->stored_bytes += parcel_size(p);
}

void lane_add(struct lane *l, struct parcel *p)
{
	p->lane = l;
	p->previous = l->last;
	if (l->last)
		l->last->next = p;
	else
		l->first = p;
	l->last = p;
	if (p->stored)
		count_stored(l, p);
	if (l->endpoint->ordered)
		join_chain(l, p);
	else
		change_state(l, p, PARCEL_WAITING);
}

struct parcel *lane_next(struct lane *l, int64_t now_ms)
{
	struct parcel *p = l->waiting ? l->heap[0] : NULL;

	if (!p || p->due_ms > now_ms || l->moving >= circuit_window(&l->circuit, now_ms))
		return NULL;
	if (l->host && l->host->moving >= HOST_MOVING_MAX)
		return NULL;
	change_state(l, p, PARCEL_MOVING);
	return p;
}

void lane_return(struct lane *l, struct parcel *p, int64_t due_ms)
{
	p->due_ms = due_ms;
	change_state(l, p, PARCEL_WAITING);
}

void lane_end(struct lane *l, struct parcel *p)
{
	change_state(l, p, PARCEL_BLOCKED); /* out of the heap, and not moving */
	if (l->endpoint->ordered)
		leave_chain(l, p);
	if (p->previous)
		p->previous->next = p->next;
	else
		l->first = p->next;
	if (p->next)
		p->next->previous = p->previous;
	else
		l->last = p->previous;
	if (p->stored) {
		l->stored--;
		l->stored_bytes -= parcel_size(p);
	}
	parcel_free(p);
}

void lane_store(struct lane *l, struct parcel *p)
{
	if (p->stored)
		return;
	p->stored = true;
	count_stored(l, p);
}

/* ---- room ---- */

struct stored {
	size_t parcels;
	size_t bytes;
};

static struct stored sum_stored(const struct lane *all, size_t count)
{
	struct stored sum = { 0 };

	for (size_t i = 0; i < count; i++) {
		sum.parcels += all[i].stored;
		sum.bytes += all[i].stored_bytes;
	}
	return sum;
}

static bool is_below(struct stored s, size_t parcels, size_t bytes)
{
	return s.parcels < parcels && s.bytes < bytes;
}

bool lanes_are_full(const struct lane *all, size_t count)
{
	return !is_below(sum_stored(all, count), LANES_STORED_MAX + LANES_STORED_MAX / 2,
			 LANES_STORED_BYTES_MAX + LANES_STORED_BYTES_MAX / 2);
}

bool lane_has_room(const struct lane *l, const struct lane *all, size_t count)
{
	const struct stored own = { l->stored, l->stored_bytes };

	if (l->stored >= LANE_STORED_MAX || lanes_are_full(all, count))
		return false;
	return is_below(sum_stored(all, count), LANES_STORED_MAX, LANES_STORED_BYTES_MAX) ||
	       is_below(own, LANES_STORED_MAX / 2 / count, LANES_STORED_BYTES_MAX / 2 / count);
}

void lane_note_problem(struct lane *l, struct bytes why, int64_t unix_ms)
{
	size_t len = why.len < sizeof(l->problem) ? why.len : sizeof(l->problem) - 1;

	if (len)
		memcpy(l->problem, why.data, len);
	l->problem[len] = 0;
	l->failed_ms = unix_ms;
}

bool lane_is_held(const struct lane *l, int64_t now_ms)
{
	return l->circuit.state != CIRCUIT_CLOSED || now_ms < l->circuit.until_ms;
}

bool lane_must_store(const struct lane *l, const struct parcel *p)
{
	return !p->stored && (p->state != PARCEL_MOVING || l->endpoint->ordered);
}

int64_t lane_due_ms(const struct lane *l, int64_t now_ms)
{
	int64_t open_ms = circuit_due_ms(&l->circuit, now_ms);

	if (!l->waiting || l->circuit.state == CIRCUIT_DISABLED)
		return INT64_MAX;
	if (open_ms != INT64_MAX)
		return open_ms > l->heap[0]->due_ms ? open_ms : l->heap[0]->due_ms;
	/* If it is due and does not move, a reply will let it. */
	return l->heap[0]->due_ms > now_ms ? l->heap[0]->due_ms : INT64_MAX;
}
