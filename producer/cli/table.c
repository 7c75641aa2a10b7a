#include "producer/cli/table.h"

#include "producer/cli/text.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

/* Counts characters: the continuation bytes of UTF-8 take no room. */
static size_t width_of(struct bytes text)
{
	size_t width = 0;

	for (size_t i = 0; i < text.len; i++)
		width += (text.data[i] & 0xc0) != 0x80;
	return width;
}

static void print_cell(struct bytes text, size_t width)
{
	(void)fwrite(text.data, 1, text.len, stdout);
	(void)printf("%*s", (int)(width - width_of(text)) + 2, "");
}

void table_print(const struct table *t)
{
	size_t widths[TABLE_COLUMNS_MAX];

	if (!t->rows)
		return;
	for (size_t c = 0; c < t->columns; c++) {
		widths[c] = strlen(t->titles[c]);
		for (size_t r = 0; r < t->rows; r++) {
			size_t width = width_of(t->cells[r * t->columns + c]);

			widths[c] = width > widths[c] ? width : widths[c];
		}
	}
	for (size_t c = 0; c < t->columns; c++)
		print_cell(bytes_of(t->titles[c]), widths[c]);
	(void)putchar('\n');
	for (size_t r = 0; r < t->rows; r++) {
		for (size_t c = 0; c < t->columns; c++)
			print_cell(t->cells[r * t->columns + c], widths[c]);
		(void)putchar('\n');
	}
}
