#include "consumer/omissions.h"

#include "ops/support/hash.h"
#include "ops/support/memory.h"

#include <stdlib.h>
#include <string.h>

struct entry {
	struct uuid id;
	int64_t offset;
	const char *reason;
	bool known;
	UT_hash_handle hh;
};

struct omissions {
	struct entry *entries; /* by id, in order of arrival */
	char *reasons[OMISSIONS_REASONS];
	size_t reason_count;
	size_t records;
	size_t missed;
};

struct omissions *omissions_new(void)
{
	return memory_zalloc(1, sizeof(struct omissions));
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static void drop_entry(struct omissions *o, struct entry *e)
{
	if (!e)
		return;
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): the analyzer is lost in uthash's lists */
	HASH_DEL(o->entries, e);
	free(e);
}

void omissions_free(struct omissions **op)
{
	struct omissions *o = *op;
	struct entry *next = o ? o->entries : NULL;

	if (!o)
		return;
	HASH_CLEAR(hh, o->entries);
	while (next) {
		struct entry *e = next;

		next = e->hh.next;
		free(e);
	}
	for (size_t i = 0; i < o->reason_count; i++)
		free(o->reasons[i]);
	free(o);
	*op = NULL;
}

/* Nearly all have the same reason. */
static const char *keep_reason(struct omissions *o, const char *reason)
{
	size_t size = strlen(reason) + 1;

	for (size_t i = 0; i < o->reason_count; i++)
		if (strcmp(o->reasons[i], reason) == 0)
			return o->reasons[i];
	if (o->reason_count == OMISSIONS_REASONS)
		return NULL;
	o->reasons[o->reason_count] = memory_zalloc(1, size);
	memcpy(o->reasons[o->reason_count], reason, size);
	return o->reasons[o->reason_count++];
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
static struct entry *find_entry(const struct omissions *o, const struct uuid *id)
{
	struct entry *e;

	HASH_FIND(hh, o->entries, id, sizeof(*id), e);
	return e;
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros nest deeply */
void omissions_add(struct omissions *o, const struct uuid *id, int64_t offset, const char *reason,
		   bool known)
{
	struct entry *e = id ? find_entry(o, id) : NULL;

	o->records++;
	if (!id)
		return;
	if (!e && HASH_COUNT(o->entries) >= OMISSIONS_MAX) {
		o->missed++;
		return;
	}
	if (!e) {
		e = memory_zalloc(1, sizeof(*e));
		e->id = *id;
		HASH_ADD(hh, o->entries, id, sizeof(e->id), e);
	}
	e->offset = offset;
	e->reason = keep_reason(o, reason);
	e->known = e->known || known;
}

void omissions_drop(struct omissions *o, const struct uuid *id)
{
	drop_entry(o, find_entry(o, id));
}

size_t omissions_records(const struct omissions *o)
{
	return o->records;
}

size_t omissions_missed(const struct omissions *o)
{
	return o->missed;
}

size_t omissions_list(const struct omissions *o, struct omission *out, size_t max)
{
	size_t count = 0;

	for (const struct entry *e = o->entries; e; e = e->hh.next, count++)
		if (count < max)
			out[count] = (struct omission){ e->id, e->offset, e->reason, e->known };
	return count;
}
