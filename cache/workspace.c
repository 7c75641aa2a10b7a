#include "cache/workspace.h"

#include "ops/support/memory.h"

#include <stdlib.h>
#include <string.h>

void workspace_init(struct workspace *w, const struct uuid *id)
{
	*w = (struct workspace){ .id = *id };
}

void workspace_done(struct workspace *w)
{
	free((void *)(uintptr_t)w->name.data);
	free(w->grants);
	places_done(&w->places);
	handoffs_done(&w->handoffs);
	recent_done(&w->recent);
	w->name = (struct bytes){ 0 };
	w->grants = NULL;
	w->grant_count = 0;
	w->grant_cap = 0;
}

void workspace_set_name(struct workspace *w, struct bytes name)
{
	char *copy = memory_must(malloc(name.len + 1));

	if (name.len)
		memcpy(copy, name.data, name.len);
	copy[name.len] = 0;
	free((void *)(uintptr_t)w->name.data);
	w->name = (struct bytes){ (uint8_t *)copy, name.len };
}

struct grant *workspace_grant(const struct workspace *w, const struct subject *s)
{
	size_t i = places_find(&w->places, w->grants, w->grant_count, s);

	return i == SIZE_MAX ? NULL : &w->grants[i];
}

int64_t workspace_expiry(const struct workspace *w, const struct subject *s)
{
	const struct grant *g = workspace_grant(w, s);

	return g ? g->expires_at : ABSENT;
}

void workspace_put_grant(struct workspace *w, const struct grant *g)
{
	struct grant *old = workspace_grant(w, &g->subject);

	if (old) {
		*old = *g;
		return;
	}
	w->grants = memory_grow(w->grants, &w->grant_cap, w->grant_count + 1, sizeof(*w->grants));
	w->grants[w->grant_count++] = *g;
	places_add(&w->places, w->grants, w->grant_count);
}

void workspace_drop_grant(struct workspace *w, const struct subject *s)
{
	struct grant *g = workspace_grant(w, s);

	if (!g)
		return;
	places_drop(&w->places, w->grants, w->grant_count, (size_t)(g - w->grants));
	*g = w->grants[--w->grant_count];
}

void workspace_clear(struct workspace *w)
{
	struct uuid id = w->id;

	workspace_done(w);
	workspace_init(w, &id);
}

struct workspace_ref workspace_ref(const struct workspace *w)
{
	return (struct workspace_ref){ w->id, w->name, w->owner_id, w->organization_id };
}

size_t workspace_memory(const struct workspace *w)
{
	return sizeof(*w) + w->name.len + 1 + w->grant_cap * sizeof(struct grant) +
	       places_memory(&w->places) + handoffs_memory(&w->handoffs) +
	       w->recent.cap * sizeof(struct recent_command);
}
