#ifndef SB_DIRECTORY_SHOW_TABLES_H
#define SB_DIRECTORY_SHOW_TABLES_H

/* What `directory show` prints for people. */

#include "producer/operator/directory/shown.h"

/* Prints how many entries there are of each kind. */
void show_counts(const struct shown *v);

/* Prints a table for each kind that is asked for; if `wide`, with ids. */
void show_tables(const struct shown *v, bool wide);

#endif
