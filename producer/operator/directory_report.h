#ifndef SB_OPERATOR_DIRECTORY_REPORT_H
#define SB_OPERATOR_DIRECTORY_REPORT_H

/* A directory's differences in words, and the names that go with ids. On stdout. */

#include "producer/operator/directory_diff.h"

/* The name of that user, or organization; its id when it has none that anybody could use. */
struct bytes directory_user_name(const struct directory_finder *names, const struct uuid *id,
				 struct arena *arena);
struct bytes directory_organization_name(const struct directory_finder *names,
					 const struct uuid *id, struct arena *arena);

/*
 * One line for each entity that differs:
 *   + user alice
 *   ~ group acme/contractor: members +bob -carol
 *   - workspace erin/dev
 */
void directory_report_lines(const struct directory_diff *d, const struct directory_finder *names);

/* One line a kind, "users: 1 created, 0 changed, 7 unchanged"; with what was deleted if pruned. */
void directory_report_counts(const struct directory_diff *d, bool pruned);

/* The shape of `directory apply -o json`, see commands.h. */
void directory_report_json(const struct directory_diff *d, const struct directory_finder *names,
			   bool dry_run);

#endif
