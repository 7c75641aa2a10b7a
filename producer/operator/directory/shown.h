#ifndef SB_DIRECTORY_SHOWN_H
#define SB_DIRECTORY_SHOWN_H

/* What `directory show` shows of the index: its entries in order, and the names that go with ids. */

#include "ops/support/attributes.h"
#include "producer/cli/meter.h"
#include "producer/cli/session.h"
#include "producer/operator/directory/label.h"

enum { SHOWN_ALL = (1 << DIRECTORY_KINDS) - 1 };

/* An entry, with what it is sorted by: "acme" and "contractor", "erin" and "dev", "" and "alice". */
struct shown_entry {
	const struct record *record;
	struct bytes parent;
	struct bytes name;
};

struct shown {
	unsigned kinds;           /* those that are asked for: 1 << kind each */
	struct shown_entry *list; /* by kind, parent and name */
	size_t count;
	struct directory_finder names;
	struct uuid_list doubles; /* whose names several have: see label.h */
	struct arena *arena;      /* the session's */
};

/*
 * Reads these kinds from the index. Deleted users are left out. Whatever it says
 * lives as long as the session. ERROR_UNAVAILABLE or ERROR_REFUSED, as reader.h
 * says.
 */
MUST_USE int shown_read(struct shown *out, struct session *s, struct meter *m, unsigned kinds,
			struct error *err);

struct bytes shown_user(const struct shown *v, const struct uuid *id);
struct bytes shown_organization(const struct shown *v, const struct uuid *id);

/* The entries of one kind, which lie side by side. */
struct shown_section {
	const struct shown_entry *list;
	size_t count;
};
struct shown_section shown_section(const struct shown *v, enum directory_kind kind);

/* The deployment's switch. Its kind must be among those asked for. */
bool shown_sharing(const struct shown *v);

#endif
