#include "consumer/foresight.h"

#include "consumer/directory.h"
#include "ops/support/prefetch.h"

enum {
	STRIDE = 8,      /* records that are seen to at a time */
	PEOPLE_EACH = 3, /* the author and two subjects; whoever else is named is waited for */
	LIST_BYTES_MAX = 1024,
};

struct people {
	const void *ids[STRIDE * PEOPLE_EACH];
	size_t count;
};

static size_t end_of_stride(size_t from, size_t count)
{
	return from + STRIDE < count ? from + STRIDE : count;
}

static void add_subjects(struct people *p, const struct record *r)
{
	if (r->type == RECORD_SHARE_WORKSPACE)
		for (size_t i = 0; i < r->as.share_workspace.grant_count && i < PEOPLE_EACH - 1;
		     i++)
			p->ids[p->count++] = &r->as.share_workspace.grants[i].subject.id;
	if (r->type == RECORD_REMOVE_SHARING)
		for (size_t i = 0; i < r->as.remove_sharing.subject_count && i < PEOPLE_EACH - 1;
		     i++)
			p->ids[p->count++] = &r->as.remove_sharing.subjects[i].id;
}

static void foresee_people(const struct input *inputs, size_t from, size_t to,
			   const struct directory *d)
{
	struct people p = { .count = 0 };

	for (size_t i = from; i < to; i++) {
		const struct command *c =
			inputs[i].readable ? record_command(&inputs[i].record) : NULL;

		if (!c)
			continue;
		p.ids[p.count++] = &c->actor.id;
		add_subjects(&p, &inputs[i].record);
	}
	directory_warm(d, p.ids, p.count);
}

static void foresee_list(const void *list, size_t bytes)
{
	prefetch_memory(list, bytes < LIST_BYTES_MAX ? bytes : LIST_BYTES_MAX);
}

/* What hangs on a workspace whose own fields are in the cache. */
static void foresee_lists(const struct workspace *w)
{
	foresee_list(w->grants, w->grant_count * sizeof(*w->grants));
	foresee_list(w->recent.list, w->recent.count * sizeof(*w->recent.list));
	foresee_list(w->name.data, w->name.len);
}

void foresee_look_up(const struct input *inputs, size_t count, size_t at,
		     const struct workspaces *w)
{
	const void *ids[STRIDE];
	size_t n = 0;

	if (at % STRIDE)
		return;
	for (size_t i = at; i < end_of_stride(at, count); i++)
		if (inputs[i].readable)
			ids[n++] = input_workspace(&inputs[i]);
	workspaces_warm(w, ids, n);
}

void foresee_decision(const struct input *inputs, size_t count, size_t at,
		      const struct directory *d)
{
	size_t from = at + STRIDE;
	size_t to = end_of_stride(from, count);

	if (at % STRIDE || from >= count)
		return;
	foresee_people(inputs, from, to, d);
	for (size_t i = from; i < to; i++)
		if (inputs[i].held)
			foresee_lists(&inputs[i].held->workspace);
	for (size_t i = to; i < end_of_stride(to, count); i++)
		if (inputs[i].held)
			prefetch_memory(inputs[i].held, sizeof(*inputs[i].held));
}

void foresee_state(const struct touched_workspace *list, size_t count, size_t at)
{
	size_t from = at + STRIDE;
	size_t to = end_of_stride(from, count);

	if (at % STRIDE || from >= count)
		return;
	for (size_t i = from; i < to; i++)
		foresee_lists(list[i].touched.workspace);
	for (size_t i = to; i < end_of_stride(to, count); i++)
		prefetch_memory(list[i].touched.workspace, sizeof(*list[i].touched.workspace));
}
