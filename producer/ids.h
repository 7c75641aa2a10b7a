#ifndef SB_PRODUCER_IDS_H
#define SB_PRODUCER_IDS_H

/* Converts ids and times between sharebus.h and the records inside, and both to text. */

#include "ops/support/arena.h"
#include "producer/sharebus.h"
#include "schemas/position.h"
#include "schemas/records.h"

#include <string.h>

static inline struct uuid uuid_of(const struct sharebus_id *id)
{
	struct uuid u;

	memcpy(u.bytes, id->bytes, sizeof(u.bytes));
	return u;
}

static inline struct sharebus_id public_id(const struct uuid *u)
{
	struct sharebus_id id;

	memcpy(id.bytes, u->bytes, sizeof(id.bytes));
	return id;
}

/* A time as callers see it: 0 for never. */
static inline int64_t time_of(int64_t ms)
{
	return ms == ABSENT ? 0 : ms;
}

/* "3:17", in the arena; absent for a partition of -1. */
static inline struct bytes position_text(struct arena *arena, const struct position *p)
{
	return p->partition < 0
		       ? (struct bytes){ 0 }
		       : arena_printf(arena, "%d:%lld", p->partition, (long long)p->offset);
}

/* The id as text, in the arena and with a NUL after it. */
static inline struct bytes id_text(struct arena *arena, const struct uuid *id)
{
	char text[UUID_TEXT_SIZE];

	uuid_format(text, id);
	return arena_copy(arena, bytes_of(text));
}

#endif
