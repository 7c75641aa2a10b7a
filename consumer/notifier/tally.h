#ifndef SB_CONSUMER_NOTIFIER_TALLY_H
#define SB_CONSUMER_NOTIFIER_TALLY_H

/*
 * Up to where the records of one partition are settled: the offset that may be
 * committed. A record is settled when each delivery that it causes has arrived or
 * stands in the ledger. Pure; one thread.
 */

#include <stddef.h>
#include <stdint.h>

/* A record that is not settled, and how many deliveries keep it from that. */
struct debt {
	int64_t offset;
	size_t open;
	struct debt *next;
};

struct tally {
	struct debt *first;
	struct debt *last;
	int64_t next; /* the offset after the last record that was begun; -1: none was */
};

void tally_init(struct tally *t);

/* Forgets all records; their debts are gone. */
void tally_done(struct tally *t);

/*
 * Begins a record, which must come after those before; its debt has one open
 * delivery, so that it cannot settle until its maker has ended with it. Valid until it
 * is settled and tally_settled() was asked.
 */
struct debt *tally_begin(struct tally *t, int64_t offset);

/* There is no record before this offset that was not begun: a log ends with markers of transactions. */
void tally_reach(struct tally *t, int64_t offset);

/* One more delivery, or one less. */
void debt_add(struct debt *d);
void debt_pay(struct debt *d);

/* The offset before which every record is settled; -1: nothing was begun yet. */
int64_t tally_settled(struct tally *t);

#endif
