#ifndef SB_CLI_TABLE_H
#define SB_CLI_TABLE_H

/* A table: columns as wide as their content on a terminal, two spaces apart, without blanks at the ends of lines. It is printed when it is complete. */

#include "ops/support/arena.h"
#include "ops/support/bytes.h"

enum { TABLE_COLUMNS_MAX = 9 };

struct table {
	struct arena *arena;
	size_t columns;
	const char *const *titles;
	struct bytes *cells; /* row by row */
	size_t rows;
	size_t cap;
};

void table_init(struct table *t, struct arena *arena, const char *const *titles, size_t columns);

/* Adds a row with a cell for each column. Absent cells are shown as "-". */
void table_add(struct table *t, const struct bytes *cells);

/* Prints titles and rows in the style of Coder's tables; nothing if there are no rows. */
void table_print(const struct table *t);

#endif
