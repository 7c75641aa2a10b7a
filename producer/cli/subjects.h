#ifndef SB_CLI_SUBJECTS_H
#define SB_CLI_SUBJECTS_H

/*
 * The values of --user and --group: `alice:admin,bob`. Names are Coder's (name.h),
 * or a UUID, with nothing around them; that of a group may have its organization
 * before it, as in `acme/devs`. Pure.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "producer/sharebus.h"

struct subject_list {
	struct sharebus_subject *list; /* with name and, if the name is a UUID, id */
	size_t count;
	size_t cap;
};

enum subjects_syntax { SUBJECTS_WITH_ROLE, SUBJECTS_ONLY };

/*
 * Adds the subjects that the value of one flag names. A name that is given twice
 * with the same role counts once. ERROR_INPUT quotes what is wrong: an empty or
 * bad name, an unknown role, one name with two roles. Then *out is not to be
 * used.
 */
MUST_USE int subjects_parse(struct subject_list *out, enum sharebus_subject_kind kind,
			    enum subjects_syntax syntax, const char *value, struct arena *arena,
			    struct error *err);

#endif
