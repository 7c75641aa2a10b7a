#include "producer/cli/table.h"

#include "producer/cli/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { COLUMN_GAP = 2 };

void table_init(struct table *t, struct arena *arena, const char *const *titles, size_t columns)
{
	assert(columns > 0 && columns <= TABLE_COLUMNS_MAX);
	*t = (struct table){ .arena = arena, .columns = columns, .titles = titles };
}

void table_add(struct table *t, const struct bytes *cells)
{
	struct bytes *row;

	t->cells = arena_grow(t->arena, t->cells, &t->cap, t->rows + 1,
			      t->columns * sizeof(*t->cells));
	row = t->cells + t->rows++ * t->columns;
	for (size_t i = 0; i < t->columns; i++)
		row[i] = cells[i].data ? printable(cells[i], t->arena) : bytes_of("-");
}

/* Blanks stand before a cell, never after one, so that no line ends with them. */
static void print_row(const struct bytes *cells, const size_t *widths, size_t columns)
{
	size_t blanks = 0;

	for (size_t c = 0; c < columns; c++) {
		size_t width = text_width(cells[c]);

		if (width)
			(void)printf("%*s%.*s", (int)blanks, "", BYTES_ARG(cells[c]));
		blanks = (width ? 0 : blanks) + widths[c] - width + COLUMN_GAP;
	}
	(void)putchar('\n');
}

static size_t column_width(const struct table *t, size_t column)
{
	size_t width = strlen(t->titles[column]);

	for (size_t r = 0; r < t->rows; r++) {
		size_t cell = text_width(t->cells[r * t->columns + column]);

		width = cell > width ? cell : width;
	}
	return width;
}

void table_print(const struct table *t)
{
	struct bytes titles[TABLE_COLUMNS_MAX];
	size_t widths[TABLE_COLUMNS_MAX];

	if (!t->rows)
		return;
	for (size_t c = 0; c < t->columns; c++) {
		titles[c] = bytes_of(t->titles[c]);
		widths[c] = column_width(t, c);
	}
	print_row(titles, widths, t->columns);
	for (size_t r = 0; r < t->rows; r++)
		print_row(t->cells + r * t->columns, widths, t->columns);
}
