#ifndef SB_CACHE_APPLY_H
#define SB_CACHE_APPLY_H

/*
 * What one run changes in the index, gathered as commands between MULTI and
 * EXEC: Redis carries out all of them together with the new mark, or none.
 * Changes are added in the order of the log; index_apply() sends them. Nothing
 * here blocks or fails.
 */

#include "cache/keys.h"
#include "cache/mark.h"
#include "cache/workspace.h"
#include "ops/support/arena.h"

/* What a run changed in one workspace. The workspace already holds the result; it is borrowed. */
struct touched {
	struct workspace *workspace;
	bool whole;               /* it was not in the index: write every field */
	bool header;              /* organization, owner, name or status changed */
	bool grants;              /* write every grant: the owner changed, see layout.h */
	int64_t commands_first;   /* the numbers of the commands that the index remembers: the */
	int64_t commands_end;     /* first, and the one after the last; see recent.h */
	struct subject *subjects; /* whose grants changed; may repeat; in the run's arena */
	size_t subject_count;
	size_t subject_cap;
	struct uuid *handoffs; /* the ids of those that changed; likewise */
	size_t handoff_count;
	size_t handoff_cap;
};

/* Notes that the grant of that subject changed. The list grows in the arena. */
void touched_subject(struct touched *t, const struct subject *s, struct arena *arena);

/* The same for a handoff. */
void touched_handoff(struct touched *t, const struct uuid *id, struct arena *arena);

struct apply {
	struct pipeline pipeline;
	struct buffer value; /* scratch */
	struct keys keys;
	int64_t applied;    /* the mark's new `applied` */
	int64_t directory;  /* the mark's new `directory`: mark.h */
	int64_t log;        /* the same of `log` */
	struct tip tip;     /* the same of `tip` */
	int64_t workspaces; /* the mark's new counts: mark.h */
	int64_t grants;
	size_t *guards; /* which commands of the pipeline ask whether a workspace's key is there */
	size_t guard_count;
	size_t guard_cap;
};

/* Starts empty, without memory. */
void apply_init(struct apply *a);

/* Gives the memory back. */
void apply_done(struct apply *a);

/*
 * Drops what was gathered and begins a transaction on the partition of these
 * keys. `mark` is the partition's mark now; `applied` is what the transaction
 * sets it to. `directory`, `log` and `tip` stay as they are unless the caller
 * sets them.
 */
void apply_begin(struct apply *a, const struct keys *keys, const struct mark *mark,
		 int64_t applied);

/* Raises the mark's `directory`, if it is less: a command's author had seen that much. */
void apply_rests_on(struct apply *a, int64_t directory);

/* Counts for the mark that a workspace, which was as `before`, is as `after` now. */
void apply_count(struct apply *a, const struct workspace *before, const struct workspace *after);

/*
 * Writes what the run changed in a workspace. Writes nothing for one that is no
 * longer registered: apply_delete() was called when it was deleted. Unless it
 * writes every field, it first asks whether the key is there (a guard): some
 * fields alone would make a workspace without its other grants, or without a
 * header. index_apply() looks at the answer.
 */
void apply_workspace(struct apply *a, const struct touched *t);

/*
 * Deletes the key of a workspace. Called in the log's order, for the workspace
 * may be registered again later in the same run.
 */
void apply_delete(struct apply *a, const struct uuid *workspace_id);

/* Sets the subject's role on the workspace in the reverse index; ROLE_NONE removes it. */
void apply_role(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		enum role role);

/*
 * Moves the subject's grant on the workspace in `due`, from the expiry `before`
 * to `after`, ms since 1970. ABSENT means that there is no grant or that it
 * does not expire.
 */
void apply_expiry(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		  int64_t before, int64_t after);

/*
 * Changes what leads to a handoff of the workspace, and what is due, from what it
 * was to what it is; NULL: it is not there.
 */
void apply_handoff(struct apply *a, const struct uuid *workspace_id, const struct handoff *before,
		   const struct handoff *after);

/* Adds the workspace's name to its owner's index, or removes it from there. */
void apply_owned(struct apply *a, const struct workspace *w);
void apply_not_owned(struct apply *a, const struct workspace *w);

/* Adds the outcomes of the run whose last offset is `last`: see outcomes.h. */
void apply_outcomes(struct apply *a, int64_t last, struct bytes outcomes);

/*
 * Keeps the outputs of that run in Redis until they are committed in Kafka, with their
 * seal before them, which is empty where no keys are configured: unsent_seal().
 */
void apply_unsent(struct apply *a, int64_t last, struct bytes seal, struct bytes outputs);

/*
 * Forgets all outcomes and all outputs that are kept: they are of another log. To
 * be called before apply_outcomes() and apply_unsent().
 */
void apply_forget_log(struct apply *a);

/* Removes the outputs of an earlier run, which were sent and are committed. */
void apply_sent(struct apply *a, int64_t last);

#endif
