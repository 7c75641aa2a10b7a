#ifndef SB_DIRECTORY_REPORT_H
#define SB_DIRECTORY_REPORT_H

/* What `directory apply` prints on stdout: the differences, line by line, counted, or as JSON. */

#include "producer/operator/directory/diff.h"
#include "producer/operator/directory/finder.h"

/*
 * One line for each entity that differs:
 *   + user alice
 *   ~ group acme/contractor: members +bob -carol
 *   - workspace erin/dev
 */
void directory_report_lines(const struct directory_diff *d, const struct directory_finder *names);

/* One line for each kind: "users: 1 created, 0 changed, 7 unchanged"; if pruned, also how many deleted. */
void directory_report_counts(const struct directory_diff *d, bool pruned);

/* The JSON of `directory apply -o json`; see commands.h. */
void directory_report_json(const struct directory_diff *d, const struct directory_finder *names,
			   bool dry_run);

#endif
