#ifndef SB_DIRECTORY_SHOW_TABLES_H
#define SB_DIRECTORY_SHOW_TABLES_H

/* What `directory show` prints for people. */

#include "producer/operator/directory/shown.h"

/* One table: how many entries there are of each kind. */
void show_counts(const struct shown *v);

/* A table for each kind that is asked for; wide: with ids. */
void show_tables(const struct shown *v, bool wide);

#endif
