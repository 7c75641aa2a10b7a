#include "tests/fuzz/recipes.h"

#define RECIPE(name, ...)                                                                          \
	{                                                                                          \
		name,                                                                              \
		{                                                                                  \
			(const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }) \
		}                                                                                  \
	}

/* Options and sizes, as LLVMFuzzerTestOneInput() of amplify.c reads them. */
#define FEW_GRANTS  0
#define MANY_GRANTS 1
#define HIGH_MAX    2
#define SMALL       (4 + 8 + 16)
#define KILOBYTES   0
#define MANY_KB     200
#define A_MEGABYTE  245
#define ALL         255

/* A count that is a power of two: see choose_count() in shapes.c. */
#define POWER(n) (uint8_t)(96 + 7 * ((n)-5))

/* What is sent, without flaws; then what all commands have, most of which is mended. */
#define SHARE            0, 0, 0, COMMAND
#define REMOVE           0, 0, 2, COMMAND
#define WORKSPACE        0, 0, 3, 4, 0, 3, 0
#define DELETED_FACT     0, 0, 4, 4, 0, 0
#define BYTES            4, 0, 0
#define HOLE(log2)       5, 1, log2
#define FACT(type)       6, 0, type
#define FACT_USER        0
#define FACT_GROUP       1
#define COMMAND          0, 0, 0, 1, 0, 0, 4, 0, 0xff, 0xff
#define WISH(kind, n)    (kind) - 1, kind, n, 0, 0xff
#define FOUR_WISHES(k)   WISH(k, 1), WISH(k, 1), WISH(k, 1), WISH(k, 1)
#define USER             1
#define GROUP            2
#define EVERYONE         1, 3, 0, 0, 0xff /* the group of the organization */
#define NO_MESSAGE       0xff
#define MESSAGE(n)       0, POWER(n), 'a', 'b', 'c', 'd'
#define NO_HEADERS       0, 0                                        /* and no bytes are replaced */
#define TWO_HEADERS(n)   0, 2, 1, 0, 3, POWER(n), 'x', 'x', 'x', 'x' /* ce_id, traceparent */
#define SUBJECT(k, n)    (k) - 1, k, n
#define FOUR_SUBJECTS(k) SUBJECT(k, 1), SUBJECT(k, 1), SUBJECT(k, 1), SUBJECT(k, 1)

const struct recipe RECIPES[] = {
	RECIPE("share-with-256", MANY_GRANTS + HIGH_MAX, MANY_KB, SHARE, POWER(8),
	       FOUR_WISHES(USER), MESSAGE(10), TWO_HEADERS(7)),
	RECIPE("share-with-one", MANY_GRANTS + HIGH_MAX, KILOBYTES, SHARE, 1, WISH(USER, 9),
	       NO_MESSAGE, NO_HEADERS),
	RECIPE("share-with-groups", FEW_GRANTS, MANY_KB, SHARE, 4, WISH(GROUP, 0), WISH(GROUP, 3),
	       WISH(GROUP, 4), EVERYONE, MESSAGE(10), TWO_HEADERS(15)),
	RECIPE("share-with-unknown", HIGH_MAX, ALL, SHARE, POWER(14), FOUR_WISHES(USER), NO_MESSAGE,
	       NO_HEADERS),
	RECIPE("share-small-topics", SMALL, MANY_KB, SHARE, 2, WISH(GROUP, 0), EVERYONE, MESSAGE(9),
	       TWO_HEADERS(14), SHARE, 1, WISH(GROUP, 5), NO_MESSAGE, NO_HEADERS),
	RECIPE("long-message", FEW_GRANTS, MANY_KB, SHARE, 1, WISH(GROUP, 0), MESSAGE(15),
	       NO_HEADERS),
	RECIPE("remove-thousands", MANY_GRANTS + HIGH_MAX, MANY_KB, REMOVE, POWER(11),
	       FOUR_SUBJECTS(USER), 0, NO_HEADERS),
	RECIPE("remove-too-many", HIGH_MAX, ALL, REMOVE, POWER(17), FOUR_SUBJECTS(USER), 0,
	       NO_HEADERS),
	RECIPE("remove-groups", MANY_GRANTS, KILOBYTES, REMOVE, 30, FOUR_SUBJECTS(GROUP), 0,
	       NO_HEADERS),
	RECIPE("long-name", FEW_GRANTS, MANY_KB, WORKSPACE, 1, 0, POWER(15), 'n', 'n', 'n', 'n', 0,
	       0, NO_HEADERS, SHARE, 1, WISH(GROUP, 0), NO_MESSAGE, NO_HEADERS),
	RECIPE("actor-with-long-name", FEW_GRANTS, MANY_KB, FACT(FACT_USER), 1, 0, 3, 'b', 'o', 'b',
	       POWER(15), 'n', 'n', 'n', 'n', 0, 0, 0, 0, 1, 3, 0, 0, 0, SHARE, 1, WISH(GROUP, 0),
	       NO_MESSAGE, NO_HEADERS),
	RECIPE("new-owner", MANY_GRANTS, KILOBYTES, WORKSPACE, 1, 1, 3, 'n', 'e', 'w', 0, 0,
	       NO_HEADERS, DELETED_FACT, NO_HEADERS),
	RECIPE("deleted-with-groups", MANY_GRANTS, KILOBYTES, DELETED_FACT, NO_HEADERS),
	RECIPE("zeros-of-64-megabytes", FEW_GRANTS, ALL, BYTES, 0, POWER(26), 0, 0, 0, 0, 0),
	RECIPE("long-headers", SMALL, A_MEGABYTE, BYTES, POWER(17), 'k', 'k', 'k', 'k', POWER(15),
	       0xc3, 1, 0, 0, 2, 0, POWER(16), 'h', 'h', 'h', 'h', 1, POWER(19), 'h', 'h', 'h',
	       'h'),
	RECIPE("holes", FEW_GRANTS, KILOBYTES, HOLE(0), HOLE(20), HOLE(31)),
	RECIPE("group-of-32768", FEW_GRANTS, A_MEGABYTE, FACT(FACT_GROUP), 2, 0, 4, 'c', 'r', 'e',
	       'w', 3, 0, POWER(15), 1, 1, 1, 2, 1, 3, 1, 4, 0, SHARE, 1, WISH(GROUP, 0),
	       NO_MESSAGE, NO_HEADERS),
	RECIPE("group-as-large-as-it-gets", FEW_GRANTS, A_MEGABYTE, FACT(FACT_GROUP), 2, 0, 4, 'c',
	       'r', 0, 0, 'e', 1, 0xdc, 1, 'b', 1, 0xff, 3, 0xff, 0, 0),
	RECIPE("user-of-2048-organizations", FEW_GRANTS, MANY_KB, FACT(FACT_USER), 1, 1, 3, 'b',
	       'o', 'b', 0, 0, 0, 0, 0, POWER(11), 3, 0, 0, 3, 1, 0, 3, 2, 0, 3, 3, 0, 0, SHARE, 1,
	       EVERYONE, NO_MESSAGE, NO_HEADERS),
};

const size_t RECIPE_COUNT = sizeof(RECIPES) / sizeof(*RECIPES);
