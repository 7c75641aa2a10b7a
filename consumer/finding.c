#include "consumer/finding.h"

enum recovery_case recovery_case_of(const struct mark *mark, const struct committed *committed)
{
	const struct progress *p = &committed->progress;

	if (p->applied == COMMITTED_NONE) {
		if (committed->group > 0)
			return RECOVERY_UNCLEAR;
		if (mark->state == MARK_MISSING)
			return RECOVERY_FRESH;
		return mark->state == MARK_READY ? RECOVERY_PUBLISH : RECOVERY_REBUILD;
	}
	if (mark->state != MARK_READY || mark_lags(mark, p->log, p->applied))
		return RECOVERY_REBUILD;
	return mark->log == p->log && mark->applied == p->applied ? RECOVERY_GO_ON
								  : RECOVERY_PUBLISH;
}

bool run_is_over(const struct run_range *run, int64_t log, int64_t committed)
{
	return run->log < log || (run->log == log && run->applied <= committed);
}

const struct unsent *recovery_forged(const struct unsent_list *unsent,
				     const struct progress *progress)
{
	for (size_t i = 0; i < unsent->count; i++) {
		const struct unsent *u = &unsent->list[i];
		struct bytes packed = buffer_bytes(&u->outputs);
		struct run_range range;

		if (u->distrust && !(outputs_open(&packed, &range) &&
				     run_is_over(&range, progress->log, progress->applied)))
			return u;
	}
	return NULL;
}

bool recovery_continues(const struct unsent_list *unsent, const struct progress *progress,
			const struct mark *mark)
{
	int64_t next = progress->applied;
	int64_t log = progress->log;

	if (recovery_forged(unsent, progress))
		return false;
	for (size_t i = 0; i < unsent->count; i++) {
		struct bytes packed = buffer_bytes(&unsent->list[i].outputs);
		struct run_range range;

		if (!outputs_are_whole(packed) || !outputs_open(&packed, &range))
			return false;
		if (run_is_over(&range, progress->log, progress->applied))
			continue;
		if (next != COMMITTED_NONE && range.begin != next)
			return false; /* also one that is there twice */
		next = range.applied;
		log = range.log;
	}
	return next == COMMITTED_NONE || (next == mark->applied && log == mark->log);
}

bool recovery_agrees(enum recovery_case is, const struct unsent_list *unsent,
		     const struct progress *progress, const struct mark *mark)
{
	return is == RECOVERY_FRESH ? !unsent->count : recovery_continues(unsent, progress, mark);
}

static int64_t max_of(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool finding_index_counts(const struct finding *f)
{
	const struct progress *p = &f->committed.progress;

	return f->mark.state == MARK_READY && !mark_lags(&f->mark, p->log, p->applied);
}

struct applied_log finding_applied(const struct finding *f)
{
	const struct progress *p = &f->committed.progress;

	if (f->is == RECOVERY_FRESH)
		return (struct applied_log){ 0 };
	if (finding_index_counts(f))
		return (struct applied_log){ f->mark.applied, f->mark.tip, f->mark.suspect };
	return (struct applied_log){ max_of(p->applied, 0), progress_tip(p), f->mark.suspect };
}

void finding_set_reached(const struct finding *f, struct mark *mark)
{
	const struct progress *p = &f->committed.progress;

	if (f->is == RECOVERY_FRESH)
		mark->applied = f->view.begin;
	if (f->is == RECOVERY_REBUILD) {
		mark->applied = max_of(p->applied, 0);
		mark->log = p->log;
		mark->tip = progress_tip(p);
	}
}
