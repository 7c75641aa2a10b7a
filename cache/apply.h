#ifndef SB_CACHE_APPLY_H
#define SB_CACHE_APPLY_H

/*
 * One run's changes to the index, gathered into one MULTI … EXEC: either all
 * of them are in Redis with the mark moved, or none is. Changes are added in
 * the order of the log.
 */

#include "cache/keys.h"
#include "cache/mark.h"
#include "cache/workspace.h"
#include "ops/support/arena.h"

/* What a run has changed in one workspace; the workspace already holds the result. */
struct touched {
	struct workspace *workspace;
	bool whole;               /* write every field: it was not there before */
	bool header;              /* organization, owner, name, status, version */
	bool grants;              /* every grant: the owner changed, see layout.h */
	unsigned command_places;  /* bit i: place i of the ring of command ids */
	struct subject *subjects; /* whose grants changed; may repeat; in the run's arena */
	size_t subject_count;
	size_t subject_cap;
};

/* Notes that the grant of that subject changed. */
void touched_subject(struct touched *t, const struct subject *s, struct arena *arena);

struct apply {
	struct pipeline pipeline;
	struct keys keys;
	int64_t applied;   /* where the mark stands afterwards */
	int64_t directory; /* the same: mark.h */
};

void apply_init(struct apply *a);
void apply_done(struct apply *a);

/* Empties it and begins a transaction on one partition, to end with the mark at `applied`. */
void apply_begin(struct apply *a, const struct keys *keys, const struct mark *mark,
		 int64_t applied);

/* What is applied rests on the directory before that offset. */
void apply_rests_on(struct apply *a, int64_t directory);

/* Writes what the run touched of a workspace. A workspace no longer registered is deleted. */
void apply_workspace(struct apply *a, const struct touched *t);

/* Deletes the workspace's own key now: it was deleted and may be registered again in this run. */
void apply_delete(struct apply *a, const struct uuid *workspace_id);

/* The reverse index: that subject now has this role on the workspace; ROLE_NONE: none. */
void apply_role(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		enum role role);

/*
 * What ends by itself: that subject's grant on the workspace expired at
 * `before` and now does at `after`. ABSENT: it does not, or there is none.
 */
void apply_expiry(struct apply *a, const struct uuid *workspace_id, const struct subject *s,
		  int64_t before, int64_t after);

/* The owner's index: that user owns the workspace under this name, or no longer. */
void apply_owned(struct apply *a, const struct workspace *w);
void apply_not_owned(struct apply *a, const struct workspace *w);

/* The run's outcomes, last its last offset: see outcomes.h. */
void apply_outcomes(struct apply *a, int64_t last, struct bytes outcomes);

/* Keeps the run's outputs until they are committed in Kafka. */
void apply_unsent(struct apply *a, int64_t last, struct bytes outputs);

/* Forgets the outputs of an earlier run: they are committed. */
void apply_sent(struct apply *a, int64_t last);

#endif
