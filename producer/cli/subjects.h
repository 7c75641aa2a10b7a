#ifndef SB_CLI_SUBJECTS_H
#define SB_CLI_SUBJECTS_H

/*
 * What stands behind --user and --group: `alice:admin,bob`. Pure. Names are
 * letters, digits and single hyphens, as Coder's are, or a UUID; nothing may
 * stand before or behind them.
 */

#include "ops/support/arena.h"
#include "ops/support/attributes.h"
#include "ops/support/error.h"
#include "producer/sharebus.h"

struct subject_list {
	struct sharebus_subject *list; /* with an id instead of a name if that was given */
	size_t count;
	size_t cap;
};

enum subjects_syntax { SUBJECTS_WITH_ROLE, SUBJECTS_ONLY };

/*
 * Adds what one flag's value names. A name given twice with the same role
 * counts once. ERROR_INPUT, with a sentence that quotes the value, for empty
 * names, bad names, unknown roles, or one name with two roles.
 */
MUST_USE int subjects_parse(struct subject_list *out, enum sharebus_subject_kind kind,
			    enum subjects_syntax syntax, const char *value, struct arena *arena,
			    struct error *err);

#endif
