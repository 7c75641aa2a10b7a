#ifndef SB_SUPPORT_NEAREST_H
#define SB_SUPPORT_NEAREST_H

/* Which of some names somebody may have meant who wrote another one. */

#include <stddef.h>

/* No hint: the two have too little in common, or are longer than any name of ours. */
#define NEAREST_FAR ((size_t)-1)

/*
 * How many letters must be put in, taken out, exchanged or swapped with their
 * neighbour to make one of the other (the optimal string alignment distance).
 * NEAREST_FAR if it is more than a third of the word's letters, rounded up: such a
 * hint would only mislead.
 */
size_t nearest_distance(const char *word, const char *name);

/* The nearest of the names that were offered for a word. Starts as { word, NULL, NEAREST_FAR }. */
struct nearest {
	const char *word;
	const char *name; /* NULL: none is near */
	size_t distance;
};

/* Offers a name, which must stay. Of two as near, the first is taken. */
void nearest_offer(struct nearest *n, const char *name);

#endif
