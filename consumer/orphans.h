#ifndef SB_CONSUMER_ORPHANS_H
#define SB_CONSUMER_ORPHANS_H

/*
 * Orphans are records of a transaction that has ended, or was forgotten by a
 * broker that was killed, in logs that got no marker of it (see fate.h). Nothing
 * after them can be read by readers of committed records. Here is decided what is
 * to be done about those of one producer: what is owed is committed, all else that
 * is open is aborted, and what others have open stays open. Pure; see settle.h.
 */

#include "consumer/fate.h"
#include "consumer/footprint.h"

enum {
	ORPHANS_NO_ANSWER = -1, /* the log has no leader, or is not there */
	ORPHANS_LOOK_EVERY_MS =
		30000, /* while some may be left; a log without a leader takes seconds */
};

enum orphans_state {
	ORPHANS_UNCLEAR, /* it is not known yet what became of the last transaction */
	ORPHANS_DOUBTED, /* what was open was ended; look again whether it is */
	ORPHANS_LEFT,    /* some are owed, or may be where no log has answered; look later */
	ORPHANS_NONE,
};

/* How a log ends. */
struct log_sight {
	int64_t stable; /* where committed records end; ORPHANS_NO_ANSWER */
	int64_t real;   /* where the log does; ORPHANS_NO_ANSWER */
};

struct orphans {
	struct footprint *last;  /* borrowed: of the last transaction; then, what is owed of it */
	struct log_sight *sight; /* by log; set it before each look */
	enum remains *remains;   /* see orphans_look() */
	int64_t *open;           /* by log: where it was open at the last look */
	bool *tried;             /* by log: it was not open once, or has been aborted */
	struct footprint unseen; /* owed by what ended orphans: others hide whether it did */
	enum orphans_state state;
};

void orphans_init(struct orphans *o, struct footprint *last);
void orphans_done(struct orphans *o); /* accepts zeros */

/*
 * Sets `remains` by what was seen of the logs. True: there is a last transaction, and
 * those that are CLOSED are to be replaced by ABORTED, COMMITTED or NOTHING.
 */
bool orphans_look(struct orphans *o);

/*
 * Decides what became of the last transaction; offsets_count as in fate_of(). If it
 * was committed, what is open or unseen of it is owed now.
 */
enum fate orphans_judge(struct orphans *o, bool offsets_count);

/* Is the log to be committed now? One that is hidden or has no leader is so later, when it is open. */
bool orphans_is_due(const struct orphans *o, size_t i);

/*
 * Is the log to be aborted now? It is open, not by what is owed, and that was not
 * tried at the last look; or it is open where it was then, or by an unseen
 * transaction of ours.
 */
bool orphans_is_suspect(const struct orphans *o, size_t i);

bool orphans_has_suspects(const struct orphans *o);

/*
 * A log in which readers can see the marker of a transaction, if there is such a one,
 * and that is of sharing.grants, if possible. It is not one where something is owed,
 * which an abort would lose. -1: none answers.
 */
int orphans_witness(const struct orphans *o);

/* The suspects are being aborted. */
void orphans_aborted(struct orphans *o);

/* A log that does not show what became of the last transaction, by `remains`; -1: none. */
int orphans_blind_log(const struct orphans *o);

/* A log in which others hide whether one of ours has ended; -1: none. */
int orphans_hidden_log(const struct orphans *o);

/*
 * Does another program's transaction hide whether one of ours has ended? Then no other
 * may begin: its marker could end that otherwise than it was meant.
 */
bool orphans_are_hidden(const struct orphans *o);

/*
 * May a transaction commit that has its records where `last` says? Not if one of the
 * logs has never answered: there may be orphans, which would be committed with it.
 */
bool orphans_let_commit(const struct orphans *o);

/*
 * A transaction that ends orphans has its first records there, by log, and it is not
 * seen yet that it has ended.
 */
void orphans_note_unseen(struct orphans *o, const int64_t *first);

#endif
