#include "ops/support/nearest.h"

#include <string.h>

enum { LETTERS_MAX = 64 };

static size_t least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Rows i-2, i-1 and i of the table; fills the last from the other two. */
static void fill_row(size_t *const rows[3], const char *word, const char *name, size_t i)
{
	rows[2][0] = i;
	for (size_t j = 1; name[j - 1]; j++) {
		size_t changed = rows[1][j - 1] + (word[i - 1] != name[j - 1]);

		rows[2][j] = least_of(changed, 1 + least_of(rows[1][j], rows[2][j - 1]));
		if (i > 1 && j > 1 && word[i - 1] == name[j - 2] && word[i - 2] == name[j - 1])
			rows[2][j] = least_of(rows[2][j], rows[0][j - 2] + 1);
	}
}

size_t nearest_distance(const char *word, const char *name)
{
	size_t table[LETTERS_MAX + 1][LETTERS_MAX + 1] = { { 0 } };
	size_t letters = strlen(word);
	size_t wanted = strlen(name);
	size_t distance;

	if (letters > LETTERS_MAX || wanted > LETTERS_MAX)
		return NEAREST_FAR;
	for (size_t j = 0; j <= wanted; j++)
		table[0][j] = j;
	for (size_t i = 1; i <= letters; i++)
		fill_row((size_t *const[]){ i > 1 ? table[i - 2] : NULL, table[i - 1], table[i] },
			 word, name, i);
	distance = table[letters][wanted];
	return distance <= (letters + 2) / 3 ? distance : NEAREST_FAR;
}

void nearest_offer(struct nearest *n, const char *name)
{
	size_t distance = nearest_distance(n->word, name);

	if (distance >= n->distance)
		return;
	n->name = name;
	n->distance = distance;
}
