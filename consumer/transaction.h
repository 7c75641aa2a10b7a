#ifndef SB_CONSUMER_TRANSACTION_H
#define SB_CONSUMER_TRANSACTION_H

/*
 * Kafka transactions that hold the outputs of some runs and the consumer's
 * offsets after them: both become visible, or neither.
 *
 * A transactor is one transactional producer, used by one thread at a time.
 * After any failure it can only be discarded: the next producer of its name
 * settles its transaction, and the committed offsets show what became of it.
 */

#include "cache/stages.h"
#include "consumer/batch.h"
#include "consumer/intake.h"
#include "consumer/orphans.h"
#include "ops/support/attributes.h"

struct group_asker;
struct transactor;

struct transactor_options {
	const struct config *config; /* "brokers", "consumer-group", "instance" */
	const struct deployment *deployment;
	struct intake *intake;     /* whose group's offsets are committed */
	struct group_asker *asker; /* for offsets of groups; several transactors may share it */
	char letter;               /* the transactional.id is group.instance.letter */
	size_t batch_bytes;        /* a topic counts the records of one request as one */
	bool singly;               /* no request has two records, so only the guilty is refused */
};

/*
 * Makes the producer, and settles what its predecessor of that name left open;
 * blocks while the brokers do that. ERROR_UNAVAILABLE, ERROR_FENCED: try again.
 * ERROR_USAGE names a setting that is wrong.
 */
MUST_USE int transactor_open(struct transactor **out, const struct transactor_options *o,
			     struct error *err);

/*
 * Before its first transaction: ends what is open under its name nevertheless, and
 * says how sure that is (see orphans.h); then waits until readers see that. Of
 * several transactors, all are opened first, then all cleared, and then all waited
 * for, until no state is UNCLEAR: what is open under the name of one hides from the
 * others how theirs have ended. Both block for the brokers. ERROR_UNAVAILABLE,
 * ERROR_FENCED: close it and try again.
 */
MUST_USE int transactor_clear(struct transactor *t, enum orphans_state *state, struct error *err);
MUST_USE int transactor_wait(struct transactor *t, struct error *err);

/* While its state is UNCLEAR, or it is hidden: a sentence that says by what. */
void transactor_explain(const struct transactor *t, struct error *out);

/* Is nothing left under its name, as far as is known? */
bool transactor_is_clear(const struct transactor *t);

/* Is it time to clear it again, because something may be left? Then do so between two transactions. */
bool transactor_is_due(const struct transactor *t);

/*
 * Do others hide whether its last transaction has ended as it should (see orphans.h)?
 * Then none may begin until transactor_look() has seen that, or clearing has.
 */
bool transactor_is_hidden(const struct transactor *t);

/* Is it time to look at that? It is so every 100 ms. */
bool transactor_should_look(const struct transactor *t);

/* Looks at it. Blocks for up to 2 s. */
void transactor_look(struct transactor *t);

/* Closes a transactor that is in no transaction. Sets *t to NULL; accepts NULL. */
void transactor_close(struct transactor **t);

/*
 * Begins a transaction of a transactor that is not hidden, sends the outputs of a list of batches, and then the
 * offsets after them. Returns when the brokers have all of it, and a note of where
 * it is (see note.h). The batches must stay until the transaction is committed or
 * discarded. ERROR_FENCED,
 * ERROR_UNAVAILABLE, or ERROR_REFUSED when a topic does not take a record, or a
 * batch cannot be read: then `refused` is set in the batches that may be to blame.
 * Several can be, because a broker refuses what came in one request as a whole.
 *
 * Of two transactions with offsets of one partition, the group keeps the
 * offset that was added last, whichever commits last, and readers see records
 * in the order in which they were written. So the later of two transactions must
 * not call this before the earlier one has returned from it.
 */
MUST_USE int transactor_send(struct transactor *t, struct batch *batches, struct error *err);

/*
 * Commits, and waits until readers see that (see markers.h). On failure it is not known whether
 * the transaction has committed.
 */
MUST_USE int transactor_commit(struct transactor *t, struct error *err);

/* The steps of a transaction, in their order, all of which wait for the brokers. */
enum transaction_step {
	TRANSACTION_WRITE,   /* until they have all records */
	TRANSACTION_OFFSETS, /* the group's offsets */
	TRANSACTION_NOTE,    /* of where it has written */
	TRANSACTION_COMMIT,
	TRANSACTION_SEE, /* until readers see that it is committed */
	TRANSACTION_STEPS,
};

/* Adds to the figures how often the transactor has taken each step, and for how long, since the last call. */
void transactor_take_figures(struct transactor *t, struct stage_figures *figures);

/* Lets an idle client do its housekeeping. */
void transactor_serve(struct transactor *t);

/*
 * Closes a transactor whose transaction failed: tries to abort it, and drops what
 * the client still holds, which points into the batches. Whether the abort
 * succeeds does not matter: the next producer of this name settles that. Sets *t
 * to NULL.
 */
void transactor_discard(struct transactor **t);

#endif
